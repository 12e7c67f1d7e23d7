"""A short look at the watched port, told to nobody: what `sentinel check` says of it while no sentinel runs.

By the same rings, gauge and view as `listen`'s. Anybody's talk counts, also where the capture has a card of its
own: our own talk with the echo does not pass meanwhile. So it shows what the port is, and proves no mirror.
"""

from contextlib import closing
from datetime import timedelta

from sentinel.capture import link
from sentinel.capture.gauge import Gauge
from sentinel.capture.glance import glance
from sentinel.capture.kind import Kind
from sentinel.capture.ring import Frame
from sentinel.capture.rings import Rings
from sentinel.clock import Clock, now
from sentinel.config import Capture
from sentinel.decode.frame import read_frame
from sentinel.errors import MissingDevice
from sentinel.model.coverage import Coverage
from sentinel.model.moment import Moment
from sentinel.model.packet import Segment
from sentinel.tracking.view import View

LASTS = timedelta(seconds=5)
SECOND = timedelta(seconds=1)


def glimpse(capture: Capture, lasts: timedelta = LASTS, clock: Clock = now) -> Coverage:
    """What passes meanwhile.

    Raises:
        MissingRight: CAP_NET_RAW is needed.
        MissingDevice: there is no card to look at.
    """
    around = glance()
    interface = link.named(capture.interface) or around.interface or ""
    if not interface:
        raise MissingDevice("there is no card to look at")
    networks = around.networks(capture.prefixes, capture.box)
    with closing(Rings(interface, networks.own)) as rings, closing(Gauge(interface)) as gauge:
        return _look(interface, rings, gauge, View(networks, link.mac(interface)), lasts, clock)


def _look(interface: str, rings: Rings, gauge: Gauge, view: View, lasts: timedelta, clock: Clock) -> Coverage:
    began = last = at = clock()
    heard = None
    while at.since(began) < lasts:
        heard = _feed(view, rings, at) or heard
        at = clock()
        if at.since(last) >= SECOND:
            last = at
            gauge.read(at)
    gauge.read(at)
    rings.count()
    return _told(interface, rings, gauge, view, heard, at)


def _feed(view: View, rings: Rings, at: Moment) -> Moment | None:
    """`at`, if anything has passed."""
    heard = None
    for passed in rings.read():
        heard = at
        if isinstance(passed, Frame):
            packet = read_frame(passed.kept, at, passed.vlan, filtered=True)
            if isinstance(packet, Segment):
                view.feed(packet)
    return heard


def _told(interface: str, rings: Rings, gauge: Gauge, view: View, heard: Moment | None, at: Moment) -> Coverage:
    return Coverage(
        interface=interface,
        carrier=link.has_carrier(interface),
        apart=False,
        inward=view.inward,
        outward=view.outward,
        heard=heard,
        frames=sum(loss.frames for loss in rings.losses.values()),
        dropped=sum(loss.dropped for kind, loss in rings.losses.items() if kind is not Kind.RARE),
        undecodable=0,
        forgotten=0,
        unsent=0,
        losses=gauge.losses,
        foreign=gauge.foreign,
        passed=gauge.passed,
        wrapped=gauge.wrapped(at),
        at=at,
    )
