"""Which addresses belong to the practice: everything else is judged by this."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

from sentinel.model.connection import Direction
from sentinel.model.moment import Address, Moment

Network = IPv4Network | IPv6Network

ALWAYS_INSIDE = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",  # RFC 1918
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",  # RFC 3927
        "fc00::/7",  # RFC 4193
        "fe80::/10",  # RFC 4291
    )
)
"""A target here is always one of ours: the mirror shows nobody else's private network."""

SHARED = ip_network("100.64.0.0/10")  # RFC 6598: carrier-grade NAT
WIDEST = {4: 16, 6: 32}
"""Shortest prefix of a public source: whatever is broader is anybody under another name."""


def is_part(one: Network, other: Network) -> bool:
    """Whether every address of `one` is in `other`; never across families."""
    return one.network_address in other and one.broadcast_address in other


def is_narrow(source: Network | None) -> bool:
    """Whether a source is somebody: a private network, or a part of the internet one person can name; None:
    anybody."""
    if source is None or any(is_part(source, each) for each in (*ALWAYS_INSIDE, SHARED)):
        return True
    return source.prefixlen >= WIDEST[source.version]


class Place(StrEnum):
    """Where a source stands."""

    INSIDE = "inside"
    PRIVATE = "private"
    """Private, but none of the practice's own networks: a tunnel, or another private network."""
    BOX = "box"
    """The box's own LAN address: somebody whose address the box hides."""
    OUTSIDE = "outside"


Mask = tuple[int, int]
"""A network's address and mask: for a stranger's address, of which there may be thousands in a second."""


def _masks(networks: Iterable[Network], length: int) -> list[Mask]:
    return [
        (int(each.network_address), int(each.netmask)) for each in networks if each.max_prefixlen == 8 * length
    ]


class End(NamedTuple):
    """What an address is to the practice."""

    place: Place
    """As a source."""
    is_ours: bool
    """As a target."""


STRANGE = End(Place.OUTSIDE, is_ours=False)


def crossing(source: End, target: End) -> Direction:
    """Which way a connection crosses the practice's boundary."""
    from_inside = source.place is Place.INSIDE
    if target.is_ours:
        return Direction.INTERNAL if from_inside else Direction.INBOUND
    return Direction.OUTBOUND if from_inside else Direction.FOREIGN


@dataclass(frozen=True, kw_only=True)
class Networks:
    """The practice's own networks and its box.

    Not slotted, because the last few thousand answers are remembered beside it.
    """

    own: tuple[Network, ...]
    """Connected, learnt and declared prefixes."""
    box: tuple[Address, ...] = ()
    """The box's own addresses on the LAN."""

    @cached_property
    def _ends(self) -> dict[bytes, End]:
        return {}

    @cached_property
    def _masks(self) -> dict[int, tuple[list[Mask], ...]]:
        """By the length of an address: our own networks, those always inside, those of many subscribers."""
        kinds = (self.own, ALWAYS_INSIDE, (SHARED,))
        return {length: tuple(_masks(kind, length) for kind in kinds) for length in (4, 16)}

    @cached_property
    def _beginnings(self) -> dict[int, frozenset[int]]:
        """By the length of an address: the first bytes of those that may be more to us than a stranger's."""
        known = (*self.own, *ALWAYS_INSIDE, SHARED, *map(ip_network, self.box))
        return {
            length: frozenset(
                first
                for each in known
                if each.max_prefixlen == 8 * length
                for first in range(each.network_address.packed[0], each.broadcast_address.packed[0] + 1)
            )
            for length in (4, 16)
        }

    def end(self, raw: bytes) -> End:
        """What an address is to the practice, as it is on the wire."""
        known = self._ends.get(raw)
        if known is None:
            if raw[0] not in self._beginnings[len(raw)]:
                return STRANGE
            if len(self._ends) > 4096:  # a flood of forged sources must not grow the memory
                self._ends.clear()
            known = self._ends[raw] = self._find(raw)
        return known

    def are_strange(self, firsts: set[int], length: int) -> bool:
        """Whether all addresses of so many bytes that begin with one of these are strangers', for sure."""
        return self._beginnings[length].isdisjoint(firsts)

    def _find(self, raw: bytes) -> End:
        number = int.from_bytes(raw, "big")
        own, always, shared = self._masks[len(raw)]
        is_own = any(number & mask == network for network, mask in own)
        is_ours = is_own or any(number & mask == network for network, mask in always)
        if raw in [each.packed for each in self.box]:
            return End(Place.BOX, is_ours)
        if is_own:
            return End(Place.INSIDE, is_ours)
        is_shared = any(number & mask == network for network, mask in shared)
        return End(Place.PRIVATE if is_ours or is_shared else Place.OUTSIDE, is_ours)

    def place(self, address: Address) -> Place:
        """Where `address` stands, as a source."""
        return self.end(address.packed).place

    def is_target(self, address: Address) -> bool:
        """Whether an address is ours when somebody connects to it."""
        return self.end(address.packed).is_ours

    def direction(self, source: Address, target: Address) -> Direction:
        """Which way a connection from `source` to `target` crosses the practice's boundary."""
        return crossing(self.end(source.packed), self.end(target.packed))


@dataclass(frozen=True, kw_only=True)
class HomeNetwork:
    """Our place in the network, as the kernel tells it now and then."""

    networks: Networks
    families: tuple[int, ...]
    """4 and 6, as far as the practice can be reached by them."""
    at: Moment
    box_mac: str | None = None
    """Hardware address of the box, lower case; None while the kernel does not know it."""
    addresses: tuple[Address, ...] = ()
    """This machine's own, of every card."""
    macs: tuple[str, ...] = ()
    """This machine's own hardware addresses, lower case."""
