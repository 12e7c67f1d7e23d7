"""A talk on every link that is read, each interface with a clock of its own; and Wi-Fi, which is not read."""

import struct
from collections.abc import Callable, Iterator

from tests.builders import START
from tests.capture.files import clock, interface, packet, section
from tests.pcaps.story import Story, exchange
from tests.pcaps.wrapped import V6


def _cooked(frame: bytes) -> bytes:
    return struct.pack("!HHH6sH", 0, 1, 6, frame[6:12], 0) + frame[12:]


def _cooked2(frame: bytes) -> bytes:
    return frame[12:14] + struct.pack("!HIHBB6sH", 0, 2, 1, 0, 6, frame[6:12], 0) + frame[14:]


def _raw(frame: bytes) -> bytes:
    return frame[14:]


def _family(order: str, six: int) -> Callable[[bytes], bytes]:
    return lambda frame: struct.pack(order + "I", six if frame[14] >> 4 == 6 else 2) + frame[14:]


LINKS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "Ethernet": (1, bytes),
    "cooked": (113, _cooked),
    "cooked, IPv6": (113, _cooked),
    "cooked again": (276, _cooked2),
    "cooked again, IPv6": (276, _cooked2),
    "raw IP": (101, _raw),
    "raw IP, IPv6": (101, _raw),
    "raw IP as it was": (12, _raw),
    "raw IP of OpenBSD": (14, _raw),
    "raw IPv4": (228, _raw),
    "raw IPv6": (229, _raw),
    "null of macOS, IPv6": (0, _family("<", 30)),
    "null of FreeBSD on a big-endian machine, IPv6": (0, _family(">", 28)),
    "null of Windows": (0, _family("<", 23)),
    "loopback of OpenBSD, IPv6": (108, _family(">", 24)),
}
"""The number of each link type, and how a record of it is made of an Ethernet frame."""
WIFI = 105
CLOCKS = (6, 9, 3, 0x80 | 10, 0x80 | 20, 0)
"""Ticks in a second, in turn: powers of ten, and with 0x80 of two."""
EPOCH = int(START.timestamp())


def ticks(hundredths: int, resolution: int, begins: int) -> int:
    """So many hundredths of a second after the beginning, on an interface's clock."""
    return (EPOCH - begins) * _each(resolution) + hundredths * _each(resolution) // 100


def microseconds(number: int) -> int:
    """From the beginning of the file to the first word of a talk, as exactly as its interface counts."""
    resolution, _ = _clock(number)
    return ticks(number, resolution, EPOCH) * 1_000_000 // _each(resolution)


def _each(resolution: int) -> int:
    return 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution


def story() -> Story:
    """What is true of the file: a talk for each interface but the last."""
    told = Story()
    for name in LINKS:
        talk = told.talk(**(V6 if "IPv6" in name else {}))
        told.tell(talk, [*talk.handshake(), *exchange(talk)])
        told.ends(talk, "closed", 3, 6)
    return told


def file() -> bytes:
    """All talks side by side, a word of each in turn; every other clock began with the file."""
    return section() + b"".join(_interfaces()) + b"".join(_packets(story()))


def _clock(number: int) -> tuple[int, int]:
    return CLOCKS[number % len(CLOCKS)], EPOCH if number % 2 else 0


def _interfaces() -> Iterator[bytes]:
    for number, (link, _) in enumerate(LINKS.values()):
        yield interface(link, clock(*_clock(number)))
    yield interface(WIFI)


def _packets(told: Story) -> Iterator[bytes]:
    frames = [part for part in told.parts if isinstance(part, bytes)]
    words = len(frames) // len(LINKS)
    for word in range(words):
        for number, (_, record) in enumerate(LINKS.values()):
            at = ticks(word * len(LINKS) + number, *_clock(number))
            yield packet(record(frames[number * words + word]), at, number)
        yield packet(b"\xd4\x00\x00\x00" + bytes(6), ticks(word, 6, 0), len(LINKS))
