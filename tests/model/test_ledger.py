"""The one rule of the journal, and that nothing in an entry can change without its hash."""

import json
import os
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from sentinel.model.ledger import (
    FIRST,
    Day,
    Entry,
    EntryKind,
    Gap,
    canonical,
    last_hash,
    next_entry,
    read_line,
    write_line,
    write_lines,
)
from tests.documents import commands

AT = "2026-03-02T09:00:00.000000Z"


def entry(**changes: object) -> Entry:
    made = next_entry((0, FIRST), AT, EntryKind.PAPER, {"b": "é", "a": 1})
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_rule_can_be_followed_with_a_shell_and_nothing_of_ours():
    """By the line that docs/evidence.md says, with an entry's own words in it."""
    made = entry()
    [rule] = {each.text for each in commands() if each.text.startswith("printf 'sentinel-ledger-v1")}
    told = rule.replace("NUMBER AT KIND BEFORE", f"1 '{AT}' paper '{FIRST}'")

    done = subprocess.run(
        ["sh", "-c", told], env=os.environ | {"BODY": made.body}, capture_output=True, text=True, check=True
    )

    assert told != rule
    assert done.stdout.split()[0] == made.hash
    assert made.body == '{"a":1,"b":"\\u00e9"}'


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2},
        {"at": AT.replace("09", "10")},
        {"kind": "day"},
        {"body": '{"a":2,"b":"\\u00e9"}'},
        {"before": "1" + FIRST[1:]},
        {"hash": "1" + FIRST[1:]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_no_field_changes_without_the_hash(change):
    """Each alone is seen."""
    assert entry().is_whole
    assert not entry(**change).is_whole


def test_a_body_can_be_taken_out_and_the_chain_still_holds():
    """And what is left cannot be put back as something else."""
    bare = entry().without_body()

    assert bare.is_whole
    assert bare.is_taken_out
    assert "é" not in bare.body
    assert bare.without_body() == bare
    assert not replace(bare, body="sha256:" + "0" * 64).is_whole


def test_an_entry_is_one_line_and_comes_back():
    """Whatever somebody typed."""
    made = next_entry((7, "a" * 64), AT, EntryKind.SETTING, {"who": 'M. « Léa »\n"x"\u2028'})

    assert "\n" not in write_line(made)
    assert read_line(write_line(made)) == made
    assert json.loads(made.body)["who"] == 'M. « Léa »\n"x"\u2028'


def test_the_head_is_what_the_last_line_says():
    """Of a whole file; an empty one has none yet."""
    first = entry()
    second = next_entry((first.number, first.hash), AT, EntryKind.DAY, {})

    assert last_hash(write_lines([first, second])) == second.hash
    assert last_hash(b"") == FIRST


@pytest.mark.parametrize(
    "line",
    ["", "[]", "{}", '{"number": 1}', "[" * 100_000, write_line(entry()).replace('"number":1', '"number":"1"')],
    ids=["empty", "a list", "no field", "one field", "deep", "a number as text"],
)
def test_what_is_no_entry_is_refused(line):
    """With one kind of error."""
    with pytest.raises(ValueError, match=r"."):
        read_line(line)


def test_no_number_that_is_none_has_a_canonical_form():
    """NaN is not JSON."""
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("nan")})


@pytest.mark.parametrize(
    ("complete", "gaps", "proved"),
    [({4: 24, 6: 20}, (), True), ({}, (), False), ({4: 0}, (), False), ({4: 20}, 1, False)],
)
def test_a_day_is_proved_only_without_a_gap_and_by_a_check(complete, gaps, proved):
    """A day on which nothing was asked has no gap to show and is proved all the less."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    gap = (Gap(family=4, begin=at, end=at, why="off"),) if gaps else ()

    assert Day(day=date(2026, 3, 2), complete=complete, gaps=gap).is_proved is proved
