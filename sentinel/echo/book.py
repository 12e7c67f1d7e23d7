"""The echo's book: who may ask, who was invited, and how often somebody asked."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b, sha256

from sentinel.dsse import key_id
from sentinel.echo import quota
from sentinel.echo.file import File
from sentinel.echo.protocol import EXTRA_PORTS
from sentinel.echo.refused import Refused
from sentinel.model.moment import Address

SCHEMA = """
CREATE TABLE IF NOT EXISTS place (name TEXT, port INTEGER);
CREATE TABLE IF NOT EXISTS invitations (code BLOB PRIMARY KEY, alias TEXT, expires REAL, key TEXT);
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, public BLOB, alias TEXT, first REAL, last REAL, checks INTEGER DEFAULT 0, revoked REAL
);
CREATE TABLE IF NOT EXISTS checks (
  at REAL, id TEXT, key TEXT, family INTEGER, target BLOB, network TEXT,
  asked INTEGER, open INTEGER, took REAL
);
CREATE TABLE IF NOT EXISTS ports (at REAL, key TEXT, family INTEGER, port INTEGER);
CREATE TABLE IF NOT EXISTS marks (kind TEXT, mark BLOB, at REAL, PRIMARY KEY (kind, mark)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS checks_at ON checks (at);
CREATE INDEX IF NOT EXISTS ports_at ON ports (at);
"""
KEPT_S = 14 * quota.DAY_S
"""How long a check stays in the log."""
MARKS_KEPT_S = 90 * quota.DAY_S
"""The longest anything is remembered of one door."""
VERSION_LETTERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One check that wants to be made."""

    check: str
    key: str
    target: Address
    asked: int
    extra: frozenset[int]
    """Ports beyond the named list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """One line of the operator's list; times in seconds since 1970."""

    id: str
    alias: str
    first: float
    last: float | None
    """When it last asked a question that was its own, answered or not; None: never."""
    checks: int
    revoked: bool
    version: str
    """Of its software, as it says."""

    def silent_since(self, moment: float) -> bool:
        """Whether it was not heard since then; a key that was taken back is not waited for."""
        return not self.revoked and (self.first if self.last is None else self.last) < moment


class Book(File):
    """The practices, and what each may still ask; every method may raise `sqlite3.Error`: "not ready"."""

    schema = SCHEMA
    added = {"keys": {"version": "TEXT"}}  # noqa: RUF012 # a ClassVar, by the base

    def settle(self, name: str, port: int) -> None:
        """Remember under which name and port invitations must send people here."""
        with self._write() as db:
            db.execute("DELETE FROM place")
            db.execute("INSERT INTO place VALUES (?, ?)", (name, port))

    def place(self) -> tuple[str, int] | None:
        """Name and port, once the echo has been started."""
        with self._open() as db:
            row = db.execute("SELECT name, port FROM place").fetchone()
        return (row[0], row[1]) if row else None

    def invite(self, code: str, alias: str, expires: float) -> None:
        """Let whoever brings this code enrol once, until `expires`."""
        with self._write() as db:
            db.execute("INSERT INTO invitations VALUES (?, ?, ?, NULL)", (_hidden(code), alias, expires))

    def enrol(self, code: str, public_key: bytes, now: float) -> None:
        """Use up an invitation. The same key may bring the same code again: its first answer may have been lost.

        Raises:
            Refused: the code is unknown, used up or expired.
        """
        name = key_id(public_key)
        with self._write() as db:
            alias, used_before = self._invited(db, code, name, now)
            db.execute("UPDATE invitations SET key = ? WHERE code = ?", (name, _hidden(code)))
            db.execute(
                "INSERT INTO keys (id, public, alias, first) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET alias = excluded.alias, revoked = iif(?, revoked, NULL)",
                (name, public_key, alias, now, used_before),
            )

    @staticmethod
    def _invited(db: sqlite3.Connection, code: str, name: str, now: float) -> tuple[str, bool]:
        """The alias of an invitation that is still good for the key of this name, and whether it was used already.

        Used already, it brings back no key that was revoked since.
        """
        row = db.execute("SELECT alias, expires, key FROM invitations WHERE code = ?", (_hidden(code),)).fetchone()
        if row is None or row[1] < now or row[2] not in (None, name):
            raise Refused("key_unknown")
        return str(row[0]), row[2] is not None

    def public_key(self, name: str) -> bytes | None:
        """The key of this name, unless it was never enrolled or was revoked."""
        with self._open() as db:
            row = db.execute("SELECT public FROM keys WHERE id = ? AND revoked IS NULL", (name,)).fetchone()
        return row[0] if row else None

    def everybody(self) -> list[KnownKey]:
        """Everybody who ever enrolled, oldest first."""
        with self._open() as db:
            rows = db.execute(
                "SELECT id, alias, first, last, checks, revoked, version FROM keys ORDER BY first"
            ).fetchall()
        return [
            KnownKey(
                id=row[0], alias=row[1], first=row[2], last=row[3], checks=row[4],
                revoked=row[5] is not None, version=row[6] or "",
            )
            for row in rows
        ]  # fmt: skip

    def heard(self, name: str, version: str, now: float) -> None:
        """A key asked a question that was its own: whatever becomes of it, its sentinel is alive."""
        shown = "".join(letter for letter in version if letter.isascii() and letter.isprintable())[
            :VERSION_LETTERS
        ]
        with self._write() as db:
            db.execute("UPDATE keys SET last = ?, version = ? WHERE id = ?", (now, shown, name))

    def rename(self, who: str, alias: str) -> int:
        """Give the keys of this id or alias another alias; how many there were."""
        with self._write() as db:
            return db.execute("UPDATE keys SET alias = ? WHERE id = ? OR alias = ?", (alias, who, who)).rowcount

    def revoke(self, who: str, now: float) -> int:
        """Take back the keys of this id or alias, from the next request on; how many there were."""
        with self._write() as db:
            return db.execute(
                "UPDATE keys SET revoked = ? WHERE revoked IS NULL AND (id = ? OR alias = ?)", (now, who, who)
            ).rowcount

    def target_wait(self, target: Address, now: float) -> float:
        """Seconds until this address may be dialled again, whoever asks."""
        with self._open() as db:
            rows = db.execute(
                "SELECT at FROM checks WHERE target = ? AND at > ? ORDER BY at",
                (self._blind(target), now - quota.HOUR_S),
            ).fetchall()
        times = [row[0] for row in rows]
        return quota.wait_for_count(times, now, window=quota.HOUR_S, count=quota.TARGET_PER_HOUR)

    def enter(self, entry: Entry, now: float) -> None:
        """Count a check before it is made.

        Raises:
            Refused: `quota`, with the seconds to wait.
        """
        family, target = entry.target.version, self._blind(entry.target)
        with self._write() as db:
            wait = max(self._key_wait(db, entry, target, now), self._port_wait(db, entry, now))
            if wait > 0:
                raise Refused("quota", wait)
            db.execute(
                "INSERT INTO checks VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (now, entry.check, entry.key, family, target, str(quota.cut(entry.target)), entry.asked),
            )
            db.executemany(
                "INSERT INTO ports VALUES (?, ?, ?, ?)",
                [(now, entry.key, family, port) for port in sorted(entry.extra)],
            )
            db.execute("UPDATE keys SET checks = checks + 1 WHERE id = ?", (entry.key,))
            db.execute("DELETE FROM checks WHERE at < ?", (now - KEPT_S,))
            db.execute("DELETE FROM ports WHERE at < ?", (now - quota.DAY_S,))
            db.execute("DELETE FROM marks WHERE at < ?", (now - MARKS_KEPT_S,))

    @staticmethod
    def _key_wait(db: sqlite3.Connection, entry: Entry, target: bytes, now: float) -> float:
        rows = db.execute(
            "SELECT at, target FROM checks WHERE key = ? AND family = ? AND at > ? ORDER BY at",
            (entry.key, entry.target.version, now - quota.DAY_S),
        ).fetchall()
        times = [row[0] for row in rows]
        last = {row[1]: row[0] for row in rows if row[1] != target}
        return max(
            quota.wait_for_rate(times, now, every=quota.KEY_EVERY_S, burst=quota.KEY_BURST),
            quota.wait_for_count(times, now, window=quota.DAY_S, count=quota.KEY_PER_DAY),
            quota.wait_for_count(
                sorted(last.values()), now, window=quota.DAY_S, count=quota.KEY_ADDRESSES_PER_DAY
            ),
        )

    @staticmethod
    def _port_wait(db: sqlite3.Connection, entry: Entry, now: float) -> float:
        """Different extra ports in a day: a port asked for hourly counts once."""
        rows = db.execute(
            "SELECT port, max(at) FROM ports WHERE key = ? AND family = ? AND at > ? GROUP BY port",
            (entry.key, entry.target.version, now - quota.DAY_S),
        ).fetchall()
        others = sorted(at for port, at in rows if port not in entry.extra)
        surplus = len(others) + len(entry.extra) - EXTRA_PORTS
        if not entry.extra or surplus <= 0:
            return 0.0
        return float(others[surplus - 1]) + quota.DAY_S - now

    def finish(self, check: str, opened: int, took: float) -> None:
        """Note how a check went: a count and a duration, no result."""
        with self._write() as db:
            db.execute("UPDATE checks SET open = ?, took = ? WHERE id = ?", (opened, took, check))

    def mark(self, kind: str, key: str, target: Address, port: int, now: float) -> None:
        """Remember that something happened to one door of one caller; a reader of the file cannot tell which."""
        with self._write() as db:
            db.execute(
                "INSERT INTO marks VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
                (kind, self._blind_door(kind, key, target, port), now),
            )

    def marked_among(self, kind: str, key: str, target: Address, ports: Iterable[int], since: float) -> set[int]:
        """The ports of an address to which that happened at `since` or later; MARKS_KEPT_S back at most."""
        blinded = {self._blind_door(kind, key, target, port): port for port in ports}
        holes = ", ".join("?" * len(blinded))
        with self._open() as db:
            rows = db.execute(
                f"SELECT mark FROM marks WHERE kind = ? AND at >= ? AND mark IN ({holes})",  # noqa: S608 holes only
                (kind, since, *blinded),
            ).fetchall()
        return {blinded[row[0]] for row in rows}

    def _blind_door(self, kind: str, key: str, target: Address, port: int) -> bytes:
        door = f"{kind}|{key}|{target.version}|{target}|{port}"
        return blake2b(door.encode(), key=self._secret, digest_size=16).digest()


def _hidden(code: str) -> bytes:
    return sha256(code.encode()).digest()
