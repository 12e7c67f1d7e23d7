"""What nearly every frame is: a segment in one piece, without a tag, and of no payload that is worth a look.

Read in one step, for half the price. Whatever is not so is left to `frame`, which reads all there is.
"""

import struct
from typing import Final

from sentinel.decode.dicom import BEGINS
from sentinel.decode.label import INITIALS
from sentinel.model.moment import Moment
from sentinel.model.packet import Segment

IP4, IP6 = b"\x08\x00\x45", b"\x86\xdd\x60"
"""Protocol, version and length of header: RFC 791 section 3.1, RFC 8200 section 3."""
TCP: Final = 6
PIECE: Final = 0x3FFF
"""RFC 791 section 3.1: more to come, and the offset."""
AT4, AT6 = 14 + 20, 14 + 40
"""Where TCP begins."""
LEAST: Final = 20
"""Bytes of a TCP header: RFC 9293 section 3.1."""

READ: Final = frozenset({*INITIALS, *BEGINS})
"""What a payload begins with that is worth reading; the empty one is none."""

_ip4 = struct.Struct("!12s4xH2xHxB2x12sIIBB").unpack_from  # length of all, fragment, protocol; way; numbers
_ip6 = struct.Struct("!12s6xHBx36sIIBB").unpack_from


def plain_segment(frame: bytes, at: Moment, vlan: int | None) -> Segment | None:
    """The segment, where it is as plain as that; the arguments are those of `read_frame`."""
    kind, kept = frame[12:15], len(frame)
    if kind == IP4 and kept >= AT4 + LEAST:
        macs, size, piece, protocol, way, seq, ack, offset, flags = _ip4(frame)
        start, size = AT4, size - 20
        if piece & PIECE:
            return None
    elif kind == IP6 and kept >= AT6 + LEAST:
        macs, size, protocol, way, seq, ack, offset, flags = _ip6(frame)
        start = AT6
    else:
        return None
    header = offset >> 2 & 0x3C
    payload = start + header
    if protocol != TCP or not LEAST <= header <= size or kept < payload or frame[payload : payload + 1] in READ:
        return None
    # what NamedTuple makes of a call costs as much as all before
    return tuple.__new__(Segment, (at, macs, vlan, way, seq, ack, flags & 0x3F, size - header, None, None))
