"""What one frame said, once its headers are read.

Tuples rather than dataclasses: one is made for every frame that passes the kernel, and a tuple costs a third.
"""

from enum import IntFlag
from typing import NamedTuple

from sentinel.model.connection import Association, DicomService
from sentinel.model.machine import SeenBy
from sentinel.model.moment import Address, Moment


class Flags(IntFlag):
    """TCP control bits (RFC 9293 section 3.1)."""

    FIN = 0x01
    SYN = 0x02
    RST = 0x04
    PSH = 0x08
    ACK = 0x10


class AssociationHead(NamedTuple):
    """What one DICOM association PDU says (PS3.8 section 9.3)."""

    kind: Association
    called: str = ""
    calling: str = ""
    services: tuple[DicomService, ...] = ()
    rejection: tuple[int, int, int] | None = None
    """Result, source, reason."""
    size: int = 0
    """Bytes of the whole PDU, as its length field says."""


class Segment(NamedTuple):
    """One TCP segment: its headers, and the association PDU at its start if there was one."""

    at: Moment
    source_mac: str | None
    target_mac: str | None
    """Lower case; None where the link has none, or does not say."""
    vlan: int | None
    source: Address
    source_port: int
    target: Address
    target_port: int
    seq: int
    ack: int
    flags: int
    length: int
    """Payload on the wire, in bytes, by the IP header: the payload itself was cut off."""
    association: AssociationHead | None = None


class Announcement(NamedTuple):
    """A machine of the LAN spoke of itself in ARP or NDP."""

    at: Moment
    mac: str
    address: Address
    seen_by: SeenBy
    peer: Address | None = None
    """Whom it asked for or answered."""
    to_all: bool = True
    """Sent to everybody, and so heard at any port of the switch."""


class Fragment(NamedTuple):
    """An IP fragment of TCP: counted, because a connection could hide in it."""

    at: Moment


class Unreadable(NamedTuple):
    """A frame whose headers do not hold together, or are not for us; counted."""

    at: Moment


Packet = Segment | Announcement | Fragment | Unreadable
