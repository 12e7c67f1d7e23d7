"""The gauge on a real cable: foreign unicast, losses before our sockets, and what comes wrapped."""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count

import pytest

from sentinel.capture import gauge
from sentinel.capture.gauge import Gauge
from sentinel.capture.rings import Rings
from sentinel.errors import MissingDevice, MissingRight
from sentinel.model.coverage import Losses, Wrapping
from tests.bench.size import pinned
from tests.builders import IMAGING, STRANGER, Talk, coverage, ethernet, ip_frame, moment
from tests.capture import cable
from tests.lab.wires import links

pytestmark = pytest.mark.lab

FOREIGN = Talk().frame(Talk().syn())
TO_ALL = b"\xff" * 6 + FOREIGN[6:]
LLDP = 0x88CC
SO_SNDBUFFORCE = 32  # asm-generic/socket.h
TAG, OUTER = (0x8100, 5), (0x88A8, 5)


@contextmanager
def gauged(laid: cable.Cable) -> Iterator[Gauge]:
    """As `listen` opens it: beside its rings, which make the card promiscuous."""
    with laid.at("right"):
        rings = Rings(cable.CARD)
        opened = Gauge(cable.CARD)
    try:
        yield opened
    finally:
        opened.close()
        rings.close()


def settle(opened: Gauge) -> None:
    """What sleeps or wakes has done so."""
    for each in (opened._unwanted._tally, *opened._wrapped._inside.values()):
        each.settle()


def after(laid: cable.Cable, opened: Gauge, frames: list[bytes], second: float = 1) -> None:
    """The frames pass, and a second is over."""
    laid.passes(frames)
    opened.read(moment(second))


# -- foreign unicast ---------------------------------------------------------------------------------------------


def test_unicast_for_somebody_else_is_counted_to_the_frame_and_nothing_else_is():
    """By the kernel itself: what is sent to everybody, or to us, is not somebody else's."""
    cable.need()
    with cable.cable() as laid, gauged(laid) as opened:
        with links(laid.names["right"]) as route:
            (link,) = route.get_links(ifname=cable.CARD)
        own = bytes.fromhex(link.get_attr("IFLA_ADDRESS").replace(":", "")) + FOREIGN[6:]
        after(laid, opened, [*[FOREIGN] * 70, *[TO_ALL] * 30, *[own] * 5])
        assert (opened.foreign, opened.passed) == (70, moment(1))
        after(laid, opened, [TO_ALL] * 30, second=2)

        assert (opened.foreign, opened.passed) == (70, moment(1))


def test_where_the_kernel_does_not_count_a_socket_does():
    """The card is a member of a bridge: what comes to it is no IP of this machine's any more."""
    cable.need()
    with cable.cable() as laid:
        with links(laid.names["right"]) as route:
            route.link("add", kind="bridge", ifname="br9", br_stp_state=0, br_mcast_snooping=0)
            bridge, card = (route.link_lookup(ifname=name)[0] for name in ("br9", cable.CARD))
            route.link("set", index=card, master=bridge)
            route.link("set", index=bridge, state="up")
        with gauged(laid) as opened:
            after(laid, opened, [*[FOREIGN] * 70, *[TO_ALL] * 30])

            assert (opened.foreign, opened.passed) == (70, moment(1))


# -- losses ------------------------------------------------------------------------------------------------------


def test_what_nobody_wants_is_no_loss_though_the_kernel_calls_it_dropped():
    """A trunk's own words, and a line in two tags: every socket was shown them."""
    cable.need()
    frames = [
        ethernet(LLDP, bytes(46)),
        ethernet(LLDP, bytes(46), (TAG,)),
        ethernet(LLDP, bytes(46), ((0x8100, 0),)),
        ethernet(0x0800, FOREIGN[14:], (OUTER, TAG)),
    ]
    with cable.cable() as laid, gauged(laid) as opened:
        before = opened._last.dropped
        for second in range(1, 4):
            after(laid, opened, frames * 25, second=second)

        assert opened._last.dropped - before == 3 * 75
        assert opened.losses.refused == 0


def test_what_is_dropped_unseen_is_a_loss():
    """While the counter of unwanted frames rests it cannot tell: that is a loss, once, and it wakes."""
    cable.need()
    frames = [ethernet(LLDP, bytes(46), (TAG,))] * 10
    with cable.cable() as laid, gauged(laid) as opened:
        for second in range(gauge.WAKE + 2):
            opened.read(moment(second))
        settle(opened)
        after(laid, opened, frames, second=200)
        assert opened.losses.refused == 10
        settle(opened)

        after(laid, opened, frames, second=201)

        assert opened.losses.refused == 10


def test_frames_that_the_card_does_not_take_are_a_loss_to_the_frame_and_mark_the_minute():
    """Longer than it was set up for: no socket of ours is shown them, and the card's counter tells."""
    cable.need()
    with cable.cable() as laid, gauged(laid) as opened:
        with links(laid.names["left"]) as route:
            route.link("set", index=route.link_lookup(ifname=cable.CARD)[0], mtu=9_000)
        for _ in range(7):
            with pytest.raises(OSError, match="buffer"):  # a real cable's sender would not learn of it
                laid.inject([FOREIGN + bytes(3_000)])
        after(laid, opened, [FOREIGN] * 20)

        assert opened.losses == Losses(refused=7)
        assert opened.foreign == 20
        assert coverage(losses=opened.losses).lost == 7


def test_whatever_the_card_counts_as_lost_is_told_by_its_reason():
    """By how much each counter has grown since it was last asked."""
    cable.need()
    with cable.cable() as laid, gauged(laid) as opened:
        opened._last = replace(opened._last, missed=-1, fifo=-2, over=-3, damaged=-4)
        opened.read(moment(1))

    assert opened.losses == Losses(missed=1, fifo=2, over=3, damaged=4)


def test_frames_a_processor_had_no_room_for_are_a_loss_to_the_frame_and_mark_the_minute():
    """One sends, another receives for a hundred captures and falls behind: its queue is full (softnet_stat)."""
    cable.need()
    sends, *others = sorted(os.sched_getaffinity(0))
    if not others:
        pytest.skip("this needs two processors: one has no queue to fall behind with")
    with cable.cable() as laid, ExitStack() as stack, gauged(laid) as opened:
        steered = f"echo {1 << others[0]:x} >/sys/class/net/{cable.CARD}/queues/rx-0/rps_cpus"
        assert laid.run("right", "sh", "-c", steered).returncode == 0
        for _ in range(100):
            stack.enter_context(laid.tapped())
        opened.read(moment(0))
        with pinned(sends):
            refused = crowd(laid, 20_000)
        cable.wait_until(lambda: opened.read(moment(1)) or opened.foreign + refused == 20_000)

    assert opened.losses.refused == refused > 100
    assert opened.losses.backlog >= refused  # those of every card of this machine
    assert coverage(losses=opened.losses).lost == refused


def crowd(laid: cable.Cable, number: int) -> int:
    """That many frames at once from a sender with room for all; how many of them the other end had no room for."""
    refused = 0
    with laid.at("left"), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as line:
        line.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20)
        line.bind((cable.CARD, 0))
        for _ in range(number):
            try:
                line.send(FOREIGN)
            except OSError as error:  # a real cable's sender would not learn of it
                refused += error.errno == errno.ENOBUFS
    return refused


def test_nothing_is_lost_on_a_card_that_keeps_up():
    """Whatever passes."""
    cable.need()
    with cable.cable() as laid, gauged(laid) as opened:
        after(laid, opened, [FOREIGN] * 1_000)

        lost = opened.losses
        assert (lost.missed, lost.fifo, lost.over, lost.refused) == (0, 0, 0, 0)


# -- wrapped -----------------------------------------------------------------------------------------------------


def test_tunnels_are_looked_for_in_one_second_of_sixty():
    """A socket that sleeps costs no frame anything."""
    cable.need()
    tunnel = ip_frame(STRANGER, IMAGING, bytes(40), protocol=4)
    with cable.cable() as laid, gauged(laid) as opened:
        opened.read(moment(0))
        found = []
        for second in range(1, 63):
            settle(opened)
            laid.passes([tunnel])
            opened.read(moment(second))
            found.append(
                opened.wrapped(moment(second)) and opened._wrapped.seen[Wrapping.TUNNEL] == moment(second)
            )

    assert [second for second, seen in zip(count(1), found, strict=False) if seen] == [1, 61]


def test_a_wrapping_is_forgotten_after_an_hour():
    """The mirror was set right."""
    cable.need()
    with cable.cable() as laid, gauged(laid) as opened:
        after(laid, opened, [ethernet(0x8864, bytes(46))])

        assert opened.wrapped(moment(3_601)) == (Wrapping.PPPOE,)
        assert opened.wrapped(moment(3_602)) == ()


# -- rights and cards --------------------------------------------------------------------------------------------


def test_the_card_is_asked_after_every_right_was_given_up():
    """And a new counter cannot be had then: they must be open before."""
    cable.need()
    code = f"""
from sentinel.capture import rights, gauge, rings
from tests.builders import moment
opened = rings.Rings({cable.CARD!r}), gauge.Gauge({cable.CARD!r})
rights.drop()
for second in range(3):
    opened[1].read(moment(second))
print(opened[1].foreign)
try:
    gauge.Gauge({cable.CARD!r})
except gauge.MissingRight:
    print("no more")
"""
    with cable.cable() as laid:
        done = laid.run("right", sys.executable, "-c", code)

    assert done.stdout.split("\n")[:2] == ["0", "no more"], done.stderr


def test_a_card_that_is_not_there_cannot_be_gauged():
    """As the ring says it."""
    with pytest.raises((MissingDevice, MissingRight)):
        Gauge("nowhere0")


def test_a_card_that_goes_away_counts_no_more_and_stops_nobody():
    """The ring is who tells."""
    cable.need()
    with cable.cable() as laid, gauged(laid) as opened:
        after(laid, opened, [FOREIGN] * 3)
        with links(laid.names["left"]) as route:
            route.link("del", index=route.link_lookup(ifname=cable.CARD)[0])
        for second in range(2, 70):
            opened.read(moment(second))

        assert opened.foreign == 3
