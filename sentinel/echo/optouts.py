"""Who does not want to be knocked at: their own word, or the operator's.

An IPv4 address is one line. Over IPv6 a line is a /64: a browser comes from an address of today, and the sentinel
beside it from another one.
"""

import time
from dataclasses import dataclass

from sentinel.echo import quota
from sentinel.echo.deny import Network, unmapped
from sentinel.echo.file import File
from sentinel.echo.refused import Refused
from sentinel.model.moment import Address

KNOWN_FOR_S = 2.0
"""How long the list may be used as it was read: two thousand knocks a second do not each open a file."""
MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OptedOut:
    """One line of the operator's list."""

    network: str
    """The /24 or /48 around it; the address itself is not kept."""
    at: float
    """Seconds since 1970."""
    by: str
    """`page` or `operator`."""


class OptOuts(File):
    """The list; every method may raise `sqlite3.Error`, and then nothing is dialled."""

    schema = """
    CREATE TABLE IF NOT EXISTS optouts (line BLOB PRIMARY KEY, network TEXT, at REAL, by TEXT);
    """
    _lines: frozenset[bytes] = frozenset()
    _read_at = float("-inf")

    def covers(self, address: Address) -> bool:
        """Whether an address is on the list, as it was KNOWN_FOR_S ago at most."""
        if time.monotonic() - self._read_at > KNOWN_FOR_S:
            with self._open() as db:
                self._lines = frozenset(row[0] for row in db.execute("SELECT line FROM optouts"))
            self._read_at = time.monotonic()
        return bool(self._lines) and self._blind(line_of(address)) in self._lines

    def add(self, address: Address, by: str, now: float) -> None:
        """Put the line of an address on the list.

        Raises:
            Refused: `busy`, the list is full.
        """
        with self._write() as db:
            if db.execute("SELECT count(*) FROM optouts").fetchone()[0] >= MOST:
                raise Refused("busy")
            row = (self._blind(line_of(address)), str(quota.cut(unmapped(address))), now, by)
            db.execute("INSERT OR IGNORE INTO optouts VALUES (?, ?, ?, ?)", row)
        self._read_at = float("-inf")

    def remove(self, address: Address) -> bool:
        """Take it off again; whether it was there."""
        with self._write() as db:
            gone = db.execute("DELETE FROM optouts WHERE line = ?", (self._blind(line_of(address)),)).rowcount
        self._read_at = float("-inf")
        return gone > 0

    def everybody(self) -> list[OptedOut]:
        """All of them, oldest first."""
        with self._open() as db:
            rows = db.execute("SELECT network, at, by FROM optouts ORDER BY at").fetchall()
        return [OptedOut(network=network, at=at, by=by) for network, at, by in rows]


def line_of(address: Address) -> Network:
    """What is opted out with an address: itself, or its /64."""
    address = unmapped(address)
    return quota.network_of(address) if address.version == 6 else quota.alone(address)
