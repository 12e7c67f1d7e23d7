"""One Ethernet frame, perhaps cut, to one packet.

What does not hold together is `Unreadable`, never an exception: strangers choose these bytes.
"""

import struct
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from sentinel.decode.dicom import association_head, read_association
from sentinel.model.machine import SeenBy
from sentinel.model.moment import Address, Moment
from sentinel.model.packet import Announcement, Fragment, Packet, Segment, Unreadable

IPV4, ARP, VLAN, IPV6, QINQ = 0x0800, 0x0806, 0x8100, 0x86DD, 0x88A8
TCP, FRAGMENT, ICMP6 = 6, 44, 58
EXTENSIONS = (0, 43, 60)  # hop-by-hop, routing, destination options: RFC 8200 section 4
NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 135, 136

_tcp = struct.Struct("!HHIIBB")  # ports, seq, ack, data offset, flags: RFC 9293 section 3.1


def read_frame(frame: bytes, at: Moment, vlan: int | None = None) -> Packet | None:
    """The packet in a frame; None when it is of no protocol we follow.

    Args:
        frame: from the Ethernet header on; what the capture cut off is missing at the end.
        at: when it passed.
        vlan: the tag the kernel took off, if there was one.
    """
    try:
        return _read(frame, at, vlan)
    except (struct.error, IndexError, ValueError):
        return Unreadable(at)


def _read(frame: bytes, at: Moment, vlan: int | None) -> Packet | None:
    start, protocol = 14, _half(frame, 12)
    for _ in range(2):
        if protocol in (VLAN, QINQ):
            vlan = _half(frame, start) & 0xFFF if vlan is None else vlan
            protocol = _half(frame, start + 2)
            start += 4
    if protocol == IPV4:
        return _ip4(frame, start, at, vlan)
    if protocol == IPV6:
        return _ip6(frame, start, at, vlan)
    if protocol == ARP:
        return _arp(frame, start, at)
    return None


def _half(frame: bytes, at: int) -> int:
    return frame[at] << 8 | frame[at + 1]


@lru_cache(maxsize=8192)
def _mac(raw: bytes) -> str:
    return raw.hex(":")


@lru_cache(maxsize=8192)
def _address(raw: bytes) -> Address:
    return IPv4Address(raw) if len(raw) == 4 else IPv6Address(raw)


def _ip4(frame: bytes, ip: int, at: Moment, vlan: int | None) -> Packet | None:
    """RFC 791 section 3.1."""
    header = (frame[ip] & 15) * 4
    if frame[ip] >> 4 != 4 or header < 20:
        return Unreadable(at)
    if frame[ip + 9] != TCP:
        return None
    if _half(frame, ip + 6) & 0x3FFF:
        return Fragment(at)
    return _segment(
        frame,
        ip + header,
        _half(frame, ip + 2) - header,
        frame[ip + 12 : ip + 16],
        frame[ip + 16 : ip + 20],
        at,
        vlan,
    )


def _ip6(frame: bytes, ip: int, at: Moment, vlan: int | None) -> Packet | None:
    """RFC 8200 sections 3 and 4."""
    if frame[ip] >> 4 != 6:
        return Unreadable(at)
    protocol, start, size = frame[ip + 6], ip + 40, _half(frame, ip + 4)
    for _ in range(4):
        if protocol not in EXTENSIONS:
            break
        extent = (frame[start + 1] + 1) * 8
        protocol, start, size = frame[start], start + extent, size - extent
    if protocol == FRAGMENT:  # of TCP, or of a header that TCP may follow
        return Fragment(at) if frame[start] in (TCP, *EXTENSIONS) else None
    if protocol == ICMP6 and start == ip + 40:
        return _neighbour(frame, start, at)
    if protocol != TCP:
        return None
    return _segment(frame, start, size, frame[ip + 8 : ip + 24], frame[ip + 24 : ip + 40], at, vlan)


def _segment(
    frame: bytes, tcp: int, size: int, source: bytes, target: bytes, at: Moment, vlan: int | None
) -> Segment | Unreadable:
    source_port, target_port, seq, ack, offset, flags = _tcp.unpack_from(frame, tcp)
    header = (offset >> 4) * 4
    if header < 20 or size < header:
        return Unreadable(at)
    length = size - header
    payload = frame[tcp + header : tcp + header + length]
    return Segment(
        at=at,
        source_mac=_mac(frame[6:12]),
        target_mac=_mac(frame[0:6]),
        vlan=vlan,
        source=_address(source),
        source_port=source_port,
        target=_address(target),
        target_port=target_port,
        seq=seq,
        ack=ack,
        flags=flags & 0x3F,
        length=length,
        association=read_association(association_head(payload)) if payload else None,
    )


def _arp(frame: bytes, start: int, at: Moment) -> Announcement | None:
    """RFC 826: whoever asks or answers is alive; a probe without an address says nothing (RFC 5227)."""
    if _half(frame, start) != 1 or _half(frame, start + 2) != IPV4:
        return None
    sender, peer = _address(frame[start + 14 : start + 18]), _address(frame[start + 24 : start + 28])
    return _announcement(frame, at, frame[start + 8 : start + 14], sender, SeenBy.ARP, peer)


def _neighbour(frame: bytes, icmp: int, at: Moment) -> Announcement | Unreadable | None:
    """RFC 4861 sections 4.3 and 4.4: the address advertised, or the one that solicits; of this very link."""
    if frame[icmp - 33] != 255:
        return None
    if len(frame) < icmp + 24:
        return Unreadable(at) if frame[icmp] == NEIGHBOUR_ADVERTISEMENT else None
    source, target = _address(frame[icmp - 32 : icmp - 16]), _address(frame[icmp - 16 : icmp])
    about = _address(frame[icmp + 8 : icmp + 24])
    if frame[icmp] == NEIGHBOUR_ADVERTISEMENT:
        return _announcement(frame, at, frame[6:12], about, SeenBy.NDP, target)
    if frame[icmp] == NEIGHBOUR_SOLICITATION:
        return _announcement(frame, at, frame[6:12], source, SeenBy.NDP, about)
    return None


def _announcement(
    frame: bytes, at: Moment, mac: bytes, address: Address, seen_by: SeenBy, peer: Address
) -> Announcement | None:
    if len(mac) < 6 or address.is_unspecified:
        return None
    to_all = bool(frame[0] & 1)  # IEEE 802 section 8.2: a group address
    return Announcement(at, _mac(mac), address, seen_by, peer, to_all)
