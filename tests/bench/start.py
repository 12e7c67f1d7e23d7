"""The time from `sentinel run` to the first page, and to the first page that says what the street knows."""

from pathlib import Path
from statistics import median

from sentinel.clock import boot_id, now
from sentinel.signals import pulse
from tests.bench.figure import Figure
from tests.bench.sentinels import Running, running

TRIALS = 5
AIM = 3.0
"""Seconds."""


def measure(folder: Path) -> list[Figure]:
    """So many starts, each in a fresh folder."""
    trials = [_start(folder / f"start-{number}") for number in range(TRIALS)]
    return [
        _figure("from `sentinel run` to the first page", [page for page, _ in trials], AIM),
        _figure("from `sentinel run` to the first page with a verdict", [verdict for _, verdict in trials]),
    ]


def _start(folder: Path) -> tuple[float, float]:
    with running(folder) as sentinel:
        page = sentinel.wait(lambda: sentinel.page() == 200, "the first page")
        return page, max(page, sentinel.wait(lambda: _beats(sentinel), "the first beat"))


def _beats(sentinel: Running) -> bool:
    return pulse.is_alive(pulse.read(sentinel.places.pulse), now(), boot_id())


def _figure(name: str, seconds: list[float], aim: float | None = None) -> Figure:
    parts = tuple((f"trial {number}", value) for number, value in enumerate(seconds, 1))
    return Figure(name=f"{name}, median of {len(seconds)}", value=median(seconds), unit="s", aim=aim, parts=parts)
