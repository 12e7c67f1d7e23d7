"""What the port lets us see: unicast frames for others, and in which directions they pass."""

from sentinel.model.moment import Moment
from sentinel.model.networks import Networks, Place
from sentinel.model.packet import Segment


class View:
    """The last frames that prove a mirror: between others, one way and the other.

    Args:
        networks: what is ours.
        own_mac: of the card that captures. With a card of its own, our talk on the other one shows here as
            somebody else's, which proves the mirror at every check.
    """

    def __init__(self, networks: Networks, own_mac: str) -> None:
        self.networks = networks
        self.inward: Moment | None = None
        self.outward: Moment | None = None
        self._own = own_mac

    def feed(self, segment: Segment) -> None:
        """Note which way a frame for somebody else went."""
        if self._own in (segment.target_mac, segment.source_mac):
            return
        source, target = self.networks.place(segment.source), self.networks.place(segment.target)
        if source is Place.INSIDE and target is not Place.INSIDE:
            self.outward = segment.at
        elif source is not Place.INSIDE and target is Place.INSIDE:
            self.inward = segment.at
