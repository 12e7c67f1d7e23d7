"""Checks that only ask whether doors found open before are closed now: a budget of their own.

Whoever closes a door wants to know at once whether it is closed, and a wait of ten minutes would teach him
nothing. A re-test names no port the echo has not itself reported open to this key at this address, so nobody finds
anything out by it that he was not told before.
"""

from sentinel.echo import quota
from sentinel.echo.book import KEPT_S, Entry
from sentinel.echo.file import File
from sentinel.echo.refused import Refused
from sentinel.model.moment import Address

KNOWN_S = 7 * quota.DAY_S
"""How long a door that was reported open may be asked about again."""


class Retests(File):
    """How often somebody asked again; every method may raise `sqlite3.Error`, which means "not ready"."""

    schema = """
    CREATE TABLE IF NOT EXISTS retests (
      at REAL, id TEXT, key TEXT, family INTEGER, target BLOB, network TEXT,
      asked INTEGER, open INTEGER, took REAL
    );
    CREATE INDEX IF NOT EXISTS retests_at ON retests (at);
    """

    def target_wait(self, target: Address, now: float) -> float:
        """Seconds until this address may be asked about again, whoever asks."""
        with self._open() as db:
            rows = db.execute(
                "SELECT at FROM retests WHERE target = ? AND at > ? ORDER BY at",
                (self._blind(target), now - quota.HOUR_S),
            ).fetchall()
        times = [row[0] for row in rows]
        return quota.wait_for_count(times, now, window=quota.HOUR_S, count=quota.RETESTS_OF_TARGET_PER_HOUR)

    def enter(self, entry: Entry, now: float) -> None:
        """Count a re-test before it is made.

        Raises:
            Refused: `quota`, with the seconds to wait.
        """
        family = entry.target.version
        with self._write() as db:
            rows = db.execute(
                "SELECT at FROM retests WHERE key = ? AND family = ? AND at > ? ORDER BY at",
                (entry.key, family, now - quota.HOUR_S),
            ).fetchall()
            wait = _wait([row[0] for row in rows], now)
            if wait > 0:
                raise Refused("quota", wait)
            where = (self._blind(entry.target), str(quota.cut(entry.target)))
            db.execute(
                "INSERT INTO retests VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (now, entry.check, entry.key, family, *where, entry.asked),
            )
            db.execute("UPDATE keys SET checks = checks + 1 WHERE id = ?", (entry.key,))
            db.execute("DELETE FROM retests WHERE at < ?", (now - KEPT_S,))

    def finish(self, check: str, opened: int, took: float) -> None:
        """Note how it went: a count and a duration, no result."""
        with self._write() as db:
            db.execute("UPDATE retests SET open = ?, took = ? WHERE id = ?", (opened, took, check))


def _wait(times: list[float], now: float) -> float:
    return max(
        quota.wait_for_rate(times, now, every=quota.RETEST_EVERY_S, burst=1),
        quota.wait_for_count(times, now, window=quota.HOUR_S, count=quota.RETESTS_PER_HOUR),
    )
