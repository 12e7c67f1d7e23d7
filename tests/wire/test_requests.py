"""Requests to `watch`: typed, small, answered within seconds, and only for those who may ask."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sentinel import codec
from sentinel.wire.requests import (
    LARGEST,
    WAIT,
    Answer,
    Reply,
    Request,
    Verb,
    ask,
    listen_at,
    own_user,
    peer_uid,
)
from tests.wire.answering import answer_one


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "requests.sock"


def done(request: Request) -> Answer:
    return Answer(reply=Reply.DONE, session=request.session)


@contextmanager
def serving(
    path: Path, respond: Callable[[Request], Answer] = done, allowed: frozenset[int] | None = None
) -> Iterator[None]:
    """A desk that answers one caller after the other."""
    line = listen_at(path)
    over = threading.Event()

    def take() -> None:
        line.settimeout(0.05)
        while not over.is_set():
            try:
                answer_one(line, respond, own_user() if allowed is None else allowed)
            except TimeoutError:
                continue

    desk = threading.Thread(target=take)
    desk.start()
    try:
        yield
    finally:
        over.set()
        desk.join()
        line.close()


@contextmanager
def calling(path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)) as line:
        line.settimeout(3)
        line.connect(str(path))
        yield line


@pytest.mark.parametrize("verb", Verb)
def test_every_verb_is_asked_and_answered(path, verb):
    """With all its fields."""
    taken: list[Request] = []
    request = Request(
        verb=verb,
        session="s",
        code="é",
        client="192.168.1.9",
        incident=7,
        who="Anne",
        network="10.0.0.0/8",
        ours=True,
    )

    def respond(asked: Request) -> Answer:
        taken.append(asked)
        return Answer(reply=Reply.DONE, session="token", wait_seconds=3, checks=2)

    with serving(path, respond):
        answer = ask(path, request)

    assert taken == [request]
    assert answer == Answer(reply=Reply.DONE, session="token", wait_seconds=3, checks=2)


def test_where_nobody_answers_the_sentinel_is_not_running(path):
    """No socket, or one that a killed `watch` has left."""
    assert ask(path, Request(verb=Verb.CHECK)).reply is Reply.NOT_RUNNING
    listen_at(path).close()
    assert ask(path, Request(verb=Verb.CHECK)).reply is Reply.NOT_RUNNING


def test_a_street_that_hangs_is_not_running_after_a_while(path):
    """Nobody waits longer for it."""
    line = listen_at(path)
    begun = time.monotonic()

    assert ask(path, Request(verb=Verb.CHECK)).reply is Reply.NOT_RUNNING
    assert WAIT <= time.monotonic() - begun < WAIT + 0.5
    line.close()


def test_whoever_is_not_allowed_is_hung_up_on(path):
    """By the kernel's word on who calls, and before a byte is read."""
    taken: list[Request] = []

    def respond(asked: Request) -> Answer:
        taken.append(asked)
        return Answer(reply=Reply.DONE)

    with serving(path, respond, allowed=frozenset({os.getuid() + 1})):
        assert ask(path, Request(verb=Verb.CHECK)).reply is Reply.NOT_RUNNING
    assert taken == []


def test_the_kernel_names_the_caller(path):
    """We are ourselves, and allowed with root."""
    line = listen_at(path)
    with calling(path):
        caller, _ = line.accept()
        with caller:
            assert peer_uid(caller) == os.getuid()
    line.close()
    assert own_user() == {os.getuid(), 0}
    assert path.stat().st_mode & 0o007 == 0


@pytest.mark.parametrize(
    "sent",
    [
        b"garbage",
        b"{}",
        b'{"verb":"explode"}',
        b'{"verb":"read","incident":"1"}',
        b"[" * 8_000,
        b"\xff" * 100,
        b'{"verb":"check"}' + b" " * LARGEST,
        b'{"verb":"login","code":"' + b"9" * LARGEST + b'"}',
    ],
    ids=range(8),
)
def test_what_is_no_request_or_too_large_is_not_understood(path, sent):
    """Not even where its first eight kilobytes would be one."""
    with serving(path), calling(path) as line:
        line.send(sent)

        assert codec.decode(line.recv(LARGEST), Answer).reply is Reply.NOT_UNDERSTOOD


@pytest.mark.parametrize("sent", [b"", b"garbage", b'{"verb":"check"}'])
def test_a_caller_that_leaves_does_not_close_the_desk(path, sent):
    """Whatever it said before: the next one is answered."""
    with serving(path):
        for _ in range(5):
            with calling(path) as line:
                if sent:
                    line.send(sent)

        assert ask(path, Request(verb=Verb.CHECK)).reply is Reply.DONE


def test_a_caller_that_says_nothing_does_not_keep_the_next_one_waiting_for_long(path):
    """It is given up before the next one would give up."""
    with serving(path), calling(path):
        time.sleep(0.1)
        assert ask(path, Request(verb=Verb.CHECK)).reply is Reply.DONE
