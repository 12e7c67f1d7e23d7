"""What stands before the IP header in a recorded file, made into the Ethernet header the street reads.

    link type                  before the IP header, in bytes               what becomes of it
    1         Ethernet         two MACs, EtherType                          nothing: it stays as it is
    113       Linux cooked v1  2 kind, 2, 2 length, 8 address, 2 EtherType  the sender's MAC
    276       Linux cooked v2  2 EtherType, 8, 1 kind, 1 length, 8 address  the sender's MAC
    0, 108    null, loopback   4, the address family                        no MAC at all
    12, 14, 101, 228, 229      nothing: an IP header comes first            no MAC at all

So `decode` has one way to read a frame, whatever it was recorded on. A MAC that the link does not carry is six
noughts, which are nobody's; `decode` says None of it. Of whom a cooked frame was for, only « everybody » or « a
group » is known. The numbers are those of tcpdump.org/linktypes.html.
"""

from collections.abc import Callable

Shape = Callable[[bytes], bytes]
"""From a record to a frame that begins with an Ethernet header; what was cut short stays short."""

ETHERNET = 1
NOBODY, EVERYBODY, GROUP = bytes(6), b"\xff" * 6, b"\x01" + bytes(5)
TARGETS = {1: EVERYBODY, 2: GROUP}  # PACKET_BROADCAST, PACKET_MULTICAST of linux/if_packet.h
IP4, IP6, UNKNOWN = b"\x08\x00", b"\x86\xdd", bytes(2)
FAMILIES = {
    2: IP4,
    10: IP6,  # AF_INET6 of Linux
    23: IP6,  # of Windows
    24: IP6,  # of NetBSD and OpenBSD
    26: IP6,  # of Solaris
    28: IP6,  # of FreeBSD
    30: IP6,  # of macOS
}


def _cooked(frame: bytes) -> bytes:
    """Linux « any », version 1: the EtherType stands last, as in Ethernet."""
    sender = frame[6:12] if frame[4:6] == b"\x00\x06" else NOBODY
    return TARGETS.get(int.from_bytes(frame[0:2], "big"), NOBODY) + sender + frame[14:]


def _cooked2(frame: bytes) -> bytes:
    """Linux « any », version 2."""
    sender = frame[12:18] if frame[11:12] == b"\x06" else NOBODY
    return TARGETS.get(int.from_bytes(frame[10:11], "big"), NOBODY) + sender + frame[:2] + frame[20:]


def _raw(frame: bytes) -> bytes:
    """The version of IP is its first four bits (RFC 791 section 3.1, RFC 8200 section 3)."""
    protocol = {4: IP4, 6: IP6}.get(frame[0] >> 4, UNKNOWN) if frame else b""
    return NOBODY + NOBODY + protocol + frame


def _raw4(frame: bytes) -> bytes:
    return NOBODY + NOBODY + IP4 + frame


def _raw6(frame: bytes) -> bytes:
    return NOBODY + NOBODY + IP6 + frame


def _null(frame: bytes) -> bytes:
    """The family as the recording machine wrote it, in either byte order: no family is above 255."""
    family = int.from_bytes(frame[:4], "little")
    protocol = FAMILIES.get(family if family < 1 << 24 else family >> 24, UNKNOWN) if len(frame) >= 4 else b""
    return NOBODY + NOBODY + protocol + frame[4:]


SHAPES: dict[int, Shape | None] = {
    0: _null,
    ETHERNET: None,
    12: _raw,  # what most systems wrote before 101 was agreed upon
    14: _raw,  # and OpenBSD
    101: _raw,
    108: _null,  # OpenBSD's loopback: in network byte order, which is one of the two
    113: _cooked,
    228: _raw4,
    229: _raw6,
    276: _cooked2,
}
"""The link types that are read; None where there is nothing to do."""

NAMES = {
    6: "token ring",
    9: "PPP",
    10: "FDDI",
    50: "PPP",
    51: "PPPoE",
    104: "Cisco HDLC",
    105: "Wi-Fi",
    107: "frame relay",
    117: "OpenBSD's firewall log",
    119: "Wi-Fi with a Prism header",
    127: "Wi-Fi with radiotap",
    163: "Wi-Fi with an AVS header",
    187: "Bluetooth",
    189: "USB",
    192: "PPI, mostly Wi-Fi",
    195: "IEEE 802.15.4",
    201: "Bluetooth",
    220: "USB",
    227: "CAN bus",
    239: "the Linux firewall's log",
    249: "USB",
    251: "Bluetooth low energy",
    252: "Wireshark's exported protocols",
    253: "Linux netlink",
    258: "Apple's packet tap",
}
"""Those that people meet, and that are not read."""


def link_name(link: int) -> str:
    """Of a link type, for a sentence: its number, and a name where we know one."""
    return f"link type {link}" + (f" ({NAMES[link]})" if link in NAMES else "")
