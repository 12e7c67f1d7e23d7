"""Whether an IPv4 address is shared by several practices, by the source ports they come from.

Some providers give one address to four subscribers, each a quarter of its ports (RFC 6346). There the address
that asks is not the only one behind the door: nothing may be dialled but what the caller has declared as its own.
A plain translator also hides several keys, but their ports wander: a caller seen in two quarters on one day holds
more than a quarter, so nobody there is a neighbour. Kept in the book, not in memory: an echo that was just started
must not knock at the neighbour of the first who asks. Four rows at most for each key and address, for a week.
"""

from collections import defaultdict

from sentinel.echo import quota
from sentinel.echo.file import File
from sentinel.model.moment import Address

QUARTER = 16_384
REMEMBERED_S = 7 * quota.DAY_S


class Neighbours(File):
    """Where each key was seen to come from."""

    schema = """
    CREATE TABLE IF NOT EXISTS quarters (
      at REAL, target BLOB, key TEXT, quarter INTEGER, PRIMARY KEY (target, key, quarter)
    );
    CREATE INDEX IF NOT EXISTS quarters_at ON quarters (at);
    """

    def note(self, address: Address, key: str, port: int, now: float) -> frozenset[int]:
        """Remember one sighting; the quarters of the ports, 0-3, in which only others were seen.

        Empty: as far as we know the address is the caller's alone. So is every IPv6 address.
        """
        if address.version != 4:
            return frozenset()
        target = self._blind(address)
        with self._write() as db:
            db.execute("DELETE FROM quarters WHERE at < ?", (now - REMEMBERED_S,))
            db.execute("INSERT OR REPLACE INTO quarters VALUES (?, ?, ?, ?)", (now, target, key, port // QUARTER))
            rows = db.execute("SELECT key, quarter, at FROM quarters WHERE target = ?", (target,)).fetchall()
        if _somebody_wanders(rows, now - quota.DAY_S):
            return frozenset()
        own = {quarter for who, quarter, _ in rows if who == key}
        return frozenset(quarter for who, quarter, _ in rows if who != key) - own


def _somebody_wanders(rows: list[tuple[str, int, float]], since: float) -> bool:
    seen: defaultdict[str, set[int]] = defaultdict(set)
    for who, quarter, at in rows:
        if at >= since:
            seen[who].add(quarter)
    return any(len(quarters) > 1 for quarters in seen.values())


def reaches(low: int, high: int, quarters: frozenset[int]) -> bool:
    """Whether a declared share reaches into one of these quarters."""
    return any(low // QUARTER <= quarter <= high // QUARTER for quarter in quarters)
