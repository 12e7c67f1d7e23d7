"""What machines tell of themselves: who made them, what they are, what they offer, and the switch we hang on."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sentinel.model.machine import Kind, Portrait, SaidBy, Service, Uplink
from sentinel.store import rows

MOST = 24
"""Of one machine; a machine that says more of itself is not believed more."""
TOGETHER = timedelta(hours=3)
"""Two protocols heard so near to one another speak of the same port: each is written once an hour."""

Write = tuple[str, tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What one machine says it is, and what it says it offers."""

    kinds: tuple[Kind, ...] = ()
    offers: tuple[tuple[Service, int], ...] = ()
    hosts: tuple[str, ...] = ()
    """The names under which it offers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hung:
    """The switch we hang on, and the port of it."""

    switch: str
    port: str
    vlan: int | None
    vendor: str
    said_by: SaidBy
    last: datetime


def portrait(told: Portrait) -> Iterator[Write]:
    """Over what was known of the machine; of one nobody has seen alive nothing is kept."""
    at = rows.text(told.at.wall)
    if told.vendor:
        yield "UPDATE machines SET vendor = ? WHERE mac = ?", (told.vendor, told.mac)
    for kind in told.kinds:
        yield TRAIT, (told.mac, kind.value, 0, "", at, MOST)
    for offer in told.offers:
        yield TRAIT, (told.mac, offer.service.value, offer.port, offer.host, at, MOST)


TRAIT = (
    "INSERT INTO traits (mac, trait, port, host, last) SELECT ?1, ?2, ?3, ?4, ?5"
    " WHERE EXISTS (SELECT 1 FROM machines WHERE mac = ?1)"
    " AND (?6 > (SELECT count(*) FROM traits WHERE mac = ?1)"
    " OR EXISTS (SELECT 1 FROM traits WHERE mac = ?1 AND trait = ?2 AND port = ?3))"
    " ON CONFLICT DO UPDATE SET last = excluded.last, host = excluded.host"
)


def uplink(told: Uplink) -> Write:
    """Over the last word of the same protocol."""
    return (
        "INSERT OR REPLACE INTO uplinks (said_by, switch, port, vlan, vendor, last) VALUES (?, ?, ?, ?, ?, ?)",
        (told.said_by.value, told.switch, told.port, told.vlan, told.vendor, rows.text(told.at.wall)),
    )


def traits(db: sqlite3.Connection, macs: Iterable[str]) -> dict[str, Traits]:
    """Of some machines; those that say nothing are missing. A word of a later release is stepped over."""
    found = {mac: db.execute(ASKED, (mac,)).fetchall() for mac in macs}
    return {mac: _traits(told) for mac, told in found.items() if told}


ASKED = "SELECT trait, port, host FROM traits WHERE mac = ? ORDER BY port, trait"


def _traits(told: list[sqlite3.Row]) -> Traits:
    return Traits(
        kinds=tuple(Kind(row["trait"]) for row in told if row["trait"] in set(Kind)),
        offers=tuple((Service(row["trait"]), row["port"]) for row in told if row["trait"] in set(Service)),
        hosts=tuple(sorted({row["host"] for row in told if row["host"]})),
    )


def hung(db: sqlite3.Connection) -> Hung | None:
    """The port we hang on now; where both protocols tell, what LLDP says, for it is no one maker's."""
    found = [_hung(row) for row in db.execute("SELECT * FROM uplinks ORDER BY said_by = 'lldp' DESC")]
    newest = max((each.last for each in found), default=None)
    return next((each for each in found if newest is not None and newest - each.last <= TOGETHER), None)


def _hung(row: sqlite3.Row) -> Hung:
    return Hung(
        switch=row["switch"],
        port=row["port"],
        vlan=row["vlan"],
        vendor=row["vendor"],
        said_by=SaidBy(row["said_by"]),
        last=rows.wall(row["last"]),
    )
