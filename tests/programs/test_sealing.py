"""A sealed stream comes back whole, or not at all."""

import io
import json

import pytest

from sentinel.errors import NotReadable
from sentinel.programs.sealing import CHUNK, Opener, Sealer
from tests.builders import START

SECRET = "correct horse"


def sealed(content: bytes, passphrase: str = SECRET) -> bytes:
    file = io.BytesIO()
    with Sealer(file, START, passphrase) as sealer:
        for place in range(0, len(content), 1000):
            sealer.write(content[place : place + 1000])
    return file.getvalue()


def opened(raw: bytes, passphrase: str = SECRET) -> bytes:
    return Opener(io.BytesIO(raw), passphrase).read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
@pytest.mark.parametrize("passphrase", ["", SECRET])
def test_what_went_in_comes_out(size, passphrase):
    """At every edge of a chunk; read in any portion."""
    content = bytes(number % 251 for number in range(size))
    raw = sealed(content, passphrase)

    assert opened(raw, passphrase) == content
    reader, parts = Opener(io.BytesIO(raw), passphrase), []
    while part := reader.read(777):
        parts.append(part)
    assert b"".join(parts) == content
    assert reader.made == START.isoformat()


def test_nothing_of_a_sealed_stream_can_be_read():
    """And the same content is never the same twice."""
    content = b"a name of somebody" * 10
    assert content[:8] not in sealed(content)
    assert sealed(content) != sealed(content)


def test_the_wrong_passphrase_and_none_are_two_sentences():
    """Neither is a traceback."""
    with pytest.raises(NotReadable, match="wrong, or the file is damaged"):
        opened(sealed(b"x"), "another")
    with pytest.raises(NotReadable, match="has a passphrase"):
        opened(sealed(b"x"), "")


def test_one_changed_bit_anywhere_is_seen():
    """In the first lines too: they are bound to every chunk. A passphrase costs time, so there a few bits do."""
    for passphrase, step in (("", 1), (SECRET, 40)):
        raw = sealed(b"x" * 100, passphrase)
        for place in range(0, len(raw), step):
            bent = bytearray(raw)
            bent[place] ^= 1
            with pytest.raises(NotReadable):
                opened(bytes(bent), passphrase)


def test_a_cut_a_swapped_and_a_repeated_chunk_are_seen():
    """The nonce counts, and marks the last."""
    raw = sealed(bytes(3 * CHUNK))
    start = raw.index(b"\n", 20) + 1
    size = 4 + CHUNK + 16
    head, one, two = raw[:start], raw[start : start + size], raw[start + size : start + 2 * size]
    rest = raw[start + 2 * size :]

    for forged in (head + one + two, head + two + one + rest, head + one + one + two + rest, head, raw[:-1]):
        with pytest.raises(NotReadable):
            opened(forged)


@pytest.mark.parametrize(
    "change", [{"v": 2}, {"n": 1 << 40}, {"n": 0}, {"r": 10**6}, {"salt": "?"}, {"made": 1, "v": "x"}, {"n": None}]
)
def test_first_lines_that_ask_for_too_much_are_refused(change):
    """Whoever made the file may not fill our memory with a costly key."""
    magic, line, rest = sealed(b"x").split(b"\n", 2)
    raw = b"\n".join([magic, json.dumps(json.loads(line) | change).encode(), rest])

    with pytest.raises(NotReadable, match=r"no backup|later release"):
        opened(raw)


@pytest.mark.parametrize("raw", [b"", b"SENTINEL-BACKUP\n", b"PK\x03\x04", b"SENTINEL-BACKUP\n[]\n", b"\n" * 9])
def test_what_is_no_backup_is_one_sentence(raw):
    """Whatever it is."""
    with pytest.raises(NotReadable, match="no backup"):
        opened(raw)
