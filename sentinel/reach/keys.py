"""Who we are to an echo, and which echoes we trust: a key of our own, and the keys their invitations named."""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel.dsse import key_id
from sentinel.errors import NotReadable
from sentinel.secret import write_secret

MOST = 3
"""Echoes that are asked, one after the other."""
_changing = Lock()
"""Both families and the re-tests may learn new keys at once: reading the list and writing it are one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """An echo we enrolled at."""

    host: str
    """As in its invitation: a name, or an address without brackets."""
    port: int
    key_id: str
    """Of the key its invitation named; its name in every fact."""
    keys: tuple[bytes, ...]
    """Ed25519 public keys whose reports count: the current one and the next."""
    vantage: str
    """The echo's own name for where it stands."""


def own_key(folder: Path) -> Ed25519PrivateKey:
    """Our signing key, made on first use; it never leaves `folder`.

    Raises:
        NotReadable: the file is not an Ed25519 key.
        OSError: the folder cannot be read or written.
    """
    path = folder / "sentinel.key"
    if not path.exists():
        write_secret(path, _pem(Ed25519PrivateKey.generate()))
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise NotReadable(f"{path} is not a private key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise NotReadable(f"{path} is not an Ed25519 key")
    return key


def own_key_id(key: Ed25519PrivateKey) -> str:
    """How echoes name us."""
    return key_id(key.public_key().public_bytes_raw())


def echoes(folder: Path) -> tuple[Echo, ...]:
    """Every echo we enrolled at, in the order of enrolment; none yet is an empty tuple.

    Raises:
        NotReadable: `echoes.json` is not what we wrote.
    """
    path = folder / "echoes.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[Echo, ...])
    except FileNotFoundError:
        return ()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotReadable(f"{path} cannot be read: {error}") from None


def keep(folder: Path, echo: Echo) -> None:
    """Remember an echo, first of all; its former self is replaced, and the oldest beyond MOST is forgotten.

    Its former self is also whoever was known at the same place: one server under two names is no second witness.

    Raises:
        NotReadable: what was kept before cannot be read, and is left as it is.
        OSError: the folder cannot be written.
    """
    with _changing:
        others = tuple(known for known in echoes(folder) if not _is_same(known, echo))
        _write(folder, (echo, *others)[:MOST])


def renew(folder: Path, echo: Echo) -> None:
    """Replace the keys of an echo we know, in its place; one we do not know stays unknown.

    Raises:
        NotReadable: what was kept before cannot be read, and is left as it is.
        OSError: the folder cannot be written.
    """
    with _changing:
        known = echoes(folder)
        renewed = tuple(echo if each.key_id == echo.key_id else each for each in known)
        if renewed != known:
            _write(folder, renewed)


def _is_same(one: Echo, other: Echo) -> bool:
    return one.key_id == other.key_id or (one.host.lower(), one.port) == (other.host.lower(), other.port)


def _write(folder: Path, kept: tuple[Echo, ...]) -> None:
    write_secret(folder / "echoes.json", msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
