"""Nothing of an update is read before its signature; and only what is newer is taken."""

import json

import pytest

from sentinel.card.manifest import keys_in, ordered, refuse_unless_newer, verified
from sentinel.errors import NotReadable
from tests.card.updates import CURRENT, KEYS, NEXT, STRANGER, lay_keys

HASH = "0f" * 32
TOLD = {
    "format": 1,
    "version": "0.2.0",
    "made": "2026-11-26T04:00:00+00:00",
    "boot": {"size": 10, "sha256": HASH},
    "root": {"size": 20, "sha256": HASH},
}


@pytest.mark.parametrize("key", [CURRENT, NEXT], ids=["current", "next"])
def test_either_of_the_two_keys_counts(key):
    """The second takes over on the day the first is lost."""
    raw = json.dumps(TOLD).encode()

    found = verified(raw, key.sign(raw), KEYS)

    assert (found.version, found.boot.size, found.root.size, found.root.sha256) == ("0.2.0", 10, 20, HASH)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: (raw, STRANGER.sign(raw)),
        lambda raw: (raw + b" ", CURRENT.sign(raw)),  # means the same, is not the same
        lambda raw: (raw, CURRENT.sign(raw)[:-1]),
        lambda raw: (raw, bytes(64)),
        lambda raw: (raw, b""),
    ],
    ids=["another key", "another space", "cut", "zeros", "none"],
)
def test_what_neither_key_signed_is_refused(spoil):
    """To the byte."""
    with pytest.raises(NotReadable, match="not signed by a key this sentinel trusts"):
        verified(*spoil(json.dumps(TOLD).encode()), KEYS)


def test_the_signature_is_looked_at_before_the_words():
    """A reader of JSON has faults; who is not trusted never reaches it."""
    with pytest.raises(NotReadable, match="not signed"):
        verified(b"[" * 100_000, bytes(64), KEYS)


MISTAKEN = {
    "no JSON": b"{",
    "no text": b"\xff",
    "a list": b"[]",
    "too deep": b"[" * 100_000,
    "a key twice": json.dumps(TOLD).encode()[:-1] + b', "version": "9.9.9"}',
    "a key twice inside": json.dumps(TOLD).replace('{"size": 10', '{"size": 1, "size": 10').encode(),
    "another format": {**TOLD, "format": 2},
    "a key more": {**TOLD, "run": "rm"},
    "a key less": {key: value for key, value in TOLD.items() if key != "root"},
    "no number": {**TOLD, "version": "0.2.0-rc1"},
    "a number": {**TOLD, "version": 2},
    "another time": {**TOLD, "made": "2026-11-26T04:00:00+01:00"},
    "no time zone": {**TOLD, "made": "2026-11-26T04:00:00"},
    "no time": {**TOLD, "made": 5},
    "no size": {**TOLD, "root": {"size": 0, "sha256": HASH}},
    "less than nothing": {**TOLD, "root": {"size": -1, "sha256": HASH}},
    "yes for a size": {**TOLD, "root": {"size": True, "sha256": HASH}},
    "half a byte": {**TOLD, "root": {"size": 1.5, "sha256": HASH}},
    "a short hash": {**TOLD, "root": {"size": 1, "sha256": HASH[1:]}},
    "no hash": {**TOLD, "root": {"size": 1, "sha256": None}},
    "no part": {**TOLD, "root": 5},
}


@pytest.mark.parametrize("told", MISTAKEN.values(), ids=MISTAKEN.keys())
def test_a_signed_manifest_that_says_something_else_is_refused(told):
    """In one sentence; the signer, too, makes mistakes."""
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()

    with pytest.raises(NotReadable, match="manifest cannot be understood") as refused:
        verified(raw, CURRENT.sign(raw), KEYS)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("version", "running"),
    [("0.2.0", "0.1.9"), ("0.10.0", "0.9.0"), ("1.0", "0.99.99"), ("0.2.0.1", "0.2.0"), ("0.2.1", "0.2")],
)
def test_versions_compare_as_numbers(version, running):
    """Not as words."""
    refuse_unless_newer(version, running)

    with pytest.raises(NotReadable, match=f"the update is version {running}, and {version} is running"):
        refuse_unless_newer(running, version)


@pytest.mark.parametrize(("version", "running"), [("0.2.0", "0.2.0"), ("0.2", "0.2.0"), ("0.2.0.0", "0.2")])
def test_the_same_version_with_other_content_is_not_newer(version, running):
    """However it is written."""
    with pytest.raises(NotReadable, match="only a newer one is taken"):
        refuse_unless_newer(version, running)


@pytest.mark.parametrize("version", ["", "1", "v1.0", "1.0.0.0.0", "01.0", "1..0", "1.0.", "٢.0", "1.0\n", "1.-1"])
def test_what_is_no_version_compares_with_nothing(version):
    """Not knowing is never a reason to install."""
    with pytest.raises(ValueError, match="is not a version"):
        ordered(version)
    with pytest.raises(NotReadable, match="cannot be compared"):
        refuse_unless_newer("0.2.0", version)


def test_a_system_carries_two_keys(tmp_path):
    """And both are read."""
    assert len(keys_in(lay_keys(tmp_path / "keys"))) == 2


@pytest.mark.parametrize("name", ["current", "next"])
@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_key_that_cannot_be_read_is_named(tmp_path, name, content):
    """No update is better than one whose signer nobody knows."""
    path = lay_keys(tmp_path) / f"{name}.pub"
    path.unlink() if content is None else path.write_bytes(content)

    with pytest.raises(NotReadable, match=f"{name}.pub cannot be read"):
        keys_in(tmp_path)
