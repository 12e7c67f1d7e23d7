"""What the journal last said of an incident, held against a row: the one comparison that finds an edit."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

MOVING = frozenset({"last", "last_visit", "count", "bytes_out", "sources", "other_sources", "proved_open"})
"""Columns that strangers and checks move between two words: a row may be further on than the last one."""
GROWING = ("count", "bytes_out", "other_sources")
"""Those of them that never go back."""

NAMED = 20
"""Sources an incident names; a new one that comes more often takes the place of the last."""

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
    if _fewer_sources(_tally(told) or {}, _tally(row)):
        yield "sources"


def _fewer_sources(told: dict[str, int], now: dict[str, int] | None) -> bool:
    """A source that was named came less often, and did not have to make room for as many that came as often."""
    if now is None:
        return True
    crowd = min(now.values()) if len(now) >= NAMED else 0
    return any(max(now.get(source, 0), crowd) < times for source, times in told.items())


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
