"""A whole store as `sentinel verify --store` reads it: the journal, the rows it tells of, and the register."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sentinel.model.ledger import Entry
from sentinel.store import journal
from sentinel.store.ledger import entries
from sentinel.store.writing import BUSY_MS

Row = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Whole:
    """One moment of a store."""

    db: sqlite3.Connection
    incidents: list[Row] = field(default_factory=list)
    chapters: dict[int, list[Row]] = field(default_factory=dict)
    register: dict[int, Row] = field(default_factory=dict)
    acceptances: list[Row] = field(default_factory=list)
    networks: list[Row] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    """Lines of `anchors.jsonl`."""
    damage: str = ""
    """What SQLite's own check says; empty when it finds nothing."""

    def entries(self) -> Iterator[Entry]:
        """The journal, entry by entry."""
        return entries(self.db)


@contextmanager
def whole(path: Path) -> Iterator[Whole]:
    """Everything of one moment, beside a living writer too.

    Raises:
        OSError: there is no store, or it cannot be read.
    """
    way = "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1"
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?{way}", uri=True, timeout=BUSY_MS / 1000)
        try:
            db.execute("BEGIN")  # one moment: what is written meanwhile is not mixed in
            yield _read(db)
        finally:
            db.close()
    except (sqlite3.Error, ValueError, KeyError) as error:
        raise OSError(f"the store cannot be read: {error}") from error


def _read(db: sqlite3.Connection) -> Whole:
    check = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    found = Whole(db=db, damage="" if check == "ok" else str(check))
    db.row_factory = sqlite3.Row
    found.incidents = [dict(row) for row in db.execute("SELECT * FROM incidents ORDER BY number")]
    for row in db.execute("SELECT * FROM chapters ORDER BY number"):
        found.chapters.setdefault(row["incident"], []).append(dict(row))
    for row in db.execute("SELECT * FROM register ORDER BY incident"):
        found.register[row["incident"]] = _record(row)
    found.acceptances = [dict(row) for row in db.execute("SELECT * FROM acceptances")]
    found.networks = [dict(row) for row in db.execute("SELECT * FROM networks")]
    db.row_factory = None
    found.anchors = journal.anchors(db)
    return found


def _record(row: sqlite3.Row) -> Row:
    """The record, where it is one and the columns beside it say the same; else nothing anybody told."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        record: Row = json.loads(row["record"])
        names = ("first", "shown", "read", "read_by", "closed")
        if all(row[name] == record["incident"][name] for name in names):
            return {"incident": record["incident"], "chapters": record["chapters"]}
    return {"incident": {"number": row["incident"]}, "chapters": []}
