"""What readers see of accounts: whether a password is set, who is logged in, what was done."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sentinel.store import rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One session that has not ended."""

    client: str
    """The address it came from, or its /64."""
    made: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One row of the audit."""

    number: int
    at: datetime
    client: str
    """Empty: the device's own command line."""
    verb: str
    who: str
    detail: str
    reply: str


class Accounts:
    """Questions about accounts; part of `reading.Reader`.

    Raises:
        OSError: through `reading.opened`: the store cannot be read.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @property
    def is_claimed(self) -> bool:
        """Whether a password opens the sentinel, and the claim code no more."""
        return self._db.execute("SELECT 1 FROM password WHERE hash <> ''").fetchone() is not None

    @property
    def is_forgotten(self) -> bool:
        """There was a password, and somebody at the device had it forgotten."""
        return self._db.execute("SELECT 1 FROM password WHERE hash = ''").fetchone() is not None

    def logins(self, now: datetime) -> list[Login]:
        """Who is logged in, the latest first."""
        found = self._db.execute(
            "SELECT client, made, until FROM sessions WHERE until > ? ORDER BY made DESC", (rows.text(now),)
        )
        return [Login(client=row[0], made=rows.wall(row[1]), until=rows.wall(row[2])) for row in found]

    def deeds(self, *, most: int = 50) -> list[Deed]:
        """The last acts and refused tries, the latest first."""
        found = self._db.execute("SELECT * FROM audit ORDER BY number DESC LIMIT ?", (most,))
        return [Deed(**{**dict(row), "at": rows.wall(row["at"])}) for row in found]
