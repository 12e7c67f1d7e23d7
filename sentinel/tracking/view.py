"""What the port lets us see: unicast frames for others, and in which directions they pass."""

from sentinel.model.moment import Moment
from sentinel.model.networks import Networks, Place
from sentinel.model.packet import Segment


class View:
    """The last frames that prove a mirror: addressed to somebody else, one way and the other."""

    def __init__(self, networks: Networks, own_macs: frozenset[str]) -> None:
        self.networks = networks
        self.inward: Moment | None = None
        self.outward: Moment | None = None
        self._own = own_macs

    def feed(self, segment: Segment) -> None:
        """Note which way a frame for somebody else went."""
        if segment.target_mac in self._own or segment.source_mac in self._own:
            return
        source, target = self.networks.place(segment.source), self.networks.place(segment.target)
        if source is Place.INSIDE and target is not Place.INSIDE:
            self.outward = segment.at
        elif source is not Place.INSIDE and target is Place.INSIDE:
            self.inward = segment.at
