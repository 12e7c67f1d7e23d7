"""The journal as readers see it: its head, an excerpt about one incident, the days it tells of."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import date

from sentinel import codec
from sentinel.model.ledger import FIRST, Day, Entry, EntryKind
from sentinel.store.ledger import entries

ABOUT_ITSELF = frozenset({EntryKind.STARTED, EntryKind.STOPPED, EntryKind.DAY, EntryKind.RESTORED})
"""Kinds that name nobody: they stay in every excerpt."""


def head(db: sqlite3.Connection) -> str:
    """Hash of the last entry; 64 zeros before the first."""
    found = db.execute("SELECT hash FROM ledger ORDER BY number DESC LIMIT 1").fetchone()
    return str(found[0]) if found else FIRST


def excerpt(db: sqlite3.Connection, incident: int) -> Iterator[Entry]:
    """From the start before the first entry about an incident to the head, without a gap; of other stories only
    hashes. That start tells the key with which the sentinel seals and asks: without it, anybody's would do."""
    since = _begin(db, incident)
    for entry in entries(db, since) if since else ():
        open_to_all = _is_about(entry, incident) or entry.kind in ABOUT_ITSELF or entry.is_taken_out
        yield entry if open_to_all else entry.without_body()


def _begin(db: sqlite3.Connection, incident: int) -> int | None:
    """Where the excerpt about an incident begins; None where nothing was told of it."""
    start = None
    for entry in entries(db):
        start = entry.number if entry.kind == EntryKind.STARTED else start
        if _is_about(entry, incident):
            return start or entry.number
    return None


def _is_about(entry: Entry, incident: int) -> bool:
    if entry.is_taken_out or '"incident":' not in entry.body:
        return False
    about = json.loads(entry.body)["incident"]
    return bool((about["number"] if isinstance(about, dict) else about) == incident)


def days(db: sqlite3.Connection, first: date, last: date) -> list[Day]:
    """What was proved on each day from one to another, both included; days nobody told of are missing."""
    found = db.execute(
        "SELECT body FROM ledger WHERE kind = ? AND at >= ? ORDER BY number", (EntryKind.DAY, first.isoformat())
    )
    told = (codec.decode(body.encode(), Day) for (body,) in found)
    return [day for day in told if first <= day.day <= last]


def anchors(db: sqlite3.Connection) -> list[str]:
    """Checks whose signed report carries a head of the journal, oldest first; each a line of `reach.record`."""
    return [str(line) for (line,) in db.execute("SELECT report FROM anchors WHERE head != '' ORDER BY number")]


def reports(db: sqlite3.Connection, incident: int) -> dict[str, str]:
    """The signed checks that opened or closed an incident, by the check's name."""
    found = db.execute(
        'SELECT "check", report FROM anchors, json_each(anchors.incidents) AS each WHERE each.value = ?'
        " ORDER BY anchors.number",
        (incident,),
    )
    return {str(check): str(line) for check, line in found}
