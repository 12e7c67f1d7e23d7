"""Who is logged in: tokens kept as hashes, wrong codes counted, both surviving a restart."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sentinel.store import rows
from sentinel.store.archive import Archive

TRIES = 5
WINDOW = timedelta(minutes=15)
LASTS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Entry:
    """What came of a try: a token, or how long to wait, or neither for a wrong code."""

    token: str = ""
    wait: timedelta = timedelta(0)


class Sessions:
    """The desk that lets readers in."""

    def __init__(self, archive: Archive, code: str) -> None:
        self._archive = archive
        self._code = code

    def enter(self, code: str, client: str, now: datetime) -> Entry:
        """Try a code. After five wrong ones within fifteen minutes from one address nothing is compared.

        Raises:
            OSError: the store cannot be written: without a record of tries nobody is let in.
        """
        since = rows.text(now - WINDOW)
        found = self._archive.at_once(
            "SELECT at FROM wrong_codes WHERE client = ? AND at > ? ORDER BY at", (client, since)
        )
        if len(found) >= TRIES:
            return Entry(wait=rows.wall(str(found[-TRIES][0])) + WINDOW - now)
        if not _plain(code) or not hmac.compare_digest(_plain(code), _plain(self._code)):
            self._archive.at_once("INSERT INTO wrong_codes VALUES (?, ?)", (client, rows.text(now)))
            self._archive.at_once("DELETE FROM wrong_codes WHERE at < ?", (since,))
            return Entry()
        return Entry(token=self._make(now))

    def _make(self, now: datetime) -> str:
        token = secrets.token_urlsafe(32)
        values = (_hash(token), rows.text(now), rows.text(now + LASTS))
        self._archive.at_once("INSERT INTO sessions VALUES (?, ?, ?)", values)
        self._archive.at_once("DELETE FROM sessions WHERE until < ?", (rows.text(now),))
        return token

    def knows(self, token: str, now: datetime) -> bool:
        """Whether a token stands for a login that has not ended."""
        values = (_hash(token), rows.text(now))
        return bool(self._archive.at_once("SELECT 1 FROM sessions WHERE token = ? AND until > ?", values))

    def leave(self, token: str) -> None:
        """Log out."""
        self._archive.at_once("DELETE FROM sessions WHERE token = ?", (_hash(token),))


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _plain(code: str) -> bytes:
    """A code as people type it: case, spaces and dashes do not count."""
    return "".join(letter for letter in code.upper() if letter.isalnum()).encode()
