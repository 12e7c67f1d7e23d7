"""In the laboratory: from a stranger's SYN to the red lamp, and the memory of a sentinel that has worked."""

from pathlib import Path
from statistics import median

from tests.bench.figure import Figure
from tests.bench.memory import weigh
from tests.lab import imaging
from tests.lab.cabinet import Cabinet
from tests.story.sentinel import EchoHost, Sentinel

TRIALS = 5
AIM = 1000.0
"""Milliseconds."""


def measure(folder: Path) -> list[Figure]:
    """So many strangers, each met by a sentinel that has never seen one."""
    with Cabinet() as cabinet:
        imaging.orthanc(cabinet.imaging)
        cabinet.box.forward(11112, 4242, cabinet.imaging)
        trials = [_trial(cabinet, folder / f"red-{number}") for number in range(TRIALS)]
        memory = _after_work(cabinet, folder)
    name = f"from a stranger's SYN to the red lamp, median of {TRIALS}"
    parts = tuple((f"trial {number}", value) for number, value in enumerate(trials, 1))
    return [Figure(name=name, value=median(trials), unit="ms", aim=AIM, parts=parts), memory]


def _trial(cabinet: Cabinet, folder: Path) -> float:
    """Milliseconds between the two, both by the boot clock."""
    folder.mkdir()
    sentinel = Sentinel(cabinet, folder).start()
    try:
        imaging.echoscu(cabinet.stranger, cabinet.box.v4, 11112)
        sentinel.wait(lambda: _red_at(sentinel), "a red lamp")
        red = _red_at(sentinel)
        rows = "SELECT opened_boot FROM connections WHERE standing = 'stranger'"
        sentinel.wait(lambda: sentinel.sql(rows), "the row")
        return ((red or 0) - float(sentinel.sql(rows)[0][0])) * 1000
    finally:
        sentinel.stop()


def _red_at(sentinel: Sentinel) -> float | None:
    """When the lamp first turned red."""
    return next((at for at, colour, _ in sentinel.lamp()["edges"] if colour == "red"), None)


def _after_work(cabinet: Cabinet, folder: Path) -> Figure:
    """Once an echo has been asked over both families, a stranger has come and the page was visited."""
    (folder / "worked").mkdir()
    invitation = EchoHost(cabinet.echo1, folder / "echo").start().invite()
    sentinel = Sentinel(cabinet, folder / "worked", f'[echo]\ninvitation = "{invitation}"\n').start()
    try:
        sentinel.wait(lambda: len(sentinel.sql("SELECT * FROM outcomes")) == 2, "two checks", 60)
        imaging.echoscu(cabinet.stranger, cabinet.box.v4, 11112)
        sentinel.wait(lambda: sentinel.page()[0] == 200, "the page")
        return weigh(sentinel.process("run"), "their memory after two checks, a stranger and a page")
    finally:
        sentinel.stop()
