"""What the port lets us see: unicast frames for others, and in which directions they pass."""

from sentinel.model.moment import Moment
from sentinel.model.networks import Networks, Place
from sentinel.model.packet import Segment, raw_mac, source_of, target_of


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

    def feed(self, segment: Segment) -> None:
        """Note which way a frame for somebody else went."""
        ends = (segment.macs[:6], segment.macs[6:])
        if self._own in ends or (self.talk_mac and raw_mac(self.talk_mac) not in ends):
            return
        source = self.networks.end(source_of(segment.way)).place
        target = self.networks.end(target_of(segment.way)).place
        if source is Place.INSIDE and target is not Place.INSIDE:
            self.outward = segment.at
        elif source is not Place.INSIDE and target is Place.INSIDE:
            self.inward = segment.at
