"""What the ISP's box says of itself when it is asked from inside: what it forwards, and whose its address is.

Everything in here was said by a device of the LAN, so it is a hint and never a proof: a forward it does not list
may exist all the same.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_network

from sentinel.model.moment import Address, Moment
from sentinel.model.networks import ALWAYS_INSIDE, SHARED

DUAL_STACK_LITE = ip_network("192.0.0.0/29")  # RFC 6333, RFC 7335: IPv4 through a tunnel, its address shared


class Transport(StrEnum):
    """What a mapping forwards."""

    TCP = "tcp"
    UDP = "udp"


class Reading(StrEnum):
    """How one attempt to read the box ended."""

    READ = "read"
    """Its list was read to the end."""
    PARTLY = "partly"
    """It answered, but not all of it could be read: what is missing proves nothing."""
    SILENT = "silent"
    """No UPnP device answered on the gateway's address."""
    FAILED = "failed"
    """Something answered that could not be understood, or the reader itself failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One forward of the box: whoever comes to this public port reaches that machine."""

    transport: Transport
    outside_port: int
    machine: Address
    inside_port: int
    enabled: bool = True
    remote: Address | None = None
    """Only this address may come; None: anybody."""
    lease: timedelta | None = None
    """For how long; None: for ever."""
    text: str = ""
    """The description given by whoever asked for it: printable, 80 characters at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxReading:
    """One look at the box from inside."""

    reading: Reading
    at: Moment
    gateway: Address | None = None
    """The box's address on the LAN."""
    igd: int | None = None
    """Version of its UPnP Internet Gateway Device service, 1 or 2; None: it offers none."""
    wan: Address | None = None
    """The address it says it has on the internet side."""
    addressless: bool = False
    """It is connected and says that it has no address strangers could meet, and not which one it has."""
    mappings: tuple[Mapping, ...] = ()
    """64 at most."""
    natpmp: bool = False
    pcp: bool = False
    """Any program inside can ask it to open a door."""
    ipv6_inbound: bool | None = None
    """Its IPv6 firewall lets inbound connections through (WANIPv6FirewallControl); None: it does not tell."""
    detail: str = ""
    """A short plain-English reason for the console; no payload, no patient."""


class WanAddress(StrEnum):
    """Whose the address is that the echo knocks at, by what the box says of its internet side."""

    OURS = "ours"
    """The box has the very address strangers meet."""
    SHARED = "shared"
    """The provider shares one public address among several customers: that one is not ours."""
    BEHIND_ROUTER = "behind_router"
    """A private address, or none that strangers could meet: something stands between this box and the internet.

    Another router of ours, or the provider's sharing: which of them has to be declared.
    """
    DIFFERENT = "different"
    """Public, and not the one strangers meet: a tunnel, a second line, or a box that is mistaken."""
    UNTOLD = "untold"
    """The box told no address, or there is nothing to compare it with."""


def is_not_public(wan: Address) -> bool:
    """Whether it is an address that strangers cannot meet: a provider's sharing, a tunnel's, a private one."""
    return any(wan in network for network in (SHARED, DUAL_STACK_LITE, *ALWAYS_INSIDE))


def wan_address(reading: BoxReading, observed: Address | None) -> WanAddress:
    """Whose `observed` is, the public IPv4 address the echo met; the box's word is a hint, never a proof.

    What is observed is signed by the echo: where both agree the address is ours, whatever range it is from.
    """
    wan = reading.wan
    if wan is None and reading.addressless:
        return WanAddress.BEHIND_ROUTER
    if wan is None or wan.version != 4 or wan.is_unspecified or wan.is_loopback or wan.is_multicast:
        return WanAddress.UNTOLD
    if wan == observed:
        return WanAddress.OURS
    if wan in SHARED or wan in DUAL_STACK_LITE:
        return WanAddress.SHARED
    if any(wan in network for network in ALWAYS_INSIDE):
        return WanAddress.BEHIND_ROUTER
    comparable = observed is not None and observed.version == 4
    return WanAddress.DIFFERENT if comparable else WanAddress.UNTOLD
