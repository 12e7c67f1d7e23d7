"""Who is logged in: tokens and the password kept as hashes, wrong tries counted, all of it surviving a restart.

Until a password is set the claim code opens the sentinel; from then on the password alone. A try is written down
as wrong before anything is compared, and taken back when it was right: pulling the plug changes no count.
The count is kept for each client, and for all of them together, since an address of the LAN is easily invented;
the second one spares clients that are logged in, so that a stranger's tries shut nobody out of his own practice.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from sentinel.model.ledger import EntryKind
from sentinel.model.moment import Moment
from sentinel.store import rows
from sentinel.store.archive import Archive
from sentinel.store.audit import Audit
from sentinel.store.writing import Write

TRIES = 5
"""Wrong ones of one client within WINDOW."""
TRIES_OF_ALL = 40
WINDOW = timedelta(minutes=15)
LASTS = timedelta(days=30)
PASSWORD = "INSERT OR REPLACE INTO password VALUES (1, ?, ?)"  # noqa: S105 - a statement
NO_SESSIONS: Write = ("DELETE FROM sessions", ())


@dataclass(frozen=True, slots=True)
class Entry:
    """What came of a try: a token, or how long to wait, or neither for a wrong code."""

    token: str = ""
    wait: timedelta = timedelta(0)


class Sessions:
    """The desk that lets readers in.

    `names` are the words no password may be, beside the code; `claimed` is told when a password is set; `anew`
    makes another code, where the password is forgotten.
    """

    def __init__(
        self,
        archive: Archive,
        code: str,
        names: tuple[str, ...] = (),
        claimed: Callable[[], None] = lambda: None,
        anew: Callable[[], str] = str,
    ) -> None:
        self._archive = archive
        self._code = code
        self._claimed = claimed
        self._anew = anew
        self._names = names
        self.audit = Audit(archive)

    @property
    def names(self) -> tuple[str, ...]:
        """What no password may be."""
        return (self._code, *self._names)

    # -- tries ---------------------------------------------------------------------------------------------

    def enter(self, code: str, client: str, now: datetime) -> Entry:
        """Try the claim code. After five wrong tries within fifteen minutes from one address nothing is compared.

        Raises:
            OSError: the store cannot be written: without a record of tries nobody is let in.
        """
        wait = self.attempt(client, now)
        if wait:
            return Entry(wait=wait)
        is_right = bool(_plain(code)) and hmac.compare_digest(_plain(code), _plain(self._code))
        if self.password or not is_right:
            return Entry()
        self.forgive(client, now)
        return Entry(token=self.begin(client, now))

    def attempt(self, client: str, now: datetime) -> timedelta:
        """Write down one try, as a wrong one; or how long this client must wait before the next.

        Raises:
            OSError: the store cannot be written: then nothing may be compared.
        """
        since, who = now - WINDOW, _who(client)
        self._archive.at_once(
            "DELETE FROM wrong_codes WHERE at <= ? OR at > ?", (rows.text(since), rows.text(now + WINDOW))
        )  # the second: tries of a clock that has been put back
        wait = self._wait("WHERE client = ?", (who,), TRIES, now)
        if not wait and not self._is_at_home(who, now):
            wait = self._wait("", (), TRIES_OF_ALL, now)
        if not wait:
            self._archive.at_once("INSERT INTO wrong_codes VALUES (?, ?)", (who, rows.text(now)))
        return wait

    def _wait(self, whose: str, values: tuple[str, ...], tries: int, now: datetime) -> timedelta:
        found = self._archive.at_once(f"SELECT at FROM wrong_codes {whose} ORDER BY at", values)  # noqa: S608 - fixed words
        if len(found) < tries:
            return timedelta(0)
        return rows.wall(str(found[-tries][0])) + WINDOW - now

    def _is_at_home(self, who: str, now: datetime) -> bool:
        """Whether somebody at this address is logged in."""
        found = self._archive.at_once(
            "SELECT 1 FROM sessions WHERE client = ? AND until > ? LIMIT 1", (who, rows.text(now))
        )
        return bool(found)

    def forgive(self, client: str, now: datetime) -> None:
        """Take back the try of this moment: it was right."""
        self._archive.at_once(
            "DELETE FROM wrong_codes WHERE client = ? AND at = ?", (_who(client), rows.text(now))
        )

    # -- the password --------------------------------------------------------------------------------------

    @property
    def password(self) -> str:
        """The hash of the password; empty until one is set."""
        found = self._archive.at_once("SELECT hash FROM password", ())
        return str(found[0][0]) if found else ""

    def set_password(self, hashed: str, now: datetime) -> None:
        """From now on this one opens the sentinel; whoever was logged in is so no longer: both or neither.

        Raises:
            OSError: the store cannot be written; the old one still stands.
        """
        self._archive.together((PASSWORD, (hashed, rows.text(now))), NO_SESSIONS)
        self._claimed()

    @property
    def is_forgotten(self) -> bool:
        """There was a password: what claims the sentinel again is a code of its own, not the file's."""
        return self._archive.at_once("SELECT hash FROM password", ()) == [("",)]

    def forget_password(self, at: Moment, who: str) -> None:
        """None opens the sentinel any more, a new code claims it, and whoever was logged in is so no longer.

        Password, sessions and the journal's line change in one transaction: all of it or nothing.

        Raises:
            OSError: the code or the store cannot be written; the old password and its sessions still stand.
        """
        code = self._anew()  # first: a power cut between the two leaves a code that opens nothing
        forgotten = (PASSWORD, ("", rows.text(at.wall)))
        self._archive.together(forgotten, NO_SESSIONS, entry=(EntryKind.FORGOTTEN, at, {"who": who}))
        self._code = code

    # -- sessions ------------------------------------------------------------------------------------------

    def begin(self, client: str, now: datetime) -> str:
        """A new login: its token, which nobody has had before."""
        token = secrets.token_urlsafe(32)
        self._archive.at_once(
            "INSERT INTO sessions (token, made, until, client) VALUES (?, ?, ?, ?)",
            (_hash(token), rows.text(now), rows.text(now + LASTS), _who(client)),
        )
        self._archive.at_once("DELETE FROM sessions WHERE until < ?", (rows.text(now),))
        return token

    def knows(self, token: str, now: datetime) -> bool:
        """Whether a token stands for a login that has not ended."""
        values = (_hash(token), rows.text(now))
        return bool(self._archive.at_once("SELECT 1 FROM sessions WHERE token = ? AND until > ?", values))

    def leave(self, token: str) -> None:
        """Log out."""
        self._archive.at_once("DELETE FROM sessions WHERE token = ?", (_hash(token),))

    def leave_all(self) -> None:
        """Log everybody out, on every device."""
        self._archive.together(NO_SESSIONS)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _who(client: str) -> str:
    """Whose tries are counted together: an address, or the /64 of IPv6 that one device may fill at will."""
    try:
        address = ip_address(client.partition("%")[0])
    except ValueError:
        return client[:64]
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _plain(code: str) -> bytes:
    """A code as people type it: case, spaces and dashes do not count."""
    return "".join(letter for letter in code.upper() if letter.isalnum()).encode()
