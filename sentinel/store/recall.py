"""What a restart finds in the store: the stories still told, what echoes called open, whose networks are whose."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

from sentinel.model.exposure import CellVerdict, Outcome, PortList, Reach
from sentinel.model.incident import Incident
from sentinel.model.moment import Moment
from sentinel.model.networks import Network
from sentinel.store import rows

KEPT = timedelta(days=8)
"""Closed stories younger than this may be reopened."""


def incidents(db: sqlite3.Connection, boot: str, now: Moment) -> list[Incident]:
    """Every story not closed, and those closed lately enough to be reopened, oldest first."""
    db.row_factory = sqlite3.Row
    found = db.execute(
        "SELECT * FROM incidents WHERE state != 'closed' OR closed > ? ORDER BY number",
        (rows.text(now.wall - KEPT),),
    ).fetchall()
    db.row_factory = None
    return [
        rows.incident(row) if row["boot"] == boot else _of_another_boot(rows.incident(row), now) for row in found
    ]


def openings(db: sqlite3.Connection, now: Moment, within: timedelta) -> list[tuple[str, int, int, Moment]]:
    """Each echo (key id), family and public port it last called open, and when; none older than `within`."""
    found = db.execute(
        "SELECT echo, family, port, reach, max(at) FROM exposures WHERE at > ? GROUP BY echo, family, port",
        (rows.text(now.wall - within),),
    )
    said = [(echo, family, port, rows.wall(at)) for echo, family, port, reach, at in found if reach == Reach.OPEN]
    return [
        (echo, family, port, replace(now, wall=wall, boot=now.boot - max(timedelta(0), now.wall - wall)))
        for echo, family, port, wall in said
    ]


def next_incident(db: sqlite3.Connection) -> int:
    """The number of the next new story; the purge leaves the last one, so that none is given twice."""
    return int(db.execute("SELECT coalesce(max(number), 0) + 1 FROM incidents").fetchone()[0])


def known_networks(db: sqlite3.Connection) -> list[Network]:
    """Private networks somebody said are ours."""
    return [ip_network(row[0]) for row in db.execute("SELECT network FROM networks WHERE ours = 1")]


def checked_families(db: sqlite3.Connection) -> frozenset[int]:
    """Families of which a complete check is on record."""
    found = db.execute(
        "SELECT DISTINCT family FROM outcomes WHERE outcome = ? AND ports = ?",
        (Outcome.CHECKED.value, PortList.FULL.value),
    )
    return frozenset(int(row[0]) for row in found)


def refused(db: sqlite3.Connection) -> frozenset[tuple[int, int]]:
    """Families and public ports that a check on record found refused, and nothing contradicted it."""
    found = db.execute(
        "SELECT DISTINCT family, port FROM exposures WHERE reach = ? AND verdict = ?",
        (Reach.CLOSED.value, CellVerdict.NOT_SEEN.value),
    )
    return frozenset((int(family), int(port)) for family, port in found)


def born(db: sqlite3.Connection, now: Moment) -> Moment:
    """When this store first knew of anything, in moments of this boot; now where it is new."""
    first = db.execute(
        "SELECT min(first) FROM (SELECT min(started) AS first FROM runs UNION ALL SELECT min(asked) FROM outcomes)"
    ).fetchone()[0]
    if first is None:
        return now
    age = max(timedelta(0), now.wall - rows.wall(first))
    return Moment(wall=rows.wall(first), boot=now.boot - age)


def _of_another_boot(incident: Incident, now: Moment) -> Incident:
    """Boot clocks compare only within one boot: what happened before has the age its wall clock says."""

    def here(then: Moment | None) -> Moment | None:
        return then and replace(then, boot=now.boot - max(timedelta(0), now.wall - then.wall))

    return replace(
        incident,
        first=here(incident.first) or now,
        last=here(incident.last) or now,
        last_visit=here(incident.last_visit),
        closed=here(incident.closed),
        read=here(incident.read),
        shown=here(incident.shown),
        measured=here(incident.measured),
        measure_told=here(incident.measure_told),
        false_alarm=here(incident.false_alarm),
        proved_open=here(incident.proved_open),
    )
