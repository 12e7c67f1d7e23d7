"""The file of countersigned heads is bounded, and says only what is new."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.model.ledger import Signed
from sentinel.store.anchors import LAST, MOST, Anchors, read, thinned
from tests.builders import START, moment

DAY = 86_400.0


def line(days: float, name: str = "") -> str:
    return json.dumps({"asked_at": (START + timedelta(days=days)).isoformat(), "name": name})


def signed(days: float, head: str = "a" * 64) -> Signed:
    return Signed(check="c", echo="e", head=head, line=line(days, head), at=moment(days * DAY))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "anchors.jsonl"


def test_a_head_is_kept_once_a_day_and_each_new_one_at_once(path):
    """A quiet day is one line; a check that signed none is none."""
    kept = Anchors(path)
    for fact in (signed(0), signed(0.1), signed(0.2, "b" * 64), signed(0.3, ""), signed(1, "b" * 64)):
        kept.add(fact)

    assert read(path) == [line(0, "a" * 64), line(0.2, "b" * 64), line(1, "b" * 64)]
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_file_never_grows_beyond_its_bound(path):
    """A head at each check for half a year."""
    kept = Anchors(path)
    for number in range(2 * MOST):
        kept.add(signed(number / 4, f"{number:064x}"))

    lines = read(path)
    assert len(lines) <= MOST
    assert lines[-LAST:] == [line(number / 4, f"{number:064x}") for number in range(2 * MOST - LAST, 2 * MOST)]


def test_older_lines_are_thinned_to_days_and_then_to_months():
    """The first of each, for it proves the earliest."""
    lines = [line(day / 2) for day in range(400)]

    kept = [json.loads(each)["asked_at"][:10] for each in thinned(lines)]
    assert kept[:4] == ["2026-03-02", "2026-04-01", "2026-05-01", "2026-05-29"]
    assert len(kept) == 3 + 62 + LAST


def test_a_restart_goes_on_in_the_same_file(path):
    """And knows how long it is."""
    Anchors(path).add(signed(0))
    Anchors(path).add(replace(signed(1), head="b" * 64, line=line(1, "b")))

    assert len(read(path)) == 2


def test_what_is_no_line_of_ours_harms_nobody(path):
    """Somebody opened it with an editor."""
    path.write_bytes(b"\xff\n\n" + b"[" * 2000 + b"\n{}\n")

    assert len(read(path)) == 3
    assert len(thinned(read(path) * 100)) <= LAST + 1
