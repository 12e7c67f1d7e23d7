"""Addresses the echo never dials, whoever asks.

Python's `is_global` lets through NAT64, 6to4, site-local, multicast and newer documentation ranges, and its
answer changes between versions: the list below is complete by itself, and `is_global` comes on top.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from sentinel.model.moment import Address

Network = IPv4Network | IPv6Network

GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291 section 2.4

NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # RFC 791: this network
        "10.0.0.0/8",  # RFC 1918
        "100.64.0.0/10",  # RFC 6598: carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # RFC 3927; also cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # RFC 6890
        "192.0.2.0/24",  # RFC 5737: documentation
        "192.88.99.0/24",  # RFC 7526: 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # RFC 2544: benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "::/8",  # unspecified, loopback, mapped, compatible
        "64:ff9b::/96",  # RFC 6052: NAT64
        "64:ff9b:1::/48",  # RFC 8215
        "100::/64",  # RFC 6666: discard
        "2001::/23",  # RFC 2928: Teredo, benchmarks, ORCHID
        "2001:db8::/32",
        "2002::/16",  # RFC 3056: 6to4
        "3fff::/20",  # RFC 9637: documentation
        "5f00::/16",  # RFC 9602: segment routing
        "fc00::/7",  # RFC 4193
        "fe80::/10",
        "fec0::/10",  # RFC 3879: site-local
        "ff00::/8",  # multicast
    )
)


def unmapped(address: Address) -> Address:
    """The IPv4 address inside `::ffff:0:0/96`, or the address itself without a zone."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        return IPv6Address(int(address))
    return address


def is_denied(address: Address, own: Iterable[Network] = (), *, lab: bool = False) -> bool:
    """Whether an address may not be dialled; `lab` lets a test dial what no stranger could reach."""
    target = unmapped(address)
    if target.is_multicast or target.is_unspecified:
        return True
    if any(target in network for network in own):
        return True
    return not lab and not _is_public(target)


@lru_cache(4096)
def _is_public(target: IPv4Address | IPv6Address) -> bool:
    if any(target in network for network in NEVER):
        return False
    if isinstance(target, IPv6Address) and target not in GLOBAL_UNICAST:
        return False
    return target.is_global
