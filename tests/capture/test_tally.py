"""Counters that are not there to be read: what each counts, and that it keeps nothing."""

import struct
from pathlib import Path

import pytest

from sentinel.capture import tally
from sentinel.capture.tally import Tally
from sentinel.model.coverage import Wrapping
from tests.builders import IMAGING, IMAGING6, STRANGER, STRANGER6, Talk, ethernet, ip_frame
from tests.capture import cable

pytestmark = pytest.mark.lab

FOREIGN = Talk().frame(Talk().syn())
LLDP, TAG = 0x88CC, (0x8100, 5)


def gre(protocol: int, *, version: int = 4) -> bytes:
    """Something in GRE (RFC 2784 section 2.1), between two addresses of the LAN."""
    ends = (STRANGER, IMAGING) if version == 4 else (STRANGER6, IMAGING6)
    return ip_frame(*ends, struct.pack("!HH", 0, protocol) + bytes(40), protocol=47)


def counted(laid: cable.Cable, program: bytes, frames: list[bytes], protocol: int = 3) -> int:
    """How many of the frames a counter has counted."""
    with laid.at("right"):
        counter = Tally(cable.CARD, program, protocol)
    laid.passes(frames)
    counter.count()
    counter.close()
    return counter.frames


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (ethernet(0x8864, bytes(46)), Wrapping.PPPOE),
        (ethernet(0x8863, bytes(46)), Wrapping.PPPOE),
        (ethernet(0x8864, bytes(46), (TAG,)), Wrapping.PPPOE),  # as some lines want it
        (ip_frame(STRANGER, IMAGING, bytes(40), protocol=4), Wrapping.TUNNEL),
        (ip_frame(STRANGER, IMAGING, bytes(40), protocol=41), Wrapping.TUNNEL),
        (ip_frame(STRANGER, IMAGING, bytes(40), protocol=41, tags=(TAG,)), Wrapping.TUNNEL),
        (ip_frame(STRANGER6, IMAGING6, bytes(40), protocol=4), Wrapping.TUNNEL),
        (gre(0x0800), Wrapping.TUNNEL),
        (gre(0x880B), Wrapping.TUNNEL),  # PPTP
        (gre(0x88BE), Wrapping.COPY),
        (gre(0x22EB), Wrapping.COPY),
        (gre(0x6558, version=6), Wrapping.COPY),
        (FOREIGN, None),
        (Talk(client=STRANGER6, server=IMAGING6).frame(Talk().syn()), None),
        (ip_frame(STRANGER, IMAGING, bytes(40), protocol=17), None),
        (ethernet(LLDP, bytes(46)), None),
    ],
)
def test_a_wrapping_is_told_from_the_others_and_from_everything_else(frame, kind):
    """By the frame's own headers; what is inside is not read."""
    cable.need()
    with cable.cable() as laid:
        told = {each: counted(laid, tally.wrapped(each), [frame] * 3) for each in Wrapping}

    assert told == {each: 3 if each is kind else 0 for each in Wrapping}


def test_a_counter_of_one_protocol_is_shown_nothing_else():
    """So it costs other frames nothing; the kernel has taken a tag off before it looks."""
    cable.need()
    frames = [FOREIGN, ethernet(tally.PPPOE, bytes(46)), ethernet(tally.PPPOE, bytes(46), (TAG,))]
    everything = tally.assemble([tally.Step("keep", 1)])
    with cable.cable() as laid:
        assert counted(laid, everything, frames, tally.PPPOE) == 2
        assert counted(laid, everything, frames) == 3


def test_a_counter_that_rests_is_shown_nothing_and_not_asked_at_the_card():
    """Where it would cost every frame some nanoseconds, whatever it is bound to (/proc/net/ptype)."""
    cable.need()
    everything = tally.assemble([tally.Step("keep", 1)])
    with cable.cable() as laid:
        with laid.at("right"):
            before = asked(laid)
            counter = Tally(cable.CARD, everything, rests=True)
        assert asked(laid) == before
        laid.passes([FOREIGN] * 3)
        assert counter.count() == 0

        counter.wake()
        counter.settle()
        assert asked(laid) == before + 1
        laid.passes([FOREIGN] * 3)
        assert counter.count() == 3

        counter.rest()
        counter.settle()
        laid.passes([FOREIGN] * 3)
        assert (counter.count(), asked(laid)) == (0, before)
        counter.close()


def asked(laid: cable.Cable) -> int:
    """How many the kernel looks through for a frame of that card, beside its own protocols."""
    with laid.at("right"):
        lines = Path("/proc/thread-self/net/ptype").read_text().splitlines()
    return sum(line.split()[1] == cable.CARD for line in lines)


def test_the_frame_a_counter_has_room_for_is_thrown_away():
    """It is somebody's, and would stay in the kernel's memory for as long as we run."""
    cable.need()
    with cable.cable() as laid:
        with laid.at("right"):
            counter = Tally(cable.CARD, tally.wrapped(Wrapping.PPPOE))
        laid.passes([ethernet(tally.PPPOE, bytes(46))] * 20)
        assert counter.count() == 20
        with pytest.raises(BlockingIOError):
            counter._socket.recv(1)
        counter.close()
