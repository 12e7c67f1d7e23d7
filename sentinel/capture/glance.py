"""Our place in the network at one glance: what `listen` needs of it before its first frame, from /proc.

`surroundings` asks the kernel for more, by pyroute2, whose import takes longer than all of the start of `listen`.
The two tables have been as they are for decades: proc(5), net/ipv4/fib_trie.c `fib_route_seq_show`,
net/ipv6/ip6_fib.c `ipv6_route_native_seq_show`.
"""

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import NamedTuple

from sentinel.capture.surroundings import Surroundings
from sentinel.model.moment import Address
from sentinel.model.networks import Network

TABLES = Path("/proc/self/net")
GATEWAY, REJECT, LOCAL = 0x2, 0x200, 0x80000000  # RTF_*: linux/route.h, linux/ipv6_route.h


class Route(NamedTuple):
    """One line of a table."""

    card: str
    target: Network
    hop: Address | None
    """The next hop; None: its target is on the link itself."""


def glance(tables: Path = TABLES) -> Surroundings:
    """Interface, prefixes and gateways as `look_around` finds them; its other answers are empty here."""
    routes = [*_routes4(tables / "route"), *_routes6(tables / "ipv6_route")]
    defaults = [route for route in routes if not route.target.prefixlen]
    near = {route.target for route in routes if route.hop is None and _is_of_many(route.target)}
    return Surroundings(
        interface=defaults[0].card if defaults else None,
        prefixes=tuple(sorted(str(network) for network in near)),
        gateways=tuple(sorted({str(route.hop) for route in defaults if route.hop})),
        families=(),
    )


def _is_of_many(target: Network) -> bool:
    """A network that somebody may have of his own: a tunnel's 0.0.0.0/1 is half of the internet, and nobody's."""
    widest = 8 if target.version == 4 else 20
    return widest <= target.prefixlen < target.max_prefixlen and not target.is_multicast and not target.is_loopback


def _routes4(table: Path) -> Iterator[Route]:
    """Addresses are whole words in hexadecimal, as this processor reads them from the network's bytes."""
    for line in _lines(table)[1:]:  # a header
        card, target, hop, flags, _, _, _, mask, *_ = line
        if not int(flags, 16) & REJECT:
            network = IPv4Network((_address4(target), str(_address4(mask))))
            yield Route(card, network, _address4(hop) if int(flags, 16) & GATEWAY else None)


def _address4(word: str) -> IPv4Address:
    return IPv4Address(struct.pack("=I", int(word, 16)))


def _routes6(table: Path) -> Iterator[Route]:
    """Prefix lengths and flags are hexadecimal too; of this machine's own addresses there are routes as well."""
    for target, length, _, _, hop, _, _, _, flags, card in _lines(table):
        kind = int(flags, 16)
        if not kind & (REJECT | LOCAL):
            network = IPv6Network((int(target, 16), int(length, 16)))
            yield Route(card, network, IPv6Address(int(hop, 16)) if kind & GATEWAY else None)


def _lines(table: Path) -> list[list[str]]:
    """None of a machine without that family."""
    try:
        return [line.split() for line in table.read_text(encoding="ascii").splitlines()]
    except OSError:
        return []
