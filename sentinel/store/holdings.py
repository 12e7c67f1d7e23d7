"""What papers are made from: questions to the store that span an incident, a month, or the life of a sentinel."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sentinel.model.acting import PaperKind
from sentinel.model.exposure import Outcome, PortList
from sentinel.model.finding import Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.ledger import EntryKind
from sentinel.store import listed, rows
from sentinel.store.listed import Cell, ConnectionRow, LastCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRow:
    """One document that was made."""

    number: int
    kind: PaperKind
    name: str
    sha256: str
    incident: int
    who: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A door somebody accepted on the page, that holds."""

    machine: str
    port: int
    source: str
    until: datetime
    window: bool
    """A maintenance window, which ends at its hour."""
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine of the practice."""

    mac: str
    address: str
    last: datetime
    passes: bool | None
    """It was seen to talk on the watched port, not only to announce itself; False: it is known to pass elsewhere;
    None: neither is known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How much there is of everything."""

    incidents: int
    alarms: int
    still_open: int
    registered: int
    papers: int
    entries: int


class Holdings:
    """Questions to an open store; see `reading.Reader.holdings`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def _one(self, question: str, *values: object) -> int:
        return int(self._db.execute(question, values).fetchone()[0] or 0)

    # -- papers ----------------------------------------------------------------------------------------------

    def papers(self, *, most: int = 500, after: int = 0) -> list[PaperRow]:
        """Newest first; only those numbered above `after`."""
        found = self._db.execute(
            "SELECT * FROM papers WHERE number > ? ORDER BY number DESC LIMIT ?", (after, most)
        )
        return [_paper(row) for row in found]

    def paper(self, name: str) -> PaperRow | None:
        """By its name."""
        row = self._db.execute("SELECT * FROM papers WHERE name = ?", (name,)).fetchone()
        return _paper(row) if row else None

    def papers_since(self, when: datetime, kind: PaperKind | None = None) -> list[PaperRow]:
        """Those made from then on."""
        found = self._db.execute("SELECT * FROM papers WHERE at >= ? ORDER BY number", (rows.text(when),))
        return [each for each in map(_paper, found) if kind in (None, each.kind)]

    # -- one incident ----------------------------------------------------------------------------------------

    def cells(self, family: int, port: int, begins: datetime, ends: datetime) -> list[Cell]:
        """What each check said of one public port, oldest first."""
        found = self._db.execute(
            "SELECT * FROM exposures WHERE family = ? AND port = ? AND at BETWEEN ? AND ? ORDER BY at",
            (family, port, rows.text(begins), rows.text(ends)),
        )
        return [listed.cell(row) for row in found]

    def hosts(self) -> dict[str, str]:
        """Names of the echoes, by key id."""
        return dict(self._db.execute("SELECT echo, max(host) FROM outcomes GROUP BY echo").fetchall())

    def visits(
        self, machine: str, port: int, begins: datetime, ends: datetime, most: int
    ) -> tuple[list[ConnectionRow], int]:
        """Connections from outside to one door, oldest first, and how many there are."""
        where = (
            "FROM connections WHERE target = ? AND target_port = ? AND opened BETWEEN ? AND ?"
            " AND standing IN ('stranger', 'box', 'private')"
        )
        values = (machine, port, rows.text(begins), rows.text(ends))
        found = self._db.execute(f"SELECT * {where} ORDER BY opened LIMIT ?", (*values, most))
        return [listed.connection(row) for row in found], self._one(f"SELECT count(*) {where}", *values)

    def summed(self, machine: str, port: int, begins: datetime, ends: datetime) -> int:
        """Answered connections to one door that were too many for rows of their own."""
        question = (
            "SELECT sum(answered) FROM attempts WHERE target = ? AND target_port = ? AND hour BETWEEN ? AND ?"
        )
        return self._one(question, machine, port, rows.text(begins), rows.text(ends))

    # -- a stretch of time -----------------------------------------------------------------------------------

    def installed(self) -> datetime | None:
        """The first thing this sentinel ever recorded; the journal outlives every purge."""
        found = self._db.execute(
            "SELECT min(at) FROM (SELECT min(at) AS at FROM ledger UNION SELECT min(started) FROM runs"
            " UNION SELECT min(first) FROM incidents UNION SELECT min(asked) FROM outcomes)"
        ).fetchone()[0]
        return rows.wall(found) if found else None

    def updates(self, begins: datetime, ends: datetime) -> list[tuple[str, datetime]]:
        """Versions whose first start, after one of another version, fell into that stretch."""
        found = self._db.execute(
            "SELECT version, at FROM (SELECT at, json_extract(body, '$.version') AS version,"
            " lag(json_extract(body, '$.version')) OVER (ORDER BY number) AS before FROM ledger WHERE kind = ?"
            " AND json_valid(body)) WHERE version != before AND at >= ? AND at < ?",
            (EntryKind.STARTED.value, rows.text(begins), rows.text(ends)),
        )
        return [(str(version), rows.wall(at)) for version, at in found]

    def complete(self, begins: datetime, ends: datetime) -> tuple[int, int]:
        """Complete checks of the full list, and the most ports one of them tested."""
        row = self._db.execute(
            "SELECT count(*), max(tested) FROM outcomes"
            " WHERE outcome = ? AND ports = ? AND asked >= ? AND asked < ?",
            (Outcome.CHECKED.value, PortList.FULL.value, rows.text(begins), rows.text(ends)),
        ).fetchone()
        return int(row[0]), int(row[1] or 0)

    def shared(self, begins: datetime, ends: datetime) -> list[int]:
        """Families whose public address is a neighbour's too."""
        found = self._db.execute(
            "SELECT DISTINCT family FROM outcomes WHERE outcome = ? AND asked >= ? AND asked < ? ORDER BY family",
            (Outcome.NOT_OURS.value, rows.text(begins), rows.text(ends)),
        )
        return [int(family) for (family,) in found]

    def doors(self, begins: datetime, ends: datetime) -> list[Incident]:
        """Doors that were open at some time in between, gravest first; those that matter."""
        found = self._db.execute(
            "SELECT * FROM incidents WHERE story_kind IN (?, ?) AND level >= ? AND first < ?"
            " AND (closed IS NULL OR closed >= ?) ORDER BY level DESC, first",
            (
                StoryKind.DOOR.value,
                StoryKind.MAPPING.value,
                int(Level.ATTENTION),
                rows.text(ends),
                rows.text(begins),
            ),
        )
        return [rows.incident(row) for row in found]

    def other_alarms(self) -> list[Incident]:
        """Alarms that stand and are about no door, exercises aside."""
        found = self._db.execute(
            "SELECT * FROM incidents WHERE state != ? AND level = ? AND story_kind NOT IN (?, ?, ?)"
            " ORDER BY first",
            (IncidentState.CLOSED.value, int(Level.ALARM), StoryKind.DOOR, StoryKind.MAPPING, StoryKind.DRILL),
        )
        return [rows.incident(row) for row in found]

    def attempts(self, begins: datetime, ends: datetime) -> tuple[int, int]:
        """Knocks nobody answered or that were refused, one by one and in sums; and the sums' answered ones."""
        values = (rows.text(begins), rows.text(ends))
        summed = self._db.execute(
            "SELECT coalesce(sum(silent + refused), 0), coalesce(sum(answered), 0) FROM attempts"
            " WHERE hour >= ? AND hour < ?",
            values,
        ).fetchone()
        return int(summed[0]), int(summed[1])

    # -- the practice ----------------------------------------------------------------------------------------

    def machines(self, since: datetime) -> list[Machine]:
        """Machines heard since then, by address; one that changed its address comes once."""
        found = self._db.execute(
            "SELECT mac, address, max(last) AS last, CASE WHEN mac IN"
            " (SELECT mac FROM incidents WHERE code = 'not_watched' AND state != 'closed') THEN 0"
            " WHEN max(crossed) >= ? THEN 1 END AS passes FROM machines"
            " WHERE last >= ? GROUP BY mac ORDER BY last DESC",
            (rows.text(since), rows.text(since)),
        )
        return [
            Machine(
                mac=row["mac"],
                address=row["address"],
                last=rows.wall(row["last"]),
                passes=None if row["passes"] is None else bool(row["passes"]),
            )
            for row in found
        ]

    def accepted(self, now: datetime) -> list[Accepted]:
        """Doors accepted on the page or in the file, neither withdrawn nor over; those that end first before the
        others."""
        found = self._db.execute(
            "SELECT * FROM acceptances WHERE withdrawn IS NULL AND until > ? ORDER BY until", (rows.text(now),)
        )
        return [
            Accepted(
                machine=row["machine"],
                port=row["port"],
                source=row["source"] or "",
                until=rows.wall(row["until"]),
                window=bool(row["window"]),
                who=row["who"],
                why=row["why"],
            )
            for row in found
        ]

    def last_complete(self) -> list[LastCheck]:
        """The last complete check of every echo and family."""
        found = self._db.execute(
            "SELECT *, max(asked) FROM outcomes WHERE outcome = ? AND ports = ? GROUP BY echo, family"
            " ORDER BY family, host",
            (Outcome.CHECKED.value, PortList.FULL.value),
        )
        return [listed.check(row) for row in found]

    def drills(self, begins: datetime, ends: datetime) -> list[tuple[datetime, datetime | None, str]]:
        """Exercises, oldest first: when one began, when somebody said « J'ai vu », and who."""
        found = self._db.execute(
            "SELECT first, read, read_by FROM incidents WHERE story_kind = 'drill' AND first >= ? AND first < ?"
            " ORDER BY number",
            (rows.text(begins), rows.text(ends)),
        )
        return [(rows.wall(first), rows.wall(read) if read else None, who or "") for first, read, who in found]

    def proved_days(self) -> int:
        """Days with at least one complete check, as far as the log goes."""
        question = "SELECT count(DISTINCT substr(asked, 1, 10)) FROM outcomes WHERE outcome = ? AND ports = ?"
        return self._one(question, Outcome.CHECKED.value, PortList.FULL.value)

    def anchored(self) -> datetime | None:
        """When an echo last signed a head of the journal."""
        found = self._db.execute("SELECT max(at) FROM anchors WHERE head != ''").fetchone()[0]
        return rows.wall(found) if found else None

    def count(self) -> Count:
        """How much there is of everything."""
        doors = (StoryKind.DOOR.value, int(Level.ATTENTION), IncidentState.CLOSED.value)
        return Count(
            incidents=self._one("SELECT count(*) FROM incidents"),
            alarms=self._one("SELECT count(*) FROM incidents WHERE level = ?", int(Level.ALARM)),
            still_open=self._one(
                "SELECT count(*) FROM incidents WHERE story_kind = ? AND level >= ? AND state != ?", *doors
            ),
            registered=self._one("SELECT count(*) FROM register"),
            papers=self._one("SELECT count(*) FROM papers"),
            entries=self._one("SELECT count(*) FROM ledger"),
        )


def _paper(row: sqlite3.Row) -> PaperRow:
    return PaperRow(
        number=row["number"],
        kind=PaperKind(row["kind"]),
        name=row["name"],
        sha256=row["sha256"],
        incident=row["incident"],
        who=row["who"],
        at=rows.wall(row["at"]),
    )
