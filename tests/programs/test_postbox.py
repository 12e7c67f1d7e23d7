"""Where `listen` brings its facts: taken, acknowledged, and the line may break and come back."""

import os
import pwd
import queue
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sentinel.errors import ConfigurationError
from sentinel.programs.postbox import Postbox
from sentinel.wire.facts import Inbox, Outbox, Parcel
from tests.builders import connection

RUN = "run-1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "facts.sock"


@pytest.fixture
def taken() -> "queue.Queue[Parcel]":
    return queue.Queue()


@pytest.fixture
def postbox(path: Path, taken: "queue.Queue[Parcel]") -> Iterator[Postbox]:
    box = Postbox(path, taken.put)
    yield box
    box.close()


def call(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(3)
    line.connect(str(path))
    return line


def test_facts_are_posted_and_receipts_go_back(postbox, path, taken):
    """To whoever is on the line."""
    with closing(call(path)) as line:
        line.sendall(Outbox("run-1").put(connection()))
        assert taken.get(timeout=3) == Parcel("run-1", 1, connection())

        postbox.acknowledge("run-1", 1)

        assert list(Inbox().receipts(line.recv(100))) == [(RUN, 1)]


@pytest.mark.parametrize("spoilt", [b"\0\0\0\x02{}", b"\xff" * 100])
def test_garbage_is_said_and_the_next_line_is_taken(postbox, path, taken, caplog, spoilt):
    """A message that does not decode is skipped, a stream that cannot be one is hung up on."""
    with closing(call(path)) as line:
        line.sendall(spoilt)
    with closing(call(path)) as line:
        line.sendall(Outbox("run-1").put(connection()))
        assert taken.get(timeout=3).fact == connection()

    assert "did not decode" in caplog.text or "broke" in caplog.text


def test_a_receipt_for_nobody_is_no_error(postbox, path, taken):
    """`listen` will call again, and be told then."""
    postbox.acknowledge("run-1", 1)
    with closing(call(path)) as line:
        line.sendall(Outbox("run-1").put(connection()))
        taken.get(timeout=3)
    postbox.acknowledge("run-1", 1)
    postbox.acknowledge("", 0)


def test_the_socket_is_closed_to_others(postbox, path):
    """Whoever may write there could invent a quiet practice."""
    assert path.stat().st_mode & 0o007 == 0


def test_a_listener_that_stops_reading_does_not_hang_the_street(postbox, path, taken):
    """Receipts it does not take are dropped: it will call again, and be told then."""
    import time

    with closing(call(path)) as line:
        line.sendall(Outbox("run-1").put(connection()))
        taken.get(timeout=3)
        begun = time.monotonic()
        for number in range(30_000):
            postbox.acknowledge("run-1", number)

        assert time.monotonic() - begun < 5


def test_a_user_that_is_not_there_is_one_sentence(path):
    """As the configuration names it."""
    with pytest.raises(ConfigurationError, match=r"capture\.user = 'nobody-here'"):
        Postbox(path, lambda _: None, "nobody-here")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a socket another group's")
def test_the_listeners_group_may_connect_and_no_other(path):
    """Where `listen` has a user of its own."""
    box = Postbox(path, lambda _: None, "nobody")
    box.close()

    assert path.stat().st_gid == pwd.getpwnam("nobody").pw_gid
    assert path.stat().st_mode & 0o777 == 0o660
