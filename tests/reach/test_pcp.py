"""Who opens a door on demand: asked without ever asking for one, and heard from the gateway only."""

import errno
import socket
import struct
import threading
import time
from contextlib import suppress
from ipaddress import IPv4Address
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.reach import pcp
from sentinel.reach.pcp import Openers
from tests.reach.fakebox import ADDRESS, FakeBox

WAN = IPv4Address("25.0.0.7")


def natpmp(code: int = 0, wan: IPv4Address = WAN) -> bytes:
    """RFC 6886 section 3.2."""
    return struct.pack("!BBHI4s", 0, 128, code, 1000, wan.packed)


def announced(code: int = 0, opcode: int = 0, version: int = 2) -> bytes:
    """RFC 6887 section 7.2."""
    return struct.pack("!BBBBII12x", version, 0x80 | opcode, 0, code, 0, 1000)


@pytest.mark.parametrize(
    ("answer", "version", "found"),
    [
        (natpmp(), 0, Openers(natpmp=True, wan=WAN)),
        (natpmp(wan=IPv4Address(0)), 0, Openers(natpmp=True)),
        (natpmp(code=3), 0, Openers(natpmp=True, addressless=True)),
        (natpmp(code=2), 0, Openers()),
        (natpmp(code=1), 2, Openers()),  # « unsupported version »: to the question of the other protocol
        (struct.pack("!BBHI", 0, 128, 1, 1000), 2, Openers()),
        (natpmp(code=7), None, Openers()),
        (natpmp()[:-1], None, Openers()),
        (natpmp() + b"x", None, Openers()),
        (announced(), 2, Openers(pcp=True)),
        (announced(code=8), 2, Openers(pcp=True)),
        (announced(code=2), 2, Openers()),
        (announced(opcode=1), None, Openers()),  # the answer to a MAP nobody asked for
        (announced(version=3), None, Openers()),
        (announced()[:-4], None, Openers()),
        (announced() + b"x", None, Openers()),
        (announced() + b"\0" * 2000, None, Openers()),
        (pcp.announce(WAN), None, Openers()),  # our own question, sent back
        (b"", None, Openers()),
    ],
)
def test_every_answer_is_one_of_the_two_rfcs_or_none(answer, version, found):
    assert pcp.read(answer, Openers()) == (version, found)


@given(st.binary(max_size=1200) | st.binary(max_size=40).map(lambda end: b"\x00\x80\x00\x00" + end))
def test_no_datagram_crashes_the_reader(answer):
    version, found = pcp.read(answer, Openers())

    assert version in (None, 0, 2)
    assert found.wan is None or len(answer) == 12


def test_the_gateway_is_asked_to_announce_itself_and_never_to_map():
    """Version 0 operation 0 and version 2 operation 0: neither can change anything in the box."""
    box = FakeBox()
    box.answers = lambda asked: [natpmp() if asked == b"\0\0" else announced()]
    with box.up():
        begun = time.monotonic()
        assert pcp.openers(ADDRESS) == Openers(natpmp=True, pcp=True, wan=WAN)
        assert time.monotonic() - begun < 0.5

    assert [each[:2] for each in box.datagrams] == [b"\0\0", b"\2\0"]
    assert len(box.datagrams[1]) == 24
    assert box.datagrams[1][8:20] == b"\0" * 10 + b"\xff\xff"


def test_lost_datagrams_are_asked_again():
    box, lost = FakeBox(), [b"\0\0", b"\2\0"]

    def answers(asked: bytes) -> list[bytes]:
        if asked[:2] in lost:
            lost.remove(asked[:2])
            return []
        return [natpmp() if asked == b"\0\0" else announced()]

    box.answers = answers
    with box.up():
        assert pcp.openers(ADDRESS) == Openers(natpmp=True, pcp=True, wan=WAN)


def test_an_answer_from_anybody_else_is_not_heard():
    """Sent to the very port we ask from, by another address and by another port of the gateway."""
    gateway = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    gateway.bind((str(ADDRESS), 0))
    liars = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for line, address in zip(liars, ("127.0.0.9", str(ADDRESS)), strict=True):
        line.bind((address, 0))

    def lie() -> None:
        with suppress(OSError):
            while True:
                _, asker = gateway.recvfrom(2048)
                for line in liars:
                    line.sendto(natpmp(), asker)

    threading.Thread(target=lie, daemon=True).start()
    try:
        assert pcp.openers(ADDRESS, port=gateway.getsockname()[1], waits=(0.2,)) == Openers()
    finally:
        for line in (gateway, *liars):
            line.close()


def test_a_gateway_that_refuses_offers_nothing():
    begun = time.monotonic()

    assert pcp.openers(IPv4Address("127.0.0.253"), waits=(0.1, 0.1)) == Openers()
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPROTO])
def test_one_prohibition_is_not_the_end(monkeypatch, number):
    """What a box's firewall says by ICMP, the kernel says at the next call: the answer after it is heard."""

    class Line(socket.socket):
        """A socket whose first question and first answer meet an error."""

        said: ClassVar[list[str]] = []

        def send(self, *args: Any) -> int:
            self.fail("send")
            return super().send(*args)

        def recv(self, *args: Any) -> bytes:
            self.fail("recv")
            return super().recv(*args)

        def fail(self, what: str) -> None:
            if what not in self.said:
                self.said.append(what)
                raise OSError(number, "by ICMP")

    monkeypatch.setattr(pcp.socket, "socket", Line)
    box = FakeBox()
    box.answers = lambda asked: [natpmp() if asked == b"\0\0" else announced()]
    with box.up():
        assert pcp.openers(ADDRESS) == Openers(natpmp=True, pcp=True, wan=WAN)

    assert Line.said == ["send", "recv"]


def test_a_flood_of_nonsense_ends_in_time():
    box = FakeBox()
    box.answers = lambda _: [b"nonsense"] * 500
    with box.up():
        begun = time.monotonic()
        assert pcp.openers(ADDRESS) == Openers()
        assert time.monotonic() - begun < 5
