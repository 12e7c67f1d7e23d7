"""Our own networks, addresses and gateways, as the kernel's tables under /proc say at this moment.

For programs that must know without pyroute2 (20 MB and half a second of import) and without anybody else running:
the page, which tells strangers from readers also while `watch` is dead. What these tables do not show is unknown,
and nobody is let in by it.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from sentinel.model.moment import Address
from sentinel.model.networks import Network
from sentinel.routes import TABLES, lines, routes

WIDEST = {4: 8, 6: 32}
"""A connected network is no wider: half the internet routed into a tunnel is not our LAN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lan:
    """What we are connected to."""

    networks: tuple[Network, ...] = ()
    """Connected networks and those a router announced; no loopback, no multicast."""
    gateways: tuple[Address, ...] = ()
    """Next hops of the default routes: the box."""
    addresses: tuple[Address, ...] = ()
    """Our own, without loopback and link-local ones."""


def look(tables: Path = TABLES) -> Lan:
    """Read the tables; what cannot be read is not there."""
    own = [*_ipv4_addresses(lines(tables / "fib_trie")), *_ipv6_addresses(lines(tables / "if_inet6"))]
    found = [route for route in routes(tables) if route.card != "lo"]
    here = [target for _, target, hop in found if hop is None and _is_ours(target, own)]
    return Lan(
        networks=tuple(dict.fromkeys(here)),
        gateways=tuple(dict.fromkeys(hop for _, target, hop in found if hop and target.prefixlen == 0)),
        addresses=tuple(dict.fromkeys(each for each in own if not each.is_link_local)),
    )


def _is_ours(network: Network, own: list[Address]) -> bool:
    """Connected: as wide as a LAN may be, and in IPv4 with an address of ours in it."""
    narrow = WIDEST[network.version] <= network.prefixlen < network.max_prefixlen
    return narrow and not network.is_multicast and (network.version == 6 or any(each in network for each in own))


def _ipv4_addresses(told: list[list[str]]) -> Iterator[Address]:
    """Of /proc/net/fib_trie: each leaf, and below it what it is."""
    last = ""
    for words in told:
        if words[:1] == ["|--"]:
            last = words[1]
        elif words == ["/32", "host", "LOCAL"] and not last.startswith("127."):
            yield IPv4Address(last)


def _ipv6_addresses(told: list[list[str]]) -> Iterator[Address]:
    for words in told:
        if len(words) == 6 and words[5] != "lo":
            yield IPv6Address(bytes.fromhex(words[0]))


def host() -> str:
    """This machine's name, without its domain."""
    return socket.gethostname().partition(".")[0].lower()
