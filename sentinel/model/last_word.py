"""What the journal last said of an incident, held against a row: the one comparison that finds an edit."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

MOVING = frozenset({"last", "last_visit", "count", "bytes_out", "sources", "other_sources", "proved_open"})
"""Columns that strangers and checks move between two words: a row may be further on than the last one."""
GROWING = ("count", "bytes_out", "other_sources")
"""Those of them that never go back."""

Row = Mapping[str, Any]


def differing(told: Row, row: Row) -> list[str]:
    """Columns of a row that say something else than was told, or less; one nobody told of does not matter."""
    return sorted({*_other(told, row), *_less(told, row)})


def _other(told: Row, row: Row) -> Iterator[str]:
    return (name for name, value in told.items() if name not in MOVING and _value(row, name) != value)


def _less(told: Row, row: Row) -> Iterator[str]:
    for name in GROWING:
        now = _value(row, name)
        if name in told and (not isinstance(now, int) or now < told[name]):
            yield name
    before, now = _tally(told), _tally(row)
    if now is None or any(now.get(source, 0) < times for source, times in (before or {}).items()):
        yield "sources"


def _value(row: Row, name: str) -> Any:
    try:
        return row[name]
    except (KeyError, IndexError):
        return None


def _tally(row: Row) -> dict[str, int] | None:
    """How often each source came; None where that cannot be read."""
    try:
        return {str(source): int(times) for source, times in json.loads(_value(row, "sources"))}
    except (ValueError, TypeError):
        return None
