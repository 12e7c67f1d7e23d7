"""What one frame said, once its headers are read.

Tuples rather than dataclasses: one is made for every frame that passes the kernel, and a tuple costs a third.
"""

from enum import IntFlag
from functools import lru_cache
from typing import NamedTuple

from sentinel.model.connection import Association, DicomService, Label
from sentinel.model.machine import SeenBy
from sentinel.model.moment import Address, Moment, unpacked

SHORT = 12
"""Bytes of a way of IPv4."""


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
    whole: bool = False
    """No service but these is proposed."""
    rejection: tuple[int, int, int] | None = None
    """Result, source, reason."""
    size: int = 0
    """Bytes of the whole PDU, as its length field says."""

    @property
    def names_its_door(self) -> bool:
        """A request or its acceptance, known by more than ninety bits: whoever is asked is a door, on any port."""
        return self.kind in (Association.PROPOSED, Association.ACCEPTED)


class Segment(NamedTuple):
    """One TCP segment: its headers, and the association PDU at its start if there was one.

    Who sent it to whom stays as it was on the wire: of a hundred segments one makes a fact, and bytes are found in
    a table ten times as fast as addresses. `decode.plain` makes one by the order of its fields.
    """

    at: Moment
    macs: bytes
    """Of the target and of the source, 6 bytes each."""
    vlan: int | None
    way: bytes
    """Addresses of source and target, then their ports: 12 bytes, of IPv6 36."""
    seq: int
    ack: int
    flags: int
    length: int
    """Payload on the wire, in bytes, by the IP header: the payload itself was cut off."""
    association: AssociationHead | None = None
    label: Label | None = None
    """What its payload begins like: whether it is the first of its side is known to `tracking` alone."""

    @property
    def source(self) -> Address:
        """Whose segment it is."""
        return unpacked(source_of(self.way))

    @property
    def target(self) -> Address:
        """Whom it goes to."""
        return unpacked(target_of(self.way))

    @property
    def source_port(self) -> int:
        """1-65535; a stranger may also send 0."""
        return self.way[-4] << 8 | self.way[-3]

    @property
    def target_port(self) -> int:
        """As `source_port`."""
        return self.way[-2] << 8 | self.way[-1]

    @property
    def source_mac(self) -> str | None:
        """The hardware address it came from: of a stranger's segment the box's."""
        return written(self.macs[6:])

    @property
    def target_mac(self) -> str | None:
        """The hardware address it went to."""
        return written(self.macs[:6])


@lru_cache(maxsize=64)
def raw_mac(mac: str) -> bytes:
    """A hardware address as it stands in a frame; empty for none."""
    return bytes.fromhex(mac.replace(":", ""))


@lru_cache(maxsize=256)
def shared(macs: bytes) -> bytes:
    """The same two hardware addresses as before, in the same memory: a practice has few pairs, a flood one."""
    return macs


def written(mac: bytes) -> str | None:
    """A hardware address, lower case; None for the six noughts of a link that has none, or does not say."""
    return mac.hex(":") if any(mac) else None


def source_of(way: bytes) -> bytes:
    """The source's address, as on the wire."""
    return way[:4] if len(way) == SHORT else way[:16]


def target_of(way: bytes) -> bytes:
    """The target's address, as on the wire."""
    return way[4:8] if len(way) == SHORT else way[16:32]


def turned(way: bytes) -> bytes:
    """The way of the answers to a segment."""
    if len(way) == SHORT:
        return way[4:8] + way[:4] + way[10:] + way[8:10]
    return way[16:32] + way[:16] + way[34:] + way[32:34]


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
    """A piece of TCP, or headers of IPv6 that nobody walks through: counted, for a connection could hide in it."""

    at: Moment
    source: bytes
    target: bytes
    """Addresses as on the wire."""


class Unreadable(NamedTuple):
    """A frame whose headers do not hold together, or are not for us; counted."""

    at: Moment


Packet = Segment | Announcement | Fragment | Unreadable
