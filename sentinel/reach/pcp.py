"""Whether any program inside can ask the box to open a door: NAT-PMP (RFC 6886) and PCP (RFC 6887), by struct.

Nothing is ever opened: PCP is asked to announce itself, NAT-PMP for its outer address, and neither for a mapping.
So there is no nonce to compare: only the gateway's own address and port tell an answer from a forgery.
"""

import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

PORT = 5351
WAITS = (0.25, 0.5, 0.75)
"""Seconds for each try; RFC 6886 section 3.1 begins like this and goes on for a minute."""
ANSWERS = 64
LONGEST = 1100
"""Bytes: the longest PCP message (RFC 6887 section 7)."""
NATPMP_ASK = b"\x00\x00"
PCP_VERSION, ANNOUNCE, REPLY = 2, 0, 0x80
SUCCESS, NOT_AUTHORISED, NETWORK_FAILURE = 0, 2, 3
"""NAT-PMP's codes; PCP calls the first two the same, and has its own third."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Openers:
    """Who would open a door on demand, and the address NAT-PMP tells."""

    natpmp: bool = False
    pcp: bool = False
    wan: IPv4Address | None = None
    addressless: bool = False
    """NAT-PMP's result 3: it has no address that strangers could meet."""


def openers(gateway: IPv4Address, *, port: int = PORT, waits: tuple[float, ...] = WAITS) -> Openers:
    """Ask the gateway both; nobody else's answers reach the socket. `port` is another one in tests.

    Raises:
        OSError: there is no way to the gateway.
    """
    found, heard = Openers(), set[int]()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect((str(gateway), port))  # the kernel drops what comes from any other address or port
        own = IPv4Address(line.getsockname()[0])
        for wait in waits:
            for version, question in ((0, NATPMP_ASK), (PCP_VERSION, announce(own))):
                if version not in heard:
                    _send(line, question)
            found = _take(line, wait, found, heard)
            if len(heard) == 2:
                break
    return found


def announce(own: IPv4Address) -> bytes:
    """A PCP ANNOUNCE: header only, its own address as IPv4-mapped (RFC 6887 sections 7.1 and 14.1)."""
    return struct.pack("!BBHI16s", PCP_VERSION, ANNOUNCE, 0, 0, b"\x00" * 10 + b"\xff\xff" + own.packed)


def _send(line: socket.socket, question: bytes) -> None:
    with suppress(OSError):  # the refusal of the question before: this one is lost, the next try is not
        line.send(question)


def _take(line: socket.socket, wait: float, found: Openers, heard: set[int]) -> Openers:
    """What is answered within `wait` seconds; `heard` learns which versions have answered."""
    end = time.monotonic() + wait
    for _ in range(ANSWERS):
        left = end - time.monotonic()
        if left <= 0 or len(heard) == 2:
            break
        line.settimeout(left)
        try:
            answer = line.recv(LONGEST + 1)
        except TimeoutError:
            break
        except OSError:  # refused or prohibited, as a box says by ICMP: the other question may be answered
            continue
        version, found = read(answer, found)
        if version is not None:
            heard.add(version)
    return found


def read(answer: bytes, found: Openers) -> tuple[int | None, Openers]:
    """Which version an answer settles, and what is known with it; what is no answer settles nothing."""
    if answer[:2] == bytes((0, REPLY)) and len(answer) >= 8:
        return _natpmp(answer, found)
    if answer[:2] == bytes((PCP_VERSION, REPLY | ANNOUNCE)) and 24 <= len(answer) <= LONGEST:
        if len(answer) % 4:  # RFC 6887 section 7: the length is a multiple of four
            return None, found
        return PCP_VERSION, replace(found, pcp=answer[3] != NOT_AUTHORISED)
    return None, found


def _natpmp(answer: bytes, found: Openers) -> tuple[int | None, Openers]:
    """RFC 6886 section 3.2. « Unsupported version » is a NAT-PMP server's answer to the PCP question."""
    code = int.from_bytes(answer[2:4])
    if code == 1:
        return PCP_VERSION, found
    if code == SUCCESS and len(answer) == 12:
        wan = IPv4Address(answer[8:12])
        return 0, replace(found, natpmp=True, wan=None if wan.is_unspecified else wan)
    if code in (NOT_AUTHORISED, NETWORK_FAILURE):
        failed = code == NETWORK_FAILURE  # it would, but its own address is shared, private or missing
        return 0, replace(found, natpmp=failed, addressless=failed)
    return None, found
