"""Our own networks, addresses and gateways, as the kernel's tables under /proc say at this moment.

For programs that must know without pyroute2 (20 MB and half a second of import) and without anybody else running:
the page, which tells strangers from readers also while `watch` is dead. What these tables do not show is unknown,
and nobody is let in by it.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

from sentinel.model.moment import Address
from sentinel.model.networks import Network

TABLES = Path("/proc/self/net")
GATEWAY, REJECT, LOCAL = 0x0002, 0x0200, 0x80000000  # RTF_… of linux/route.h and linux/ipv6_route.h
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
    own = [*_ipv4_addresses(_lines(tables / "fib_trie")), *_ipv6_addresses(_lines(tables / "if_inet6"))]
    found = [*_ipv4_routes(_lines(tables / "route")), *_ipv6_routes(_lines(tables / "ipv6_route"))]
    here = [network for network, hop in found if hop is None and _is_ours(network, own)]
    return Lan(
        networks=tuple(dict.fromkeys(here)),
        gateways=tuple(dict.fromkeys(hop for network, hop in found if hop and network.prefixlen == 0)),
        addresses=tuple(dict.fromkeys(each for each in own if not each.is_link_local)),
    )


def _is_ours(network: Network, own: list[Address]) -> bool:
    """Connected: as wide as a LAN may be, and in IPv4 with an address of ours in it."""
    narrow = WIDEST[network.version] <= network.prefixlen < network.max_prefixlen
    return narrow and not network.is_multicast and (network.version == 6 or any(each in network for each in own))


def _lines(table: Path) -> list[str]:
    try:
        return table.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []


def _ipv4_routes(lines: list[str]) -> Iterator[tuple[Network, Address | None]]:
    """Of /proc/net/route: interface, destination, gateway, flags, …, mask; numbers in the machine's byte order."""
    for line in lines[1:]:
        words = line.split()
        if len(words) < 8 or words[0] == "lo" or int(words[3], 16) & REJECT:
            continue
        start, hop, mask = (IPv4Address(struct.pack("=I", int(words[n], 16))) for n in (1, 2, 7))
        yield ip_network(f"{start}/{mask}", strict=False), hop if int(words[3], 16) & GATEWAY else None


def _ipv6_routes(lines: list[str]) -> Iterator[tuple[Network, Address | None]]:
    """Of /proc/net/ipv6_route: destination, its length, source, its length, next hop, …, flags, interface."""
    for line in lines:
        words = line.split()
        if len(words) < 10 or words[9] == "lo" or int(words[8], 16) & (REJECT | LOCAL):
            continue
        start, hop = IPv6Address(bytes.fromhex(words[0])), IPv6Address(bytes.fromhex(words[4]))
        network = ip_network(f"{start}/{int(words[1], 16)}", strict=False)
        yield network, hop if int(words[8], 16) & GATEWAY else None


def _ipv4_addresses(lines: list[str]) -> Iterator[Address]:
    """Of /proc/net/fib_trie: each leaf, and below it what it is."""
    last = ""
    for line in lines:
        words = line.split()
        if words[:1] == ["|--"]:
            last = words[1]
        elif words == ["/32", "host", "LOCAL"] and not last.startswith("127."):
            yield IPv4Address(last)


def _ipv6_addresses(lines: list[str]) -> Iterator[Address]:
    for line in lines:
        words = line.split()
        if len(words) == 6 and words[5] != "lo":
            yield IPv6Address(bytes.fromhex(words[0]))


def host() -> str:
    """This machine's name, without its domain."""
    return socket.gethostname().partition(".")[0].lower()
