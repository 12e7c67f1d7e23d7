"""What readers count rather than list: how stories stand, when they began, when somebody came, the register."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sentinel.model.exposure import CellVerdict
from sentinel.model.finding import Level
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.standing import Standing
from sentinel.store import listed, register, rows
from sentinel.store.listed import Cell
from sentinel.store.register import Registered

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Which stories a reader wants to see; empty means any."""

    states: tuple[IncidentState, ...] = ()
    matters: bool | None = None
    """Only those that were more than a note, or only those that were not."""
    text: str = ""
    """Part of a machine's address or MAC, of a source or of a calling AE title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """The two moments a story's timeline adds to it."""

    gravest: datetime | None
    """When its gravest finding was first made."""
    alarmed: datetime | None
    """When it first was an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many connections of one kind began within one hour."""

    at: datetime
    """Start of the hour, aware UTC."""
    standing: Standing
    count: int


class Tallies:
    """Questions whose answers are as large as a page, however large the store is; part of `reading.Reader`.

    Raises:
        OSError: through `reading.opened`: the store cannot be read.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def shelf(self, wanted: Shelf, *, most: int, skip: int = 0) -> list[Incident]:
        """The stories of one page: those that matter first, open ones first, by level and last event."""
        where, values = _conditions(wanted)
        found = self._db.execute(
            f"SELECT * FROM incidents {where}"  # noqa: S608 - fixed words only
            " ORDER BY level > ? DESC, state = 'closed', level DESC, last DESC, number DESC LIMIT ? OFFSET ?",
            (*values, int(Level.CALM), most, skip),
        )
        return [rows.incident(row) for row in found]

    def count_shelf(self, wanted: Shelf) -> int:
        """How many stories the shelf holds."""
        where, values = _conditions(wanted)
        found = self._db.execute(f"SELECT count(*) FROM incidents {where}", values)  # noqa: S608 - fixed words only
        return int(found.fetchone()[0])

    def by_state(self) -> dict[tuple[IncidentState, bool], int]:
        """How many stories stand where; apart, those that never mattered."""
        found = self._db.execute(
            "SELECT state, level > ?, count(*) FROM incidents GROUP BY 1, 2", (int(Level.CALM),)
        )
        return {(IncidentState(state), bool(matters)): count for state, matters, count in found}

    def beginnings(self, numbers: Iterable[int]) -> dict[int, Beginning]:
        """When the stories with these numbers began; one question for all of them."""
        found = self._db.execute(
            "SELECT i.number, min(CASE WHEN c.code = i.code THEN c.at END),"
            " min(CASE WHEN c.level = ? THEN c.at END)"
            " FROM json_each(?) wanted JOIN incidents i ON i.number = wanted.value"
            " JOIN chapters c ON c.incident = i.number GROUP BY i.number",
            (int(Level.ALARM), json.dumps(list(numbers))),
        )
        return {number: Beginning(gravest=_maybe(gravest), alarmed=_maybe(at)) for number, gravest, at in found}

    def by_hour(self, began: datetime, ended: datetime) -> list[Tally]:
        """Connections opened in these times, by hour and by who came.

        One look into the index for each hour takes half the time of one question for all: nothing is sorted.
        """
        first = began.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        hours = [first + HOUR * place for place in range(int((ended - first) / HOUR) + 1)]
        asked = "SELECT standing, count(*) FROM connections WHERE opened >= ? AND opened < ? GROUP BY 1 ORDER BY 1"
        return [
            Tally(at=hour, standing=Standing(who), count=count)
            for hour in hours
            for who, count in self._db.execute(asked, (rows.text(max(hour, began)), rows.text(hour + HOUR)))
        ]

    def visited(self, incident: Incident, began: datetime, ended: datetime, *, parts: int) -> list[bool]:
        """Whether a stranger came to an incident's door in each of these equal parts of a time.

        One look into the index for each part: a door with a hundred thousand visits costs no more than ten.
        """
        step = (ended - began) / parts
        if incident.machine is None or incident.port is None or not step:
            return [False] * parts
        asked = (
            "SELECT 1 FROM connections WHERE target = ? AND target_port = ? AND opened >= ? AND opened < ?"
            " AND standing IN ('stranger', 'box') LIMIT 1"
        )
        door = (str(incident.machine), incident.port)
        edges = [rows.text(began + step * place) for place in range(parts)] + [rows.text(ended + step / parts)]
        return [self._db.execute(asked, (*door, *edge)).fetchone() is not None for edge in pairwise(edges)]

    def seen_outside(self, port: int, began: datetime, ended: datetime, *, most: int = 300) -> list[Cell]:
        """What every check of these times said of one public port, newest first."""
        found = self._db.execute(
            "SELECT * FROM exposures WHERE at BETWEEN ? AND ? AND port = ? ORDER BY at DESC LIMIT ?",
            (rows.text(began), rows.text(ended), port, most),
        )
        return [listed.cell(row) for row in found]

    def box_product(self) -> str | None:
        """The box's name, where an echo recognised it at one of its own doors within a week of the last check."""
        found = self._db.execute(
            "SELECT json_extract(app, '$.product') FROM exposures"
            " WHERE verdict = ? AND json_extract(app, '$.product') IS NOT NULL"
            " AND at > (SELECT strftime('%Y-%m-%dT%H:%M:%f', max(at), '-7 days') FROM exposures)"
            " ORDER BY at DESC LIMIT 1",
            (CellVerdict.BOX_ANSWERS.value,),
        ).fetchone()
        return found[0] if found else None

    def registered(self, *, most: int, skip: int = 0) -> list[Incident]:
        """One page of the register, newest first, without the timelines."""
        found = self._db.execute(
            "SELECT json_extract(record, '$.incident') FROM register ORDER BY incident DESC LIMIT ? OFFSET ?",
            (most, skip),
        )
        return [rows.incident(json.loads(kept)) for (kept,) in found]

    def kept(self, number: int) -> Registered | None:
        """One incident of the register, with its timeline: what a purge of the log leaves of it."""
        return register.one(self._db, number)

    def count_registered(self) -> int:
        """How many incidents the register has."""
        return int(self._db.execute("SELECT count(*) FROM register").fetchone()[0])


def _maybe(kept: str | None) -> datetime | None:
    return None if kept is None else rows.wall(kept)


def _conditions(wanted: Shelf) -> tuple[str, list[object]]:
    words: list[str] = []
    values: list[object] = []
    if wanted.states:
        words.append(f"state IN ({','.join('?' * len(wanted.states))})")
        values += [state.value for state in wanted.states]
    if wanted.matters is not None:
        words.append("level > ?" if wanted.matters else "level <= ?")
        values.append(int(Level.CALM))
    if wanted.text:
        columns = ("machine", "mac", "sources", "calling", "story_about")
        words.append("(" + " OR ".join(f"instr(coalesce({each}, ''), ?)" for each in columns) + ")")
        values += [wanted.text] * len(columns)
    return ("WHERE " + " AND ".join(words)) if words else "", values
