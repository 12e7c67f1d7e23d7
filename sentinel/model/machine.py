"""The machines of the LAN, and what the mirror port lets us see of them."""

from dataclasses import dataclass
from enum import StrEnum

from sentinel.model.moment import Address, Moment


class SeenBy(StrEnum):
    """How a machine showed that it is alive."""

    ARP = "arp"
    NDP = "ndp"
    TCP = "tcp"
    ASKING = "asking"
    """It asked everybody where the box is: it has something to send out."""
    PASSING = "passing"
    """It was seen on its way to the box or beyond, at the watched port: whoever comes to it passes there too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSighting:
    """A machine of the LAN was alive at this moment; never what it talked to."""

    mac: str
    address: Address
    seen_by: SeenBy
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the capture could see in the last second; its silence is itself a finding.

    Counts are totals since `listen` started, so that a lost report loses nothing.
    """

    interface: str
    carrier: bool
    """The cable is in and the other end is up."""
    apart: bool
    """The capture has a card of its own, so that our own talk must show on it as somebody else's."""
    inward: Moment | None
    """Last unicast frame for somebody else that came from outside."""
    outward: Moment | None
    """Last unicast frame for somebody else that went outside."""
    heard: Moment | None
    """Last frame of any kind."""
    frames: int
    """Frames that passed the kernel filter."""
    dropped: int
    """Frames the kernel had no room for."""
    undecodable: int
    """Frames that could not be read."""
    forgotten: int
    """Table entries that had to make room."""
    unsent: int
    """Facts that were overwritten before `watch` had acknowledged them."""
    at: Moment
