"""Recorded files of any length, made as they are read: headers of an office, or a flood of SYNs."""

import struct
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

from tests.builders import START, WORKSTATION, Talk
from tests.capture.files import pcap

KEPT = 54
"""Bytes of each frame: the headers of Ethernet, IP and TCP."""
A_SECOND = 10_000
"""Frames."""
PORTS = range(1_024, 61_024)
"""A scanner's."""
PICKED = range(32_768, 61_000)
"""What Linux picks from for its calls outside; others pick within it, or above (RFC 6335 section 6)."""

Frames = Callable[[int], Iterator[bytes]]


def office(count: int) -> Iterator[bytes]:
    """Fifty frames a connection: three of four go out, the fourth is a stranger's at the imaging server."""
    inward = _frames(Talk())
    outward = _frames(Talk(client=WORKSTATION, server=ip_address("198.51.100.80"), server_port=443))
    for number in range(count // 50):
        port = PICKED[number % len(PICKED)].to_bytes(2, "big")
        for frame, from_client in outward if number % 4 else inward:
            at = 34 if from_client else 36
            yield frame[:at] + port + frame[at + 2 :]


def _frames(talk: Talk) -> list[tuple[bytes, bool]]:
    """A connection of fifty frames, and who sent each."""
    words = talk.handshake()
    for turn in range(44):
        words.append((talk.ack(), talk.asks(bytes(1_400)), talk.answers(bytes(1_400)))[turn % 3])
    return [(talk.frame(word), word.from_client) for word in [*words, *talk.goodbye()]]


def flood(count: int) -> Iterator[bytes]:
    """A scan: every SYN is of another connection."""
    talk = Talk()
    syn = talk.frame(talk.syn())
    for number in range(count):
        source, port = divmod(number, len(PORTS))
        yield (
            syn[:26]
            + struct.pack("!I", int(talk.client) + source)
            + syn[30:34]
            + struct.pack("!H", PORTS[port])
            + syn[36:]
        )


def records(frames: Iterator[bytes]) -> Iterator[bytes]:
    """A classic file, piece by piece: ten thousand frames a second, only their headers kept."""
    yield pcap([])
    start = int(START.timestamp())
    for number, frame in enumerate(frames):
        seconds, part = divmod(number, A_SECOND)
        kept = frame[:KEPT]
        yield struct.pack("<IIII", start + seconds, part * 100, len(kept), len(frame)) + kept


def write(path: Path, frames: Iterator[bytes]) -> Path:
    """A file of them."""
    with path.open("wb") as file:
        file.writelines(records(frames))
    return path
