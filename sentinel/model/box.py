"""What the ISP's box says of itself when it is asked from inside: what it forwards, and whose its address is.

Everything in here was said by a device of the LAN, so it is a hint and never a proof: a forward it does not list
may exist all the same.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sentinel.model.moment import Address, Moment


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
    mappings: tuple[Mapping, ...] = ()
    """64 at most."""
    natpmp: bool = False
    pcp: bool = False
    """Any program inside can ask it to open a door."""
    ipv6_inbound: bool | None = None
    """Its IPv6 firewall lets inbound connections through (WANIPv6FirewallControl); None: it does not tell."""
    detail: str = ""
    """A short plain-English reason for the console; no payload, no patient."""
