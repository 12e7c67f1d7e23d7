"""What the port lets us see: unicast frames for others, and in which directions they pass."""

from datetime import timedelta

from sentinel.model.moment import Moment
from sentinel.model.networks import Networks, Place
from sentinel.model.packet import Flags, Segment, raw_mac, source_of, target_of

HALF = timedelta(minutes=30)
"""What is open on a line that is cut dies for a quarter of an hour, in one direction (RFC 9293 section 3.8.3)."""
ACK = int(Flags.ACK)
GROUP = 1
"""Bit of an address of several (IEEE 802 section 8.2): whatever is sent to it comes to every port."""
MUCH = 20
"""Frames of one direction that are no chance: a connection left open in the night ends with one or two."""


class View:
    """The last frames that prove a mirror: between others, one way and the other.

    Args:
        networks: what is ours.
        own_mac: of the card that captures.
        talk_mac: of the card we talk through, where that is another one: then only our own talk with the outside
            proves the mirror, since anybody's traffic would also show on the wrong port of the switch.
    """

    def __init__(self, networks: Networks, own_mac: str, talk_mac: str = "") -> None:
        self.networks = networks
        self.talk_mac = talk_mac
        self.inward: Moment | None = None
        self.outward: Moment | None = None
        self._own = raw_mac(own_mac)
        self._streak = Streak()

    def feed(self, segment: Segment) -> None:
        """Note which way a frame for somebody else went."""
        is_from_inside = self.networks.end(source_of(segment.way)).place is Place.INSIDE
        is_to_inside = self.networks.end(target_of(segment.way)).place is Place.INSIDE
        if is_from_inside is not is_to_inside:
            self.cross(segment, inward=is_to_inside)

    def cross(self, segment: Segment, *, inward: bool) -> None:
        """The same of one that is known to go in or out.

        A SYN may stay without answer, as a stranger's does; every other segment is one, or is answered.
        """
        at, macs = segment.at, segment.macs
        ends = (macs[:6], macs[6:])
        if self._own in ends or macs[0] & GROUP or (self.talk_mac and raw_mac(self.talk_mac) not in ends):
            return
        if inward:
            self.inward = at
        else:
            self.outward = at
        if inward is not self._streak.inward:
            self._streak.turn(inward)
        if segment.flags & ACK:
            self._streak.grow(at)

    @property
    def half(self) -> Moment | None:
        """Since when much has passed in one direction and nothing in the other; None while it is not so."""
        return self._streak.first if self._streak.is_long else None


class Streak:
    """Segments of one direction, since the last of the other."""

    def __init__(self) -> None:
        self.inward = False
        self.first: Moment | None = None
        self._last: Moment | None = None
        self._segments = 0

    def turn(self, inward: bool) -> None:
        """One of the other direction: it begins anew."""
        self.inward, self.first, self._segments = inward, None, 0

    def grow(self, at: Moment) -> None:
        """One more that has an answer, or is one."""
        self.first = self.first or at
        self._last = at
        self._segments += 1

    @property
    def is_long(self) -> bool:
        """Whether it is no chance, and no line that was just cut."""
        if self.first is None or self._last is None:
            return False
        return self._segments >= MUCH and self._last.since(self.first) >= HALF
