"""The machines of the practice as readers see them: one for each hardware address, however many others it had."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sentinel.model.finding import Code
from sentinel.model.machine import HostSighting, SeenBy, is_made_up
from sentinel.store import portraits, rows
from sentinel.store.portraits import Hung, Traits

MOST = 5000
ADDRESSES = 6
"""Of one machine, the last ones: a phone makes itself a new IPv6 address each day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One hardware address, and when it was heard."""

    mac: str
    first: datetime
    last: datetime
    crossed: datetime | None
    """When its traffic was last seen on the watched port; None: it has only been heard by broadcast."""
    vendor: str = ""
    """Who made it; empty where nobody knows."""

    @property
    def is_random(self) -> bool:
        """A locally administered address (IEEE 802): of a phone that invents one, or of a virtual machine."""
        return is_made_up(self.mac)


def write(sighting: HostSighting) -> tuple[str, tuple[object, ...]]:
    """A machine that was alive, over what was known of it."""
    at = rows.text(sighting.at.wall)
    crossed = at if sighting.seen_by is SeenBy.PASSING else None
    statement = (
        "INSERT INTO machines (mac, address, seen_by, first, last, crossed) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (mac, address) DO UPDATE SET last = excluded.last, seen_by = excluded.seen_by,"
        " crossed = coalesce(excluded.crossed, crossed)"
    )
    return statement, (sighting.mac, str(sighting.address), sighting.seen_by.value, at, at, crossed)


class Heard:
    """Questions about the machines; a part of the reader."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def machines(self) -> list[Machine]:
        """Every machine, MOST at most: the last heard first, invented addresses after the others."""
        found = self._db.execute(
            "SELECT mac, min(first) AS first, max(last) AS last, max(crossed) AS crossed,"
            " max(vendor) AS vendor FROM machines"
            " GROUP BY mac ORDER BY substr(mac, 2, 1) IN ('2', '3', '6', '7', 'a', 'b', 'e', 'f'),"
            " max(last) DESC LIMIT ?",
            (MOST,),
        )
        return [
            Machine(
                mac=row["mac"],
                first=rows.wall(row["first"]),
                last=rows.wall(row["last"]),
                crossed=rows.wall(row["crossed"]) if row["crossed"] else None,
                vendor=row["vendor"] or "",
            )
            for row in found
        ]

    def mac(self, address: str) -> str | None:
        """The hardware address last seen with an address."""
        question = "SELECT mac FROM machines WHERE address = ? ORDER BY last DESC LIMIT 1"
        row = self._db.execute(question, (address,)).fetchone()
        return row["mac"] if row else None

    def elsewhere(self) -> set[str]:
        """Machines that the street says do not pass the watched port, for as long as it says so."""
        question = "SELECT mac FROM incidents WHERE code = ? AND state != 'closed'"
        return {row["mac"] for row in self._db.execute(question, (Code.NOT_WATCHED.value,)) if row["mac"]}

    def addresses(self, macs: Iterable[str]) -> dict[str, list[str]]:
        """The last addresses of some machines, newest first, ADDRESSES of each at most."""
        question = "SELECT address FROM machines WHERE mac = ? ORDER BY last DESC LIMIT ?"
        return {mac: [row["address"] for row in self._db.execute(question, (mac, ADDRESSES))] for mac in macs}

    def traits(self, macs: Iterable[str]) -> dict[str, Traits]:
        """What some machines say of themselves; those that say nothing are missing."""
        return portraits.traits(self._db, macs)

    def hung(self) -> Hung | None:
        """The switch and the port of it that we hang on; None where no switch tells of itself."""
        return portraits.hung(self._db)
