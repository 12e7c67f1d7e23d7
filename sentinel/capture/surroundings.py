"""Our place in the network: connected prefixes, the box, the default route. Asked of the kernel by pyroute2.

`watch` asks through a child of its own (`ask`), so that it does not carry pyroute2's 20 MB for life. `listen`
needs less, and before its first frame: `glance`.
"""

import socket
import sys
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from sentinel import codec
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import ALWAYS_INSIDE, HomeNetwork, Network, Networks

MAIN, UNICAST = 254, 1
"""RT_TABLE_MAIN and RTN_UNICAST: linux/rtnetlink.h."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the kernel knows of our network at one moment; addresses as text, since this crosses a pipe."""

    interface: str | None
    """The interface of the default route."""
    prefixes: tuple[str, ...]
    """Networks we are connected to, those learnt by router advertisement included."""
    gateways: tuple[str, ...]
    """Next hops of the default routes: the box."""
    families: tuple[int, ...]
    """4 and 6, as far as both a default route and a routable address stand."""
    box_mac: str | None = None
    """Hardware address of the first gateway whose neighbour entry the kernel has, lower case."""
    addresses: tuple[str, ...] = ()
    """This machine's own, but for loopback."""
    macs: tuple[str, ...] = ()
    """Hardware addresses of its cards, lower case."""

    def networks(self, prefixes: tuple[str, ...] = (), box: tuple[str, ...] = ()) -> Networks:
        """What is ours: what the kernel knows, and what was declared beyond it."""
        own = {ip_network(text) for text in (*self.prefixes, *prefixes)}
        hidden = {ip_address(text) for text in (box or self.gateways)}
        return Networks(own=tuple(sorted(own, key=str)), box=tuple(sorted(hidden, key=str)))

    def home(self, networks: Networks, at: Moment) -> HomeNetwork:
        """The same as a fact."""
        return HomeNetwork(
            networks=networks,
            families=self.families,
            at=at,
            box_mac=self.box_mac,
            addresses=tuple(ip_address(text) for text in self.addresses),
            macs=self.macs,
        )


def ask() -> Surroundings:
    """`look_around`, by a short-lived child; nothing known when the child fails."""
    import subprocess  # `listen` imports this module, and would wait for that one

    question = [sys.executable, "-m", "sentinel.capture.surroundings"]
    try:
        done = subprocess.run(question, capture_output=True, check=True, timeout=20)
    except (subprocess.SubprocessError, OSError):
        return Surroundings(interface=None, prefixes=(), gateways=(), families=())
    return codec.decode(done.stdout, Surroundings)


def look_around() -> Surroundings:
    """Ask the kernel; a machine without any network gives empty answers, not an error."""
    from pyroute2 import IPRoute

    with IPRoute() as kernel:
        routes = [
            route
            for family in (socket.AF_INET, socket.AF_INET6)
            for route in kernel.get_routes(family=family, table=MAIN)
            if route["type"] == UNICAST  # and no black hole, which would make a stranger's network ours
        ]
        links = [link for link in kernel.get_links() if link.get_attr("IFLA_IFNAME") != "lo"]
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in links}
        addresses = [
            ip_interface(f"{entry.get_attr('IFA_ADDRESS')}/{entry['prefixlen']}")
            for entry in kernel.get_addr()
            if entry["index"] in names
        ]
        neighbours = {
            ip_address(entry.get_attr("NDA_DST")): str(mac).lower()
            for entry in kernel.get_neighbours()
            if entry.get_attr("NDA_DST") and (mac := entry.get_attr("NDA_LLADDR"))
        }
    defaults = [route for route in routes if route["dst_len"] == 0 and route.get_attr("RTA_OIF")]
    hops = {ip_address(hop) for route in defaults if (hop := route.get_attr("RTA_GATEWAY"))}
    return Surroundings(
        interface=names.get(defaults[0].get_attr("RTA_OIF")) if defaults else None,
        prefixes=tuple(sorted(str(network) for network in _prefixes(routes, addresses))),
        gateways=tuple(sorted(str(hop) for hop in hops)),
        families=_families(defaults, addresses),
        box_mac=next((neighbours[hop] for hop in sorted(hops, key=_order) if hop in neighbours), None),
        addresses=tuple(sorted({str(each.ip) for each in addresses})),
        macs=tuple(sorted({str(mac).lower() for link in links if (mac := link.get_attr("IFLA_ADDRESS"))})),
    )


def _prefixes(routes: list[Any], addresses: list[Any]) -> set[Network]:
    """Connected networks, and on-link prefixes a router announced without giving us an address."""
    found = {address.network for address in addresses}
    for route in routes:
        if route["dst_len"] and not route.get_attr("RTA_GATEWAY") and route.get_attr("RTA_DST"):
            found.add(ip_network(f"{route.get_attr('RTA_DST')}/{route['dst_len']}", strict=False))
    return {n for n in found if n.prefixlen < n.max_prefixlen and not n.is_multicast and not n.is_loopback}


def _families(defaults: list[Any], addresses: list[Any]) -> tuple[int, ...]:
    version = {socket.AF_INET: 4, socket.AF_INET6: 6}
    routed = {version[route["family"]] for route in defaults}
    routable = {each.version for each in addresses if each.version == 4 or _is_global(each.ip)}
    return tuple(sorted(routed & routable))


def _order(hop: Address) -> tuple[int, int]:
    """IPv4 first, so that the same gateway is asked about each time."""
    return hop.version, int(hop)


def _is_global(address: Address) -> bool:
    return not any(address in network for network in ALWAYS_INSIDE)


if __name__ == "__main__":
    sys.stdout.buffer.write(codec.encode(look_around()))
