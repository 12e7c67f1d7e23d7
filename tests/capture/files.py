"""Recorded files of every kind, written byte by byte."""

import struct

from tests.builders import Talk

TALK = Talk()
FRAMES = [TALK.frame(word) for word in (*TALK.handshake(), TALK.asks(b"ask"), TALK.answers(b"answer"))]
SECOND = 1_000_000_000
START = 1_772_442_000 * SECOND


def stamps(count: int) -> list[int]:
    """A quarter of a second apart."""
    return [START + 250_000_000 * number for number in range(count)]


STAMPS = stamps(len(FRAMES))


def pcap(frames=FRAMES, *, order: str = "<", nano: bool = False, link: int = 1) -> bytes:
    """The classic format (draft-ietf-opsawg-pcap)."""
    file = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 65_535, link)
    for stamp, frame in zip(stamps(len(frames)), frames, strict=True):
        part = stamp % SECOND if nano else stamp % SECOND // 1_000
        file += struct.pack(order + "IIII", stamp // SECOND, part, len(frame), len(frame) + 7) + frame
    return file


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """One pcapng block (draft-ietf-opsawg-pcapng section 3.1)."""
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, options: bytes = b"", order: str = "<") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, 65_535) + options, order)


def clock(resolution: int, begins: int = 0, order: str = "<") -> bytes:
    """The options that say how an interface counts time: its resolution, and the second in which it began."""
    return struct.pack(order + "HHB3xHHqHH", 9, 1, resolution, 14, 8, begins, 0, 0)


def packet(frame: bytes, ticks: int, of: int = 0, order: str = "<") -> bytes:
    head = struct.pack(order + "IIIII", of, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame) + 7)
    return block(6, head + frame, order)


def pcapng(frames=FRAMES, *, order: str = "<", resolution: int = 6) -> bytes:
    """One section, one interface; ticks of 10 to the minus `resolution` seconds."""
    options = struct.pack(order + "HHB3xHH", 9, 1, resolution, 0, 0)
    packets = (
        packet(frame, stamp // 10 ** (9 - resolution), order=order)
        for stamp, frame in zip(stamps(len(frames)), frames, strict=True)
    )
    return section(order) + interface(options=options, order=order) + b"".join(packets)


KINDS = {
    "pcap": pcap(),
    "pcap, big-endian": pcap(order=">"),
    "pcap, nanoseconds": pcap(nano=True),
    "pcap, nanoseconds, big-endian": pcap(nano=True, order=">"),
    "pcapng": pcapng(),
    "pcapng, big-endian": pcapng(order=">"),
    "pcapng, nanoseconds": pcapng(resolution=9),
}
