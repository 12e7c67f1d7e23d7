"""Accepted doors and answered networks held against the journal when `watch` starts; edited ones are put back.

The street obeys these rows: one `UPDATE` while nothing runs would be a silent way to green.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from sentinel.model.decided import KINDS, Decided, Row, other
from sentinel.store.writing import Write, statement

TABLES = (("acceptances", "number", "acceptance"), ("networks", "network", "network"))
"""Table, its key, and the word by which an entry names a row of it."""


def decided(db: sqlite3.Connection) -> Decided:
    """What the journal tells of them."""
    told = Decided()
    found = db.execute("SELECT kind, at, body FROM ledger WHERE kind IN (?, ?, ?) ORDER BY number", KINDS)
    for kind, at, body in found:
        with suppress(ValueError, KeyError, TypeError):  # nobody can read it: what it accepted holds no more
            told.take(kind, at, json.loads(body))
    return told


def shown(db: sqlite3.Connection, table: str) -> list[Row]:
    """The rows of one of the two tables, by their columns."""
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    return [dict(row) for row in cursor.execute(f"SELECT * FROM {table}")]  # noqa: S608 - fixed words


def edited(db: sqlite3.Connection) -> Iterator[tuple[dict[str, object], list[Write]]]:
    """Rows that somebody edited: what the journal is told of each, and how it is put back."""
    told = decided(db)
    kept: tuple[Mapping[Any, Row], ...] = (told.acceptances, told.networks)
    for (table, key, word), rows in zip(TABLES, kept, strict=True):
        for which in other(rows, shown(db, table), key):
            yield {word: which}, list(_put_back(table, key, which, rows.get(which)))


def _put_back(table: str, key: str, which: object, row: Row | None) -> Iterable[Write]:
    yield f"DELETE FROM {table} WHERE {key} = ?", (which,)  # noqa: S608 - fixed words
    if row is not None:
        yield statement(table, dict(row), "INSERT")
