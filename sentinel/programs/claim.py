"""The code that opens the detailed pages until a password is set: no sentinel is born with a default one."""

import secrets
from functools import partial
from pathlib import Path

from sentinel.config import Config
from sentinel.errors import MissingDevice
from sentinel.places import Places
from sentinel.secret import read_plain, write_secret
from sentinel.store import reading
from sentinel.store.archive import Archive
from sentinel.store.sessions import Sessions

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without the letters and digits that are read for one another."""


def reception(archive: Archive, config: Config, places: Places) -> Sessions:
    """The desk that lets readers in: by the code, whose file goes with the first password.

    Raises:
        MissingDevice: the code can neither be read nor written.
    """

    def claimed() -> None:
        """The code first: whoever sees the mark finds everything settled."""
        if places.code.exists() or not places.claimed.exists():
            places.code.unlink(missing_ok=True)
            write_secret(places.claimed, b"")

    def anew() -> str:
        return _make(places.code)

    names = (config.practice.name, config.practice.practitioner)
    code = partial(claim_code, config, places)
    sessions = Sessions(archive, config.page.code, names, claimed, anew)
    if sessions.password:
        claimed()  # a power cut between the two left it
        return sessions
    if sessions.is_forgotten:
        code = partial(own_code, places)
    return Sessions(archive, code(), names, claimed, anew)


def shown_code(config: Config, places: Places) -> str:
    """The code that opens this sentinel, for its console; empty once a password does."""
    try:
        with reading.opened(places.store) as reader:
            if reader.accounts.is_claimed:
                return ""
            if reader.accounts.is_forgotten:
                return own_code(places)
    except OSError:
        pass  # no store yet: nobody has claimed it
    return claim_code(config, places)


def claim_code(config: Config, places: Places) -> str:
    """The code that opens the detailed pages; made at the first start when the file names none.

    Raises:
        MissingDevice: it can neither be read nor written.
    """
    return config.page.code or own_code(places)


def own_code(places: Places) -> str:
    """The one that was made here, whatever the file says.

    Raises:
        MissingDevice: it can neither be read nor written.
    """
    try:
        return _kept(places.code) or _make(places.code)
    except OSError as error:
        raise MissingDevice(f"the code of the page cannot be kept: {error}") from None


def _kept(path: Path) -> str:
    """What an earlier start wrote; nothing when a power cut left it empty, or where a link lies."""
    return (read_plain(path) or b"").decode("utf-8", errors="replace").strip()


def _make(path: Path) -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    code = f"{letters[:4]}-{letters[4:]}"
    write_secret(path, f"{code}\n".encode())
    return code
