"""A message, and the envelope it is signed in: DSSE (Dead Simple Signing Envelope), by Ed25519.

What is signed are bytes, never values: whoever reads checks size, type and signature first, and then parses the
very bytes that were verified, so no canonical JSON is needed.
"""

from base64 import b32encode
from collections.abc import Iterable
from hashlib import sha256
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

M = TypeVar("M", bound="Message")
"""One kind of message."""


class Garbled(ValueError):
    """The bytes do not hold what was wanted."""


class Forged(ValueError):
    """An envelope whose type, key or signature is not the one wanted."""


class Message(msgspec.Struct, frozen=True, omit_defaults=False):
    """One thing said: JSON, unknown fields ignored."""


class Signature(Message, frozen=True):
    """One signature of an envelope."""

    keyid: str
    sig: bytes


class Envelope(Message, frozen=True, rename="camel"):
    """A DSSE envelope; msgspec writes `bytes` as base64."""

    payload_type: str
    payload: bytes
    signatures: list[Signature]


def key_id(public_key: bytes) -> str:
    """The short name of an Ed25519 public key, given raw."""
    return "ed25519:" + b32encode(sha256(public_key).digest()[:10]).decode().lower()


def signed_bytes(kind: str, body: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what the signature is made over."""
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(body), body)


def encode(message: Message) -> bytes:
    """A message on one line of JSON."""
    return msgspec.json.encode(message)


def decode(raw: bytes, wanted: type[M]) -> M:
    """A message from JSON.

    Raises:
        Garbled: the bytes do not hold a `wanted`.
    """
    try:
        return msgspec.json.decode(raw, type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Garbled(f"not a {wanted.__name__}: {error}") from None


def seal(kind: str, message: Message, key: Ed25519PrivateKey) -> bytes:
    """A message in its signed envelope, on one line."""
    body = encode(message)
    signature = Signature(
        keyid=key_id(key.public_key().public_bytes_raw()), sig=key.sign(signed_bytes(kind, body))
    )
    return encode(Envelope(payload_type=kind, payload=body, signatures=[signature]))


def unseal(raw: bytes, kind: str, limit: int, keys: Iterable[bytes]) -> bytes:
    """The verified body of an envelope.

    Raises:
        Garbled: too large, or no envelope.
        Forged: another type, another key, or a wrong signature.
    """
    return verified(envelope(raw, kind, limit), keys)


def envelope(raw: bytes, kind: str, limit: int) -> Envelope:
    """An envelope of the wanted type, its signature not yet checked.

    Raises:
        Garbled: too large, or no envelope.
        Forged: an envelope of another type, or without a signature.
    """
    if len(raw) > limit:
        raise Garbled(f"{len(raw)} bytes where {limit} are allowed")
    found = decode(raw, Envelope)
    if found.payload_type != kind or not found.signatures:
        raise Forged(f"signed as {found.payload_type:.60}, not as {kind}")
    return found


def verified(found: Envelope, keys: Iterable[bytes]) -> bytes:
    """The body of an envelope that one of these public keys signed.

    Raises:
        Forged: none of them did.
    """
    known = {key_id(key): key for key in keys}
    for signature in found.signatures[:4]:
        key = known.get(signature.keyid)
        if key is not None and _is_signed(found, signature, key):
            return found.payload
    raise Forged("not signed by a key we trust")


def _is_signed(found: Envelope, signature: Signature, key: bytes) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(key)
        public.verify(signature.sig, signed_bytes(found.payload_type, found.payload))
    except (InvalidSignature, ValueError):
        return False
    return True
