"""A look at a real cable, by whoever may, while no sentinel runs."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from sentinel import codec
from sentinel.config import Capture
from sentinel.errors import MissingDevice
from sentinel.model.coverage import Coverage, Shows, Wrapping
from sentinel.programs.glimpse import glimpse
from tests.builders import IMAGING, STRANGER, Talk, ethernet
from tests.capture import cable

LOOK = f"""
from datetime import timedelta
from sentinel import codec
from sentinel import codec
from sentinel.config import Capture
from sentinel.programs.glimpse import glimpse
seen = glimpse(Capture(interface={cable.CARD!r}, prefixes=("192.168.1.0/24",)), timedelta(seconds=2.5))
print(codec.encode(seen).decode())
"""
"""Long enough for the gauge's second look at what is wrapped; by a program of its own, for /sys is a process's."""
TALK = Talk(client=IMAGING, server=STRANGER)
SYN, SYN_ACK = (TALK.frame(word) for word in (TALK.syn(), TALK.syn_ack()))
INSIDE = Talk(client=IMAGING, server=IMAGING)


@contextmanager
def repeated(laid: cable.Cable, *frames: bytes) -> Iterator[None]:
    """These frames, ten times a second."""
    over = threading.Event()

    def pour() -> None:
        while not over.wait(0.1):
            laid.inject(frames)

    pouring = threading.Thread(target=pour)
    pouring.start()
    try:
        yield
    finally:
        over.set()
        pouring.join()


def looked(*frames: bytes) -> Coverage:
    """What the end of a cable shows on which nothing passes but these."""
    cable.need()
    with cable.cable() as laid, repeated(laid, *frames):
        told = laid.run("right", sys.executable, "-c", LOOK)
    return codec.decode(told.stdout.encode(), Coverage)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("frames", "shows"),
    [
        ((), Shows.BROADCAST),
        ((b"\xff" * 6 + SYN[6:],), Shows.BROADCAST),
        ((INSIDE.frame(INSIDE.syn()),), Shows.ELSEWHERE),
        ((SYN,), Shows.ONLY_OUTWARD),
        ((SYN, SYN_ACK), Shows.MIRRORED),
        ((ethernet(0x8864, bytes(46)),), Shows.PPPOE),
    ],
)
def test_a_look_shows_what_the_port_is(frames, shows):
    """Though nobody runs here that could have told it."""
    seen = looked(*frames)

    assert (seen.shows, seen.lost, seen.carrier) == (shows, 0, True)
    assert seen.wrapped == ((Wrapping.PPPOE,) if shows is Shows.PPPOE else ())
    assert (seen.heard is None) == (not frames or shows is Shows.PPPOE)


def test_a_card_that_is_not_there_cannot_be_looked_at():
    """Whatever the rights, in one sentence."""
    with pytest.raises(MissingDevice, match="nowhere0"):
        glimpse(Capture(interface="nowhere0"), timedelta())
