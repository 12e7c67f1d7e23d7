"""Which machines of the LAN are alive and how they show, told at most once a minute each; never whom they talk to.

That something passes the watched port on its way out is told too, and that somebody asks for the box: a machine
that does the second and never the first hangs on the box's own ports, where nobody sees who comes to it.
"""

from collections import OrderedDict
from datetime import timedelta

from sentinel.model.machine import HostSighting, SeenBy
from sentinel.model.moment import Moment, unpacked
from sentinel.model.networks import Networks, Place
from sentinel.model.packet import Announcement, Segment, raw_mac, source_of, target_of

AGAIN = timedelta(seconds=60)
SELDOM = timedelta(minutes=10)
"""How often a way to show that says more than « alive » is told, where another was told within the minute."""
MOST = 4_096
BOXES = 8
TELLING = (SeenBy.ASKING, SeenBy.PASSING)
OURS = (Place.INSIDE, Place.BOX)

Shown = tuple[bytes, bytes, SeenBy | None]
"""Hardware address and address as on the wire, and how it showed: None for « alive »."""


class Machines:
    """When each machine was last told of; bounded, because a neighbour may invent addresses.

    Args:
        networks: what is ours.
        own_mac, talk_mac: of our own cards: what is sent to us passes no mirror.
    """

    def __init__(self, networks: Networks, own_mac: str = "", talk_mac: str = "") -> None:
        self.networks = networks
        self.talk_mac = talk_mac
        self.forgotten = 0
        self._own_mac = raw_mac(own_mac)
        self._boxes: set[bytes] = set()
        """Hardware addresses under which a box announced itself, which no stranger can do for it."""
        self._told: OrderedDict[Shown, Moment] = OrderedDict()

    def feed(self, packet: Segment | Announcement) -> HostSighting | None:
        """A sighting, if the packet's sender is ours and has not just been told."""
        if isinstance(packet, Announcement):
            mac, address = raw_mac(packet.mac), packet.address.packed
        else:
            mac, address = packet.macs[6:], source_of(packet.way)
        place = self.networks.end(address).place
        if place not in OURS or not any(mac):
            return None
        if isinstance(packet, Segment) and place is not Place.BOX and mac in self._boxes:
            return None  # an inside address that comes from the box: anybody may have written it
        seen_by = self._announced(packet) if isinstance(packet, Announcement) else self._sent(packet)
        if self._is_fresh((mac, address, None), packet.at, AGAIN) and (
            seen_by not in TELLING or self._is_fresh((mac, address, seen_by), packet.at, SELDOM)
        ):
            return None
        for way in (None, seen_by) if seen_by in TELLING else (None,):
            self._remember((mac, address, way), packet.at)
        return HostSighting(mac=mac.hex(":"), address=unpacked(address), seen_by=seen_by, at=packet.at)

    def _announced(self, packet: Announcement) -> SeenBy:
        if packet.address in self.networks.box and len(self._boxes) < BOXES:
            self._boxes.add(raw_mac(packet.mac))
        if packet.peer is None or packet.peer not in self.networks.box:
            return packet.seen_by
        return SeenBy.ASKING if packet.to_all else SeenBy.PASSING

    def _sent(self, segment: Segment) -> SeenBy:
        """Talk between two machines of ours may pass the watched port from its other side."""
        is_out = self.networks.end(target_of(segment.way)).place is not Place.INSIDE
        is_foreign = segment.macs[:6] not in (self._own_mac, raw_mac(self.talk_mac))
        return SeenBy.PASSING if is_out and is_foreign else SeenBy.TCP

    def _is_fresh(self, machine: Shown, at: Moment, lasts: timedelta) -> bool:
        told = self._told.get(machine)
        return told is not None and at.since(told) < lasts

    def _remember(self, machine: Shown, at: Moment) -> None:
        if machine not in self._told and len(self._told) >= MOST:
            self._told.popitem(last=False)
            self.forgotten += 1
        self._told[machine] = at
