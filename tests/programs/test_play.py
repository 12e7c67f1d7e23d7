"""The recorded day: complete, in order, and signed."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from sentinel.errors import NotReadable
from sentinel.programs.play import scenes

DAY = Path(str(files("sentinel.recorded")))


def test_the_day_is_told_in_the_order_in_which_it_happened():
    """Three checks, each announced before it is answered, among the frames of a morning."""
    told = scenes(DAY)

    assert [each.at for each in told] == sorted(each.at for each in told)
    checks = ["asked" if each.asked else "answered" for each in told if each.asked or each.answered]
    assert checks == ["asked", "answered"] * 3
    assert sum(bool(each.frame) for each in told) > 40


def test_no_payload_was_ever_recorded():
    """Only headers and association requests: no frame is longer than the heads of an echo and a find."""
    assert max(len(each.frame) for each in scenes(DAY)) < 600


def test_a_report_that_was_touched_is_not_played(tmp_path: Path):
    """One letter of a signed report changed, and the day is not told at all."""
    shutil.copy(DAY / "day.pcap.gz", tmp_path)
    records = (DAY / "day.jsonl").read_text()
    at = records.rindex('"payload"') + 40
    other = "A" if records[at] != "A" else "B"
    (tmp_path / "day.jsonl").write_text(records[:at] + other + records[at + 1 :])

    with pytest.raises(NotReadable):
        scenes(tmp_path)
