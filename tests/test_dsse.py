"""The signed envelope, with the vector that other implementations must agree on."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sentinel import dsse
from sentinel.dsse import Forged, Garbled
from sentinel.echo import protocol
from sentinel.echo.protocol import Progress, Refusal

SEED = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.generate()
SIGNATURE = (
    "e7dd5204b76f98bb85bcf780e4014ef11a3b5a5e71105331858af533528c0c7eeb5a3874791345c3d67de98b3145170ae34d9dc7cd13cbf5c"
    "44e9c50ec945100"
)


def unseal(raw, kind=protocol.REQUEST, keys=(PUBLIC,)):
    return dsse.unseal(raw, kind, protocol.REQUEST_BYTES, keys)


def envelope(body=b'{"v":1}', kind=protocol.REQUEST, signature=None, keyid=None):
    signed = signature or KEY.sign(dsse.signed_bytes(kind, body))
    signatures = [dsse.Signature(keyid=keyid or dsse.key_id(PUBLIC), sig=signed)]
    return dsse.encode(dsse.Envelope(payload_type=kind, payload=body, signatures=signatures))


UNSIGNED = dsse.encode(dsse.Envelope(payload_type=protocol.REQUEST, payload=b"{}", signatures=[]))


def test_the_test_vector_of_the_protocol():
    """Other implementations must agree on these very bytes."""
    encoded = dsse.signed_bytes(protocol.REQUEST, b'{"v":1}')

    assert encoded == b'DSSEv1 45 application/vnd.sentinel-echo.request.v1+json 7 {"v":1}'
    assert KEY.sign(encoded).hex() == SIGNATURE
    assert dsse.key_id(PUBLIC) == "ed25519:kzdvvj2umnduyauf"


def test_an_envelope_is_written_as_dsse_says():
    """Camel case outside, standard base64 inside."""
    written = json.loads(dsse.seal(protocol.PLAN, Refusal(error="busy"), KEY))

    assert written["payloadType"] == protocol.PLAN
    assert list(written) == ["payloadType", "payload", "signatures"]
    assert written["signatures"][0]["keyid"] == "ed25519:kzdvvj2umnduyauf"


def test_what_was_sealed_is_unsealed():
    """The very bytes that were signed come back."""
    sealed = dsse.seal(protocol.REQUEST, Progress(done=1, of=2), KEY)

    assert unseal(sealed) == b'{"done":1,"of":2}'


def test_the_second_of_two_trusted_keys_counts_too():
    """So that an echo can change its key."""
    assert unseal(envelope(), keys=(OTHER.public_key().public_bytes_raw(), PUBLIC)) == b'{"v":1}'


@pytest.mark.parametrize(
    ("raw", "keys"),
    [
        (envelope(), (OTHER.public_key().public_bytes_raw(),)),
        (envelope(), ()),
        (envelope(kind=protocol.REPORT), (PUBLIC,)),
        (envelope(signature=b"\0" * 64), (PUBLIC,)),
        (envelope(signature=b"short"), (PUBLIC,)),
        (envelope(signature=KEY.sign(dsse.signed_bytes(protocol.PLAN, b'{"v":1}'))), (PUBLIC,)),
        (envelope(signature=KEY.sign(b'{"v":1}')), (PUBLIC,)),
        (envelope(keyid=dsse.key_id(OTHER.public_key().public_bytes_raw())), (PUBLIC,)),
        (envelope().replace(b"eyJ2IjoxfQ==", b"eyJ2IjoyfQ=="), (PUBLIC,)),
        (UNSIGNED, (PUBLIC,)),
        (envelope(), (b"not a key",)),
    ],
    ids=[
        "other key", "no key", "other type", "zeros", "short", "signed as a plan", "signed without its type",
        "other name", "changed body", "unsigned", "trusted key is none",
    ],
)  # fmt: skip
def test_a_forged_envelope_is_never_opened(raw, keys):
    """Type, key and signature must all be right."""
    with pytest.raises(Forged):
        unseal(raw, keys=keys)


@pytest.mark.parametrize("raw", [b"", b"{}", b"<html>", b'{"payloadType":1}', b"\xff", b"[" * 5000, b"x" * 9000])
def test_what_is_no_envelope_is_garbled(raw):
    """Nothing of it is believed."""
    with pytest.raises(Garbled):
        unseal(raw)


def test_an_envelope_too_large_is_not_even_parsed():
    """The limit comes first."""
    large = envelope(body=b" " * protocol.REQUEST_BYTES)

    with pytest.raises(Garbled, match="bytes"):
        unseal(large)


def test_unknown_fields_are_ignored():
    """A later protocol may say more."""
    assert dsse.decode(b'{"done":1,"of":2,"new":[3]}', Progress) == Progress(done=1, of=2)


@given(st.binary(max_size=400))
def test_no_bytes_at_all_open_an_envelope(raw):
    """Only Garbled or Forged, never another exception, never a body."""
    with pytest.raises((Garbled, Forged)):
        unseal(raw)


@given(st.binary(max_size=200), st.sampled_from([protocol.REQUEST, protocol.PLAN, protocol.REPORT]))
def test_every_body_survives_its_envelope(body, kind):
    """Bytes are signed, not values."""
    assert unseal(envelope(body=body, kind=kind), kind=kind) == body


@given(st.data())
def test_one_changed_byte_anywhere_is_noticed(data):
    """In the envelope's payload, type, name or signature; blanks between them do not count."""
    raw = bytearray(envelope())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))

    try:
        body = unseal(bytes(raw))
    except (Garbled, Forged):
        return
    assert body == b'{"v":1}'
