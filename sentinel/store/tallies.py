"""What readers count rather than list: how stories stand and when they began, when somebody came, the register."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sentinel.model.finding import Level
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.standing import Standing
from sentinel.store import rows


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the register (GDPR art. 33(5)), as it is listed."""

    number: int
    first: datetime
    shown: datetime | None
    read: datetime | None
    read_by: str
    closed: datetime | None
    incident: str
    """The whole incident as JSON: it outlives its row."""


def beginnings(db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, Beginning]:
    """When the stories with these numbers began; one question for all of them."""
    found = db.execute(
        "SELECT i.number, min(CASE WHEN c.code = i.code THEN c.at END), min(CASE WHEN c.level = ? THEN c.at END)"
        " FROM json_each(?) wanted JOIN incidents i ON i.number = wanted.value"
        " JOIN chapters c ON c.incident = i.number GROUP BY i.number",
        (int(Level.ALARM), json.dumps(list(numbers))),
    )
    return {number: Beginning(gravest=_maybe(began), alarmed=_maybe(alarmed)) for number, began, alarmed in found}


def by_state(db: sqlite3.Connection) -> dict[tuple[IncidentState, bool], int]:
    """How many stories stand where; apart, those that never mattered."""
    found = db.execute("SELECT state, level > ?, count(*) FROM incidents GROUP BY 1, 2", (int(Level.CALM),))
    return {(IncidentState(state), bool(matters)): count for state, matters, count in found}


def by_hour(db: sqlite3.Connection, after: datetime) -> list[Tally]:
    """Connections opened since, by hour and by who came; the index alone answers."""
    found = db.execute(
        "SELECT substr(opened, 1, 13), standing, count(*) FROM connections WHERE opened >= ?"
        " GROUP BY 1, 2 ORDER BY 1",
        (rows.text(after),),
    )
    return [
        Tally(at=rows.wall(f"{hour}:00:00.000000Z"), standing=Standing(who), count=count)
        for hour, who, count in found
    ]


def visited(
    db: sqlite3.Connection, incident: Incident, began: datetime, ended: datetime, parts: int
) -> list[bool]:
    """Whether a stranger came to an incident's door in each of these equal parts of a time.

    One look into the index for each part: a door with a hundred thousand visits costs no more than one with ten.
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
    return [db.execute(asked, (*door, *edge)).fetchone() is not None for edge in pairwise(edges)]


def register(db: sqlite3.Connection, most: int, skip: int) -> list[Entry]:
    """The register, newest first."""
    found = db.execute("SELECT * FROM register ORDER BY incident DESC LIMIT ? OFFSET ?", (most, skip))
    return [
        Entry(
            number=row["incident"],
            first=rows.wall(row["first"]),
            shown=_maybe(row["shown"]),
            read=_maybe(row["read"]),
            read_by=row["read_by"] or "",
            closed=_maybe(row["closed"]),
            incident=row["record"],
        )
        for row in found
    ]


def _maybe(kept: str | None) -> datetime | None:
    return None if kept is None else rows.wall(kept)
