"""The drawing of the laboratory: every machine, cable, address and route, always the same.

Nothing here is remembered by a process, so that another one can find a running cabinet by these names.
The addresses outside look like anybody's, since code may forgive the documentation ranges; they live in
namespaces that lead nowhere.
"""

from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network

PREFIX = "cab-"
"""Begins the name of every namespace of ours, so that the leftovers of a crash can be found."""

HOSTS = (
    "internet",
    "stranger",
    "echo1",
    "echo2",
    "box",
    "vpn",
    "switch",
    "imaging",
    "workstation",
    "pi",
)
ROUTERS = ("internet", "box")
SWITCH_PORTS = ("to-box", "to-imaging", "to-workstation", "to-pi")
MIRROR_PORT = "mirror"

LAN4 = IPv4Network("192.168.77.0/24")
LAN6 = IPv6Network("2a0f:7700:0:77::/64")
VPN4 = IPv4Network("10.8.0.0/24")
WAN4 = IPv4Network("25.0.0.0/24")
STRANGERS4 = IPv4Network("25.1.0.0/16")
"""Where the extra strangers live; routed to the one stranger machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    """One network card: the machine it is in, its name there, its hardware address and its addresses."""

    host: str
    name: str
    mac: str
    addresses: tuple[Interface, ...] = ()

    @property
    def v4(self) -> tuple[IPv4Address, ...]:
        """The IPv4 addresses, the main one first."""
        return tuple(each.ip for each in self.addresses if isinstance(each, IPv4Interface))

    @property
    def v6(self) -> tuple[IPv6Address, ...]:
        """The global IPv6 addresses, the main one first; the link-local one is the kernel's."""
        return tuple(each.ip for each in self.addresses if isinstance(each, IPv6Interface))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cable:
    """A cable from a router or the switch (`upper`) to a machine (`lower`)."""

    upper: Nic
    lower: Nic

    @property
    def index(self) -> int:
        """The number of the upper card.

        It must differ from that of the lower one in its own namespace. Where the two are equal by chance the
        kernel takes the card for a real one and announces its carrier a second late, and IPv6 waits for that.
        """
        return 100 + int(self.upper.mac[-2:], 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What `host` sends to `gateway`."""

    host: str
    to: Network
    gateway: Address


def _nic(number: int, host: str, name: str, *addresses: str) -> Nic:
    # Locally administered (second lowest bit of the first byte), numbered by hand so that they never move.
    mac = f"02:ca:b0:00:00:{number:02x}"
    return Nic(host=host, name=name, mac=mac, addresses=tuple(map(ip_interface, addresses)))


def _cable(upper: Nic, lower: Nic) -> Cable:
    return Cable(upper=upper, lower=lower)


CABLES = (
    _cable(
        _nic(0x01, "internet", "to-box", "25.0.0.1/24", "2a0f:2500::1/64"),
        _nic(0x02, "box", "wan0", "25.0.0.2/24", "2a0f:2500::2/64"),
    ),
    _cable(
        _nic(0x03, "internet", "to-stranger", "25.0.1.1/24", "2a0f:2501::1/64"),
        _nic(0x04, "stranger", "eth0", "25.0.1.66/24", "2a0f:2501::66/64"),
    ),
    # Each echo sees from two places: its second address is in another network.
    _cable(
        _nic(0x05, "internet", "to-echo1", "25.0.2.1/24", "25.0.12.1/24", "2a0f:2502::1/64", "2a0f:2512::1/64"),
        _nic(0x06, "echo1", "eth0", "25.0.2.10/24", "25.0.12.10/24", "2a0f:2502::10/64", "2a0f:2512::10/64"),
    ),
    _cable(
        _nic(0x07, "internet", "to-echo2", "25.0.3.1/24", "25.0.13.1/24", "2a0f:2503::1/64", "2a0f:2513::1/64"),
        _nic(0x08, "echo2", "eth0", "25.0.3.10/24", "25.0.13.10/24", "2a0f:2503::10/64", "2a0f:2513::10/64"),
    ),
    _cable(
        _nic(0x09, "box", "vpn0", "10.8.0.1/24", "fd10:8::1/64"),
        _nic(0x0A, "vpn", "eth0", "10.8.0.2/24", "fd10:8::2/64"),
    ),
    _cable(
        _nic(0x81, "switch", "to-box"),
        _nic(0x11, "box", "lan0", "192.168.77.1/24", "2a0f:7700:0:77::1/64"),
    ),
    _cable(
        _nic(0x82, "switch", "to-pi"),
        _nic(0x12, "pi", "lan0", "192.168.77.2/24", "2a0f:7700:0:77::2/64"),
    ),
    _cable(
        _nic(0x83, "switch", "to-imaging"),
        _nic(0x13, "imaging", "lan0", "192.168.77.10/24", "2a0f:7700:0:77::10/64"),
    ),
    _cable(
        _nic(0x84, "switch", "to-workstation"),
        _nic(0x14, "workstation", "lan0", "192.168.77.20/24", "2a0f:7700:0:77::20/64"),
    ),
)

MIRROR_CABLE = _cable(_nic(0x85, "switch", MIRROR_PORT), _nic(0x15, "pi", "mirror0"))


def _routes(host: str, *pairs: tuple[str, str]) -> tuple[Route, ...]:
    return tuple(Route(host=host, to=ip_network(to), gateway=ip_address(gateway)) for to, gateway in pairs)


def _defaults(host: str, gateway4: str, gateway6: str) -> tuple[Route, ...]:
    return _routes(host, ("0.0.0.0/0", gateway4), ("::/0", gateway6))


def nics(host: str, *, one_nic: bool = False) -> tuple[Nic, ...]:
    """Every card of that machine, the one that faces the LAN or the internet first."""
    cables = CABLES if one_nic else (*CABLES, MIRROR_CABLE)
    return tuple(end for cable in cables for end in (cable.upper, cable.lower) if end.host == host)


def nic(host: str, name: str) -> Nic:
    """The card of that name in that machine."""
    return next(each for each in nics(host) if each.name == name)


ROUTES = (
    *_defaults("box", "25.0.0.1", "2a0f:2500::1"),
    *_defaults("stranger", "25.0.1.1", "2a0f:2501::1"),
    *_defaults("echo1", "25.0.2.1", "2a0f:2502::1"),
    *_defaults("echo2", "25.0.3.1", "2a0f:2503::1"),
    *_defaults("vpn", "10.8.0.1", "fd10:8::1"),
    *_defaults("imaging", "192.168.77.1", "2a0f:7700:0:77::1"),
    *_defaults("workstation", "192.168.77.1", "2a0f:7700:0:77::1"),
    *_defaults("pi", "192.168.77.1", "2a0f:7700:0:77::1"),
    *_routes("internet", (str(LAN6), "2a0f:2500::2"), (str(STRANGERS4), "25.0.1.66")),
)
