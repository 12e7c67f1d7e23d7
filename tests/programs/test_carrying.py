"""A file of elsewhere by another's hands: whole, or broken and said so, whatever the other hands do."""

import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sentinel.errors import MissingDevice, NotReadable
from sentinel.programs.carrying import LINE, PIECE, Carried
from sentinel.programs.fetching import Broken, small
from tests.programs.shelves import Shelf, carried, heard, serving

ADDRESS = "https://192.0.2.1/releases"


@pytest.fixture
def shelf(tmp_path) -> Iterator[Shelf]:
    """Somebody else's server."""
    with serving(tmp_path) as shelf:
        yield shelf


def whole(source: Carried, name: str) -> bytes:
    """To its end, and once beyond."""
    held = b""
    with source.opened(name) as stream:
        while piece := stream.read(100_000):
            held += piece
        assert stream.read(1) == b""
    return held


def test_a_file_comes_as_if_it_had_been_fetched_by_the_asker(shelf, tmp_path):
    """To the byte, one file for each connection; the address is the asker's word."""
    shelf.files = {"long": os.urandom(3 * PIECE + 7), "empty": b"", "small": b"x" * 64}

    with carried(shelf, tmp_path, 3) as source:
        assert whole(source, "long") == shelf.files["long"]
        assert whole(source, "empty") == b""
        assert small(source, "small", 64) == b"x" * 64
    assert shelf.asked == ["/releases/long", "/releases/empty", "/releases/small"]


def test_a_small_file_that_is_large_is_refused(shelf, tmp_path):
    """By who asked, whatever the other hands let through."""
    shelf.files = {"latest.json": b"x" * 65}

    with (
        carried(shelf, tmp_path) as source,
        pytest.raises(NotReadable, match=r"latest\.json .* larger than 64 bytes"),
    ):
        small(source, "latest.json", 64)


def test_what_is_not_there_is_told_in_the_fetchers_words(shelf, tmp_path):
    """As if the asker had been there."""
    with carried(shelf, tmp_path) as source, pytest.raises(MissingDevice, match="answers 404") as told:
        source.opened("file")
    assert not isinstance(told.value, Broken)


def test_what_stops_on_its_way_is_broken_and_never_an_end(shelf, tmp_path):
    """Half an update is asked for again the next hour."""
    shelf.files, shelf.cut = {"file": bytes(5000)}, 2000

    with (
        carried(shelf, tmp_path) as source,
        pytest.raises(Broken, match="stopped coming, 3000 bytes before its end"),
    ):
        whole(source, "file")


def test_what_takes_too_long_is_left(shelf, tmp_path):
    """By the fetcher's clock."""
    shelf.files = {"file": bytes(5000)}

    with carried(shelf, tmp_path, longest=-1) as source, pytest.raises(Broken, match="takes too long"):
        whole(source, "file")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (b"", "nobody fetches"),
        (b"x" * (LINE + 1), "nobody fetches"),
        (b"\n", "is gone"),
        (b"\n" + struct.pack("!I", 9) + b"half", "is gone"),
        (b"\n" + struct.pack("!I", 4) + b"whole" + b"\0\0", "no such piece|is gone"),
        (b"\n" + struct.pack("!I", PIECE + 1), "no such piece"),
        (b"\n" + struct.pack("!I", 0), "is gone"),
        (b"\n" + struct.pack("!I", 0) + b"it is not whole\n", "it is not whole"),
    ],
)
def test_hands_that_fail_or_lie_hand_over_no_end(tmp_path, words, told):
    """Whoever talks to strangers may be theirs by now: all it can do is to break off."""

    def lie(entrance: socket.socket) -> None:
        line, _ = entrance.accept()
        with line:
            line.recv(LINE)
            line.sendall(words)

    with heard(tmp_path, 1, lie) as place, pytest.raises(MissingDevice, match=told):
        whole(Carried(ADDRESS, place), "file")


def test_without_anybody_who_fetches_nothing_comes(tmp_path):
    """As where the socket was stopped."""
    with pytest.raises(MissingDevice, match="nobody fetches an update"):
        Carried(ADDRESS, tmp_path / "none.sock").opened("file")


@contextmanager
def started(folder: Path, **environment: str) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """The unit's command, on the descriptor that systemd hands it."""
    place = folder / "fetch.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as entrance:
        entrance.bind(str(place))
        entrance.listen()
        script = f"import os, sys; os.dup2({entrance.fileno()}, 3); os.execv(sys.argv[1], sys.argv[1:])"
        command = [sys.executable, "-c", script, sys.executable, "-m", "sentinel", "fetch"]
        with subprocess.Popen(
            command,
            pass_fds=[entrance.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | environment,
        ) as served:
            try:
                yield place, served
            finally:
                served.kill()


def test_the_units_command_serves_one_and_ends(tmp_path):
    """What cannot be had is one sentence to the asker."""
    with started(tmp_path) as (place, served):
        with pytest.raises(MissingDevice, match=r"http://192\.0\.2\.1/file is not https"):
            Carried("http://192.0.2.1", place).opened("file")
        assert served.wait(20) == 0


@pytest.mark.parametrize("asked", [b"", b"https://192.0.2.1/releases fi"])
def test_who_goes_away_before_he_has_asked_leaves_one_line(tmp_path, asked):
    """A unit that failed for that would have the machine called degraded until its next start."""
    with started(tmp_path) as (place, served):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.connect(str(place))
            line.sendall(asked)
        told, _ = served.communicate(timeout=20)

    assert (served.returncode, told) == (0, "whoever asked went away: whoever was at the other end is gone\n")


def test_who_goes_away_in_mid_file_leaves_one_line(shelf, tmp_path):
    """As after every update that is refused before its end."""
    shelf.files = {"file": bytes(64 * PIECE)}

    with started(tmp_path, SSL_CERT_FILE=str(tmp_path / "cert.pem")) as (place, served):
        with Carried(shelf.address, place).opened("file") as stream:
            assert stream.read(PIECE)
        told, _ = served.communicate(timeout=20)

    assert served.returncode == 0, told
    assert re.fullmatch(r"whoever asked went away: .*(Broken pipe|reset by peer)\n", told)
