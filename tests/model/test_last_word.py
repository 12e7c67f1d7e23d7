"""What may be further on than the last word, and what nobody but a forger changes."""

import json
from typing import Any

import pytest

from sentinel.model.last_word import NAMED, differing

TOLD: dict[str, Any] = {
    "number": 7,
    "level": 4,
    "read": None,
    "last": "2026-03-02",
    "count": 5,
    "bytes_out": 900,
    "other_sources": 2,
    "sources": '[["203.0.113.7", 3], ["203.0.113.8", 2]]',
}


def crowd(count: int, times: int) -> str:
    return json.dumps([[f"198.51.100.{number}", times] for number in range(count)])


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"count": 6, "bytes_out": 901, "other_sources": 3, "last": "2026-03-03"},
        {"sources": '[["203.0.113.7", 4], ["203.0.113.8", 2], ["203.0.113.9", 1]]'},
        {"sources": crowd(NAMED, 3)},
        {"added_by_a_later_release": 1},
    ],
)
def test_a_row_may_be_further_on(change):
    """More visits, more bytes, a source more; one that had to make room for twenty that came as often."""
    assert differing(TOLD, TOLD | change) == []


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        ({"level": 2}, ["level"]),
        ({"read": "2026-03-02", "number": 8}, ["number", "read"]),
        ({"count": 4}, ["count"]),
        ({"bytes_out": None}, ["bytes_out"]),
        ({"other_sources": 1}, ["other_sources"]),
        ({"sources": "[]"}, ["sources"]),
        ({"sources": '[["203.0.113.7", 2], ["203.0.113.8", 2]]'}, ["sources"]),
        ({"sources": crowd(NAMED, 2)}, ["sources"]),
        ({"sources": crowd(NAMED - 1, 9)}, ["sources"]),
        ({"sources": "no list"}, ["sources"]),
        ({"sources": None}, ["sources"]),
    ],
)
def test_a_row_that_says_less_or_something_else_was_edited(change, columns):
    """And the columns are named."""
    assert differing(TOLD, TOLD | change) == columns


def test_a_row_without_a_column_that_was_told_differs():
    """Somebody took it out."""
    assert differing(TOLD, {name: value for name, value in TOLD.items() if name != "level"}) == ["level"]
