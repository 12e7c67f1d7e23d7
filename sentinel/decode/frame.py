"""One Ethernet frame, perhaps cut, to one packet.

What does not hold together is `Unreadable`, never an exception: strangers choose these bytes.

Checksums are not verified. A card that computes them for its machine (CHECKSUM_PARTIAL of linux/skbuff.h) hands
its own frames to a capture before it has, so that true frames look wrong; and whoever forges a frame to mislead
us forges its checksum too. What a forged reset ends here, the next true segment begins again.
"""

import struct
from functools import lru_cache

from sentinel.decode.dicom import association_head, read_association
from sentinel.decode.label import label_of, told
from sentinel.decode.plain import READ, plain_segment
from sentinel.model.beginnings import FIRST, PUSHED
from sentinel.model.connection import Label
from sentinel.model.machine import SeenBy
from sentinel.model.moment import Address, Moment, unpacked
from sentinel.model.packet import Announcement, Fragment, Packet, Segment, Unreadable

IPV4, ARP, VLAN, IPV6, QINQ = b"\x08\x00", b"\x08\x06", b"\x81\x00", b"\x86\xdd", b"\x88\xa8"
TCP, FRAGMENT, AUTHENTICATED, ICMP6 = 6, 44, 51, 58  # RFC 8200, RFC 4302
EXTENSIONS = (0, 43, 60)  # hop-by-hop, routing, destination options: RFC 8200 section 4
WALKED = 5
"""So many may come before TCP, destination options twice (RFC 8200 section 4.1); the filter walks as many."""
PIECE = 0xFFF9
"""Offset, and whether more follow, beside two reserved bits; none of it: the fragment is the whole (RFC 6946)."""
UNWALKED = (*EXTENSIONS, FRAGMENT, AUTHENTICATED)
NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 135, 136

FLAGS = bytes([PUSHED])

_ip4_header = struct.Struct("!BxHxxHxB")  # version and length, length of all, fragment, protocol: RFC 791
_tcp = struct.Struct("!IIBB")  # seq, ack, data offset, flags, behind the ports: RFC 9293 section 3.1


def read_frame(frame: bytes, at: Moment, vlan: int | None = None, *, filtered: bool = False) -> Packet | None:
    """The packet in a frame; None when it is of no protocol we follow.

    Args:
        frame: from the Ethernet header on; what the capture cut off is missing at the end.
        at: when it passed.
        vlan: the tag the kernel took off, if there was one.
        filtered: it came through our own filter, so that where it ends says something (`model.beginnings`). A
            recorded file was cut wherever its maker liked, or not at all: there the payload itself is looked at.
    """
    try:
        return plain_segment(frame, at, vlan) or _read(frame, at, vlan, filtered)
    except (struct.error, IndexError, ValueError):
        return Unreadable(at)


def _read(frame: bytes, at: Moment, vlan: int | None, filtered: bool) -> Packet | None:
    start, protocol = 14, frame[12:14]
    for _ in range(2):
        if protocol in (VLAN, QINQ):
            vlan = _half(frame, start) & 0xFFF if vlan is None else vlan
            protocol = frame[start + 2 : start + 4]
            start += 4
    if protocol == IPV4:
        return _ip4(frame, start, at, vlan, filtered)
    if protocol == IPV6:
        return _ip6(frame, start, at, vlan, filtered)
    if protocol == ARP:
        return _arp(frame, start, at)
    return None if len(protocol) == 2 else Unreadable(at)


def _half(frame: bytes, at: int) -> int:
    return frame[at] << 8 | frame[at + 1]


@lru_cache(maxsize=1024)
def _mac(raw: bytes) -> str:
    return raw.hex(":")


def _ip4(frame: bytes, ip: int, at: Moment, vlan: int | None, filtered: bool) -> Packet | None:
    """RFC 791 section 3.1."""
    first, size, fragment, protocol = _ip4_header.unpack_from(frame, ip)
    header = (first & 15) * 4
    if first >> 4 != 4 or header < 20:
        return Unreadable(at)
    if protocol != TCP:
        return None
    if fragment & 0x3FFF:
        ends = frame[ip + 12 : ip + 16], frame[ip + 16 : ip + 20]
        return Fragment(at, *ends) if len(frame) >= ip + 20 else Unreadable(at)
    size = size or len(frame) - ip  # nought: the sender's own card is still to cut it into packets
    return _segment(frame, ip + header, size - header, frame[ip + 12 : ip + 20], at, vlan, filtered)


def _ip6(frame: bytes, ip: int, at: Moment, vlan: int | None, filtered: bool) -> Packet | None:
    """RFC 8200 sections 3 and 4."""
    if frame[ip] >> 4 != 6:
        return Unreadable(at)
    protocol, start, size = frame[ip + 6], ip + 40, _half(frame, ip + 4)
    for _ in range(WALKED):
        if protocol in EXTENSIONS:
            extent = (frame[start + 1] + 1) * 8
        elif protocol == FRAGMENT and not _half(frame, start + 2) & PIECE:
            extent = 8
        else:
            break
        protocol, start, size = frame[start], start + extent, size - extent
    if protocol in UNWALKED:  # followed by TCP, or by a header that TCP may follow
        ends = frame[ip + 8 : ip + 24], frame[ip + 24 : ip + 40]
        return Fragment(at, *ends) if frame[start] in (TCP, *UNWALKED) else None
    if protocol == ICMP6 and start == ip + 40:
        return _neighbour(frame, start, at)
    if protocol != TCP:
        return None
    return _segment(frame, start, size, frame[ip + 8 : ip + 40], at, vlan, filtered)


def _segment(
    frame: bytes, tcp: int, size: int, ends: bytes, at: Moment, vlan: int | None, filtered: bool
) -> Segment | Unreadable:
    label = head = None
    if filtered and len(frame) - tcp < 20:
        frame, label = _labelled(frame, tcp)
    seq, ack, offset, flags = _tcp.unpack_from(frame, tcp + 4)
    header = (offset >> 4) * 4
    if header < 20 or size < header:
        return Unreadable(at)
    payload = tcp + header
    if frame[payload : payload + 1] in READ:
        said = frame[payload : tcp + size]
        head = read_association(association_head(said))
        label = None if filtered else label_of(said, flags & 0x3F)
    way = ends + frame[tcp : tcp + 4]
    return Segment(at, frame[:12], vlan, way, seq, ack, flags & 0x3F, size - header, head, label)


def _labelled(frame: bytes, tcp: int) -> tuple[bytes, Label | None]:
    """A header that our filter kept short of its end, with its flags; of one that merely came short, no label."""
    kept = len(frame) - tcp
    whole = frame + FLAGS if kept == FIRST else frame
    return whole, told(kept, whole[tcp + 13] & 0x3F)


def _arp(frame: bytes, start: int, at: Moment) -> Announcement | None:
    """RFC 826: whoever asks or answers is alive; a probe without an address says nothing (RFC 5227)."""
    if _half(frame, start) != 1 or frame[start + 2 : start + 4] != IPV4:
        return None
    sender, peer = unpacked(frame[start + 14 : start + 18]), unpacked(frame[start + 24 : start + 28])
    return _announcement(frame, at, frame[start + 8 : start + 14], sender, SeenBy.ARP, peer)


def _neighbour(frame: bytes, icmp: int, at: Moment) -> Announcement | Unreadable | None:
    """RFC 4861 sections 4.3 and 4.4: the address advertised, or the one that solicits; of this very link."""
    if frame[icmp - 33] != 255:
        return None
    if len(frame) < icmp + 24:
        return Unreadable(at) if frame[icmp] == NEIGHBOUR_ADVERTISEMENT else None
    source, target = unpacked(frame[icmp - 32 : icmp - 16]), unpacked(frame[icmp - 16 : icmp])
    about = unpacked(frame[icmp + 8 : icmp + 24])
    if frame[icmp] == NEIGHBOUR_ADVERTISEMENT:
        return _announcement(frame, at, frame[6:12], about, SeenBy.NDP, target)
    if frame[icmp] == NEIGHBOUR_SOLICITATION:
        return _announcement(frame, at, frame[6:12], source, SeenBy.NDP, about)
    return None


def _announcement(
    frame: bytes, at: Moment, mac: bytes, address: Address, seen_by: SeenBy, peer: Address
) -> Announcement | None:
    if len(mac) < 6 or not any(mac) or address.is_unspecified:
        return None
    to_all = bool(frame[0] & 1)  # IEEE 802 section 8.2: a group address
    return Announcement(at, _mac(mac), address, seen_by, peer, to_all)
