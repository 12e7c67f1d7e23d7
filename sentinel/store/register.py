"""The practice's register (GDPR art. 33(5)): every incident that ever was an alarm, whole, and never purged."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sentinel.model.finding import Level
from sentinel.model.incident import Chapter, Incident
from sentinel.store import rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """One incident of the register; it stands for itself, also after its rows have been purged."""

    incident: Incident
    chapters: tuple[Chapter, ...]


def write(db: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Bring those that are or were alarms into the register; inside the transaction that changed them."""
    before, db.row_factory = db.row_factory, sqlite3.Row
    try:
        for number in numbers:
            row = db.execute(
                "SELECT * FROM incidents WHERE number = ?"
                " AND (level = ? OR number IN (SELECT incident FROM register))",
                (number, int(Level.ALARM)),
            ).fetchone()
            if row is not None:
                _write(db, row)
    finally:
        db.row_factory = before


def _write(db: sqlite3.Connection, row: sqlite3.Row) -> None:
    lines = db.execute("SELECT * FROM chapters WHERE incident = ? ORDER BY number", (row["number"],)).fetchall()
    record = {"incident": dict(row), "chapters": [dict(line) for line in lines]}
    times = [row[name] for name in ("number", "first", "shown", "read", "read_by", "closed")]
    db.execute(
        "INSERT OR REPLACE INTO register VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*times, json.dumps(record, separators=(",", ":"), sort_keys=True)),
    )


def registered(db: sqlite3.Connection, since: datetime | None = None) -> list[Registered]:
    """The register, oldest first; with `since` only what began then or later."""
    found = db.execute(
        "SELECT record FROM register WHERE first >= ? ORDER BY incident", (rows.text(since) if since else "",)
    )
    return [_read(json.loads(record[0])) for record in found]


def one(db: sqlite3.Connection, number: int) -> Registered | None:
    """One incident of the register."""
    found = db.execute("SELECT record FROM register WHERE incident = ?", (number,)).fetchone()
    return _read(json.loads(found[0])) if found else None


def _read(record: dict[str, Any]) -> Registered:
    return Registered(
        incident=rows.incident(record["incident"]),
        chapters=tuple(rows.chapter(each) for each in record["chapters"]),
    )
