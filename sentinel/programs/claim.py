"""The code that opens the detailed pages: no sentinel is born with a default one."""

import os
import secrets

from sentinel.config import Config
from sentinel.places import Places

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without the letters and digits that are read for one another."""


def claim_code(config: Config, places: Places) -> str:
    """The code that opens the detailed pages; made at the first start when the file names none."""
    if config.page.code:
        return config.page.code
    try:
        return places.code.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
        code = f"{letters[:4]}-{letters[4:]}"
        with os.fdopen(os.open(places.code, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(code + "\n")
        return code
