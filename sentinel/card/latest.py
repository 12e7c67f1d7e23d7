"""`latest.json`: which update is the newest, told by whoever signs them and not by whoever serves the file."""

import base64
import json
import re
from collections.abc import Collection
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sentinel.card.manifest import Manifest, verified
from sentinel.errors import NotReadable

MOST: Final = 64 * 1024
"""Bytes of the file."""

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.update")


def announced(raw: bytes, keys: Collection[Ed25519PublicKey]) -> tuple[Manifest, str]:
    """The newest update's manifest, and the name of its file beside this one.

    Raises:
        NotReadable: it is no `latest.json`, or none that a key of `keys` signed.
    """
    try:
        told = json.loads(raw)
        manifest, signature = (base64.b64decode(told[name], validate=True) for name in ("manifest", "signature"))
        name = _FILE.fullmatch(told["file"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotReadable("what tells of the newest version is not a latest.json") from None
    if not name:
        raise NotReadable("latest.json names a file as no update is named")
    return verified(manifest, signature, keys), name[0]
