"""The code that opens the detailed pages: no sentinel is born with a default one."""

import secrets
from pathlib import Path

from sentinel.config import Config
from sentinel.errors import MissingDevice
from sentinel.places import Places
from sentinel.secret import write_secret

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without the letters and digits that are read for one another."""


def claim_code(config: Config, places: Places) -> str:
    """The code that opens the detailed pages; made at the first start when the file names none.

    Raises:
        MissingDevice: it can neither be read nor written.
    """
    if config.page.code:
        return config.page.code
    try:
        return _kept(places.code) or _make(places.code)
    except OSError as error:
        raise MissingDevice(f"the code of the page cannot be kept: {error}") from None


def _kept(path: Path) -> str:
    """What an earlier start wrote; nothing when a power cut left it empty."""
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _make(path: Path) -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    code = f"{letters[:4]}-{letters[4:]}"
    write_secret(path, f"{code}\n".encode())
    return code
