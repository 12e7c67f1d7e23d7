"""The pulse: alive means ten seconds of this boot, and a reader sees a whole file or none."""

import logging
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.verdict import Assurance, Reason, Verdict
from sentinel.signals import pulse
from sentinel.signals.pulse import Pulse
from tests.builders import IMAGING, coverage, moment

VERDICT = Verdict(
    level=Level.ALARM,
    reasons=(
        Reason(code=Code.IMAGES_LEFT, level=Level.ALARM, since=moment(), incident=1, machine=IMAGING, port=4242),
    ),
    at=moment(60),
    view=View.MIRROR,
    assurance=Assurance.B,
    checked=moment(30),
    doors=48,
    fresh={"capture": True},
)
BEAT = Pulse(
    at=moment(60),
    boot="boot-1",
    started=moment(0),
    verdict=VERDICT,
    coverage=coverage(proof=moment(59)),
    parts={"store": "database is locked"},
)


def test_a_pulse_comes_back_as_it_went(tmp_path: Path):
    """With and without what may be missing."""
    for beat in (BEAT, replace(BEAT, coverage=None, demo=True, parts={}, verdict=replace(VERDICT, checked=None))):
        pulse.write(beat, tmp_path / "pulse.json")
        assert pulse.read(tmp_path / "pulse.json") == beat


@pytest.mark.parametrize(
    ("seconds", "boot", "alive"),
    [
        (60, "boot-1", True),
        (70, "boot-1", True),
        (70.1, "boot-1", False),
        (59.9, "boot-1", False),
        (61, "boot-2", False),
    ],
)
def test_a_pulse_is_alive_for_ten_seconds_of_its_own_boot(seconds, boot, alive):
    """One from before a reboot, or from a future that cannot be, is dead."""
    assert pulse.is_alive(BEAT, moment(seconds), boot) is alive


def test_no_pulse_is_no_life(tmp_path: Path):
    """No file, or a folder in its place."""
    assert pulse.read(tmp_path / "pulse.json") is None
    assert pulse.read(tmp_path) is None
    assert not pulse.is_alive(None, moment(), "boot-1")


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_half_a_file_is_no_pulse(tmp_path: Path, cut):
    """A power cut while it was written: never guessed."""
    path = tmp_path / "pulse.json"
    pulse.write(BEAT, path)
    path.write_bytes(path.read_bytes()[:cut])

    assert pulse.read(path) is None


def test_a_reader_sees_a_whole_pulse_at_any_instant(tmp_path: Path):
    """The new one replaces the old one in one step."""
    path = tmp_path / "pulse.json"
    pulse.write(BEAT, path)
    over = threading.Event()

    def write() -> None:
        n = 0
        while not over.is_set():
            n += 1
            pulse.write(replace(BEAT, parts={"n": "x" * (n % 5_000)}), path)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert all(pulse.read(path) is not None for _ in range(500))
    finally:
        over.set()
        writer.join()


def test_a_pulse_that_cannot_be_written_is_told_once_and_again_when_it_can(tmp_path: Path, caplog):
    """The street goes on; the file that was there grows old, and the page says that nothing is watched."""
    folder = tmp_path / "run"
    beats = pulse.Beats(folder / "pulse.json")
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            beats.write(BEAT)
        folder.mkdir()
        for _ in range(3):
            beats.write(BEAT)

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert pulse.read(folder / "pulse.json") == BEAT
