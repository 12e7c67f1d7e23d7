"""The kernel's routes, as its tables under /proc say at this moment; for whoever must know without pyroute2.

They have been as they are for decades: proc(5), net/ipv4/fib_trie.c `fib_route_seq_show`, net/ipv6/ip6_fib.c
`ipv6_route_native_seq_show`. What cannot be read is not there.
"""

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import NamedTuple

from sentinel.model.moment import Address
from sentinel.model.networks import Network

TABLES = Path("/proc/self/net")
NOBODY = "*"
"""In place of a card, of what is refused: a black hole of IPv4 has no other mark."""
GATEWAY, REJECT, LOCAL = 0x2, 0x200, 0x80000000  # RTF_*: linux/route.h, linux/ipv6_route.h


class Route(NamedTuple):
    """One line of a table."""

    card: str
    target: Network
    hop: Address | None
    """The next hop; None: its target is on the link itself."""


def routes(tables: Path = TABLES) -> list[Route]:
    """Those of both families, IPv4 first; none that refuses, or leads to this machine itself."""
    return [*_ip4(lines(tables / "route")[1:]), *_ip6(lines(tables / "ipv6_route"))]


def lines(table: Path) -> list[list[str]]:
    """The words of each line; none where there is no such table, as on a machine without that family."""
    try:
        return [line.split() for line in table.read_text(encoding="ascii", errors="replace").splitlines()]
    except OSError:
        return []


def _ip4(told: list[list[str]]) -> Iterator[Route]:
    """Addresses are whole words in hexadecimal, as this processor reads them from the network's bytes."""
    for card, target, hop, flags, _, _, _, mask, *_ in told:
        if card != NOBODY and not int(flags, 16) & REJECT:
            network = IPv4Network((_address4(target), str(_address4(mask))))
            yield Route(card, network, _address4(hop) if int(flags, 16) & GATEWAY else None)


def _address4(word: str) -> IPv4Address:
    return IPv4Address(struct.pack("=I", int(word, 16)))


def _ip6(told: list[list[str]]) -> Iterator[Route]:
    """Prefix lengths and flags are hexadecimal too; of this machine's own addresses there are routes as well."""
    for target, length, _, _, hop, _, _, _, flags, card in told:
        kind = int(flags, 16)
        if not kind & (REJECT | LOCAL):
            network = IPv6Network((int(target, 16), int(length, 16)))
            yield Route(card, network, IPv6Address(int(hop, 16)) if kind & GATEWAY else None)
