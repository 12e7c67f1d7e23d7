"""Packed bytes are unpacked by the `zstd` program, as they come, without any right."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel.card.tape import CHUNK
from sentinel.card.zstd import NOBODY, pack, unpacked
from sentinel.errors import NotReadable
from tests.card.updates import need_zstd

pytestmark = pytest.mark.zstd


def packed(folder: Path, plain: bytes) -> bytes:
    need_zstd()
    (folder / "plain").write_bytes(plain)
    pack(folder / "plain", folder / "packed")
    return (folder / "packed").read_bytes()


def pieces(raw: bytes, size: int = CHUNK) -> Iterator[bytes]:
    yield from (raw[place : place + size] for place in range(0, len(raw), size))


@pytest.mark.parametrize("size", [1, 65_536, CHUNK, 5 * CHUNK + 3])
def test_what_was_packed_comes_back(tmp_path, size):
    """However large, and however the pieces fall."""
    plain = os.urandom(size)

    assert b"".join(unpacked(pieces(packed(tmp_path, plain), 10_007), "it")) == plain


def test_packing_twice_gives_the_same_bytes(tmp_path):
    """Two makers of one release publish one file."""
    plain = os.urandom(3 * CHUNK) + bytes(3 * CHUNK)

    assert packed(tmp_path, plain) == packed(tmp_path, plain)


@pytest.mark.parametrize("spoil", ["cut", "flip", "noise", "nothing"])
def test_what_is_damaged_is_refused(tmp_path, spoil):
    """At its end at the latest."""
    good = packed(tmp_path, os.urandom(4 * CHUNK))
    middle = len(good) // 2
    flipped = good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]
    bad = {"cut": good[:middle], "flip": flipped, "noise": os.urandom(999), "nothing": b""}[spoil]

    with pytest.raises(NotReadable, match="it is damaged: it cannot be unpacked"):
        list(unpacked(pieces(bad), "it"))


def test_whoever_stops_early_leaves_no_program_behind(tmp_path):
    """A refusal in the middle ends it at once."""
    stream = unpacked(pieces(packed(tmp_path, bytes(64 * CHUNK))), "it")
    next(stream)
    stream.close()

    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert [pid for pid in children if Path(f"/proc/{pid}/comm").read_text().strip() == "zstd"] == []


def test_a_window_larger_than_the_machine_is_refused(tmp_path):
    """Two hundred megabytes asked for by nobody we know."""
    need_zstd()
    (tmp_path / "plain").write_bytes(os.urandom(CHUNK) + bytes(255 * CHUNK))
    subprocess.run(["zstd", "-q", "-1", "--long=28", "-o", tmp_path / "packed", tmp_path / "plain"], check=True)

    with pytest.raises(NotReadable, match="cannot be unpacked"):
        list(unpacked(pieces((tmp_path / "packed").read_bytes()), "it"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_it_runs_as_nobody(tmp_path):
    """What is unpacked was signed by nobody yet."""
    stream = unpacked(pieces(packed(tmp_path, os.urandom(8 * CHUNK))), "it")
    next(stream)

    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    [status] = [text for pid in children if "zstd" in (text := Path(f"/proc/{pid}/status").read_text())]
    stream.close()
    assert f"Uid:\t{NOBODY}\t{NOBODY}\t{NOBODY}\t{NOBODY}" in status
    assert "Groups:\t \n" in status
