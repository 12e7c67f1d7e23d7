"""The end of the chain, and what waits to be appended in the very transaction of the row it tells."""

import json
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sentinel.model.finding import Level
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.last_word import GROWING, MOVING, differing
from sentinel.model.ledger import FIRST, Entry, EntryKind, next_entry
from sentinel.store import rows

MOST = 50_000

End = tuple[int, str]
"""Number and hash of an entry."""


class Ledger:
    """Appends to table `ledger`; nothing here ever changes an entry."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._waiting: deque[tuple[EntryKind, str, Mapping[str, Any]]] = deque()
        self._end = self._written = _end(db)
        self.forgotten = 0

    @property
    def head(self) -> str:
        """Hash of the last entry on disk; 64 zeros before the first. Any thread may read it."""
        return self._end[1]

    @property
    def is_begun(self) -> bool:
        """There is an entry, or one waits."""
        return self._end[0] > 0 or bool(self._waiting)

    def tell(self, kind: EntryKind, at: datetime, body: Mapping[str, Any]) -> None:
        """Something that goes into the journal with the next commit."""
        if len(self._waiting) >= MOST:
            self._waiting.popleft()
            self.forgotten += 1
        self._waiting.append((kind, rows.text(at), body))

    def write(self) -> None:
        """Append what waits; inside the transaction, and again if that fails."""
        self._written = self._end
        for kind, at, body in self._waiting:
            self._append(kind, at, body)

    def write_one(self, kind: EntryKind, at: datetime, body: Mapping[str, Any]) -> None:
        """Append this, ahead of what waits; inside the transaction of what it tells."""
        self._written = self._end
        self._append(kind, rows.text(at), body)

    def settle_one(self) -> None:
        """That is on disk, and what waited waits."""
        self._end = self._written

    def _append(self, kind: EntryKind, at: str, body: Mapping[str, Any]) -> None:
        entry = next_entry(self._written, at, kind, body)
        values = (entry.number, entry.at, entry.kind, entry.body, entry.before, entry.hash)
        self._db.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?)", values)
        self._written = entry.number, entry.hash

    def settle(self) -> None:
        """It is on disk."""
        self._end = self._written
        self._waiting.clear()

    def __len__(self) -> int:
        return len(self._waiting)


class Stories:
    """What the journal last told of each incident, so that what is done a thousand times is told ten times."""

    def __init__(self, db: sqlite3.Connection, ledger: Ledger) -> None:
        self._db = db
        self._ledger = ledger
        self._told: dict[int, rows.Row] = {}
        self._now: dict[int, rows.Row] = {}

    def recall(self, incidents: Iterable[Incident], at: datetime) -> list[int]:
        """After a restart: row and entry were written together, so what differs was edited; it is told.

        Returns:
            Those that were told anew.
        """
        told = last_words(self._db)
        for incident in incidents:
            self._now[incident.number] = evidence(incident)
            self._told[incident.number] = told.get(incident.number) or self._told.get(incident.number, {})
        altered = {number: self._altered(number) for number in self._now}
        for number, columns in altered.items():
            if columns:
                self._ledger.tell(EntryKind.ALTERED, at, {"incident": number, "columns": columns})
                self._tell(self._now[number], at, ())
        return [number for number, columns in altered.items() if columns]

    def _altered(self, number: int) -> list[str]:
        told = self._told[number]
        return differing(told, self._now[number]) if told else ["number"]

    def take_over(self, at: datetime) -> list[int]:
        """Incidents and answered networks of a release that kept no journal: its first entries."""
        if self._ledger.is_begun:
            return []
        self._db.row_factory = sqlite3.Row
        found = self._db.execute("SELECT * FROM incidents ORDER BY number").fetchall()
        for row in found:
            lines = self._db.execute("SELECT * FROM chapters WHERE incident = ? ORDER BY number", (row["number"],))
            self._tell(evidence(rows.incident(row)), at, map(rows.chapter, lines.fetchall()))
        for row in self._db.execute("SELECT network, ours, who, at FROM networks ORDER BY at").fetchall():
            about = {"network": row["network"], "ours": bool(row["ours"]), "who": row["who"]}
            self._ledger.tell(EntryKind.NETWORK, rows.wall(row["at"]), about)
        self._db.row_factory = None
        return [row["number"] for row in found]

    def take(self, incident: Incident, chapter: Chapter | None) -> bool:
        """An incident as it now stands; whether it goes into the journal now."""
        row = evidence(incident)
        told = self._told.get(incident.number)
        self._now[incident.number] = row
        if chapter is None and told and not _is_news(told, row):
            return False
        at = incident.last.wall if chapter is None else chapter.at.wall
        self._tell(row, at, () if chapter is None else (chapter,))
        if incident.state is IncidentState.CLOSED:
            del self._told[incident.number], self._now[incident.number]
        return True

    def tell_moved(self, at: datetime) -> list[int]:
        """Everything that has moved since it was last told."""
        moved = [number for number, row in self._now.items() if row != self._told.get(number)]
        for number in moved:
            self._tell(self._now[number], at, ())
        return moved

    def _tell(self, row: rows.Row, at: datetime, chapters: Iterable[Chapter]) -> None:
        self._told[row["number"]] = row
        kind = EntryKind.ALARM if row["level"] == Level.ALARM else EntryKind.INCIDENT
        self._ledger.tell(kind, at, {"incident": row, "chapters": [line(each) for each in chapters]})


def evidence(incident: Incident) -> rows.Row:
    """An incident as the journal tells it: its row, without the boot clock's columns."""
    return {name: value for name, value in rows.incident_row(incident).items() if not name.endswith("_boot")}


def line(chapter: Chapter) -> rows.Row:
    """A line of a timeline as the journal tells it."""
    return {name: value for name, value in rows.chapter_row(chapter).items() if not name.endswith("_boot")}


def _is_news(told: rows.Row, row: rows.Row) -> bool:
    if any(told.get(name) != row[name] for name in row.keys() - MOVING):
        return True
    return any(row[name] >= 2 * max(told.get(name, 0), 1) for name in GROWING)


def last_words(db: sqlite3.Connection) -> dict[int, rows.Row]:
    """What was last told of each incident, where that was not taken out."""
    newest = (
        "SELECT max(number) FROM ledger WHERE kind IN (?, ?) AND substr(body, 1, 1) = '{'"
        " GROUP BY json_extract(body, '$.incident.number')"
    )
    kinds = (EntryKind.INCIDENT.value, EntryKind.ALARM.value)
    found = db.execute(f"SELECT body FROM ledger WHERE number IN ({newest})", kinds)  # noqa: S608 - fixed words
    told = (json.loads(body)["incident"] for (body,) in found)
    return {row["number"]: row for row in told}


def _end(db: sqlite3.Connection) -> End:
    found = db.execute("SELECT number, hash FROM ledger ORDER BY number DESC LIMIT 1").fetchone()
    return (int(found[0]), str(found[1])) if found else (0, FIRST)


def entries(db: sqlite3.Connection, since: int = 1) -> Iterator[Entry]:
    """The journal from an entry on, in its order."""
    found = db.execute(
        "SELECT number, at, kind, body, before, hash FROM ledger WHERE number >= ? ORDER BY number", (since,)
    )
    for number, at, kind, body, before, hashed in found:
        yield Entry(number=number, at=at, kind=kind, body=body, before=before, hash=hashed)
