"""What an update is: its version and its parts, signed. The signature is looked at before a word of it is read."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sentinel.errors import NotReadable

FORMAT: Final = 1
MOST: Final = 16 * 1024
"""Bytes of a manifest."""
SIGNATURE: Final = 64
"""Bytes of an Ed25519 signature (RFC 8032)."""
KEYS: Final = ("current", "next")
"""The two whose signature counts; SECURITY.md says how the second becomes the first."""

_VERSION = re.compile(r"(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){1,3}")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the two parts, unpacked."""

    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was signed."""

    version: str
    """Dotted whole numbers."""
    made: datetime
    boot: Part
    """A tar of the files of one folder of the firmware partition."""
    root: Part
    """The root partition's file system."""


def keys_in(folder: Path) -> tuple[Ed25519PublicKey, ...]:
    """The keys this system trusts.

    Raises:
        NotReadable: one of the two is missing, or is no Ed25519 key.
    """
    return tuple(_key(folder / f"{name}.pub") for name in KEYS)


def _key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError):
        raise NotReadable(f"the update key {path} cannot be read") from None
    if not isinstance(key, Ed25519PublicKey):
        raise NotReadable(f"the update key {path} is not an Ed25519 key")
    return key


def verified(raw: bytes, signature: bytes, keys: Collection[Ed25519PublicKey]) -> Manifest:
    """The manifest, if one of `keys` signed these very bytes.

    Raises:
        NotReadable: nobody we trust signed it, or it does not say what a manifest says.
    """
    if not any(_signed(raw, signature, key) for key in keys):
        raise NotReadable("the update is not signed by a key this sentinel trusts")
    try:
        return _understood(json.loads(raw, object_pairs_hook=_once))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotReadable(f"the update's manifest cannot be understood: {error}") from None


def _signed(raw: bytes, signature: bytes, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(signature, raw)
    except InvalidSignature:
        return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in it twice")
    return found


def _understood(told: dict[str, Any]) -> Manifest:
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ValueError(f"it is not of format {FORMAT}")
    _only(told, {"format", "version", "made", "boot", "root"})
    ordered(told["version"])
    made = datetime.fromisoformat(told["made"])
    if made.utcoffset() != timedelta(0):
        raise ValueError(f"made = {told['made']!r:.40} is not in UTC")
    return Manifest(version=told["version"], made=made, boot=_part(told["boot"]), root=_part(told["root"]))


def _part(told: dict[str, Any]) -> Part:
    _only(told, {"size", "sha256"})
    size, digest = told["size"], told["sha256"]
    if type(size) is not int or size <= 0 or not _HASH.fullmatch(digest):
        raise ValueError("a part has no true size or hash")
    return Part(size=size, sha256=digest)


def _only(told: dict[str, Any], names: set[str]) -> None:
    if set(told) != names:
        raise ValueError(f"it holds {sorted(told)!r:.120} where {sorted(names)} belong")


def ordered(version: str) -> tuple[int, ...]:
    """A version as it compares: 0.10 is newer than 0.9, and 0.9 is 0.9.0.

    Raises:
        ValueError: it is not made of whole numbers.
    """
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise ValueError(f"{version!r:.40} is not a version such as 0.2.0")
    numbers = [int(each) for each in version.split(".")]
    return (*numbers, *[0] * (4 - len(numbers)))


def refuse_unless_newer(version: str, running: str) -> None:
    """An older system, signed once, must not come back with its old faults; nor one that only calls itself new.

    Raises:
        NotReadable: it is not newer than what runs, or what runs has no version to compare with.
    """
    try:
        newer = ordered(version) > ordered(running)
    except ValueError as error:
        raise NotReadable(f"the versions cannot be compared: {error}") from None
    if not newer:
        raise NotReadable(f"the update is version {version}, and {running} is running: only a newer one is taken")
