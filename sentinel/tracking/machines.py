"""Which machines of the LAN are alive, told at most once a minute each; never whom they talk to."""

from datetime import timedelta

from sentinel.model.machine import HostSighting, SeenBy
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import Networks, Place
from sentinel.model.packet import Announcement, Segment

AGAIN = timedelta(seconds=60)
MOST = 4_096


class Machines:
    """When each machine was last told of; bounded, because a neighbour may invent addresses."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self.forgotten = 0
        self._told: dict[tuple[str, Address], Moment] = {}

    def feed(self, packet: Segment | Announcement) -> HostSighting | None:
        """A sighting, if the packet's sender is ours and has not just been told."""
        if isinstance(packet, Announcement):
            mac, address, seen_by = packet.mac, packet.address, packet.seen_by
        else:
            mac, address, seen_by = packet.source_mac, packet.source, SeenBy.TCP
        if self.networks.place(address) not in (Place.INSIDE, Place.BOX):
            return None
        told = self._told.get((mac, address))
        if told is not None and packet.at.since(told) < AGAIN:
            return None
        self._remember((mac, address), packet.at)
        return HostSighting(mac=mac, address=address, seen_by=seen_by, at=packet.at)

    def _remember(self, machine: tuple[str, Address], at: Moment) -> None:
        if machine not in self._told and len(self._told) >= MOST:
            del self._told[next(iter(self._told))]
            self.forgotten += 1
        self._told[machine] = at
