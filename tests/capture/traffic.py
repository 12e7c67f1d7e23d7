"""Traffic of a mirror port, made up, with connections hidden in it of which everything is known.

Addresses are of the ranges for documentation. Nothing is drawn without a seed, so a run can be had again.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import count

from sentinel.capture.doors import EPHEMERAL
from sentinel.model.connection import ConnectionState, Label
from sentinel.model.moment import Address
from sentinel.model.packet import Flags
from tests.builders import (
    IMAGING,
    IMAGING6,
    STRANGER,
    STRANGER6,
    WORKSTATION,
    Talk,
    Word,
    associate_ac,
    associate_rq,
    ip_frame,
    p_data,
    tcp_frame,
)

DOORS = (104, 443, 4242, 8042, 11_112, 50_104)
TIMES = b"\x01\x01\x08\x0a" + bytes(8)  # RFC 7323 section 3: what nearly every segment carries today
OPENING = b"\x02\x04\x05\xb4\x04\x02\x08\x0a" + bytes(8) + b"\x01\x03\x03\x0a"
"""Options of a SYN: segment size, selective acknowledgement, time, window."""
PAGE = ip_address("198.51.100.80")
FILES = ip_address("192.168.1.5")


@dataclass(frozen=True)
class Hidden:
    """One connection from outside, as it really was."""

    frames: tuple[bytes, ...]
    source: Address
    source_port: int
    target_port: int
    state: ConnectionState
    bytes_in: int = 0
    bytes_out: int = 0
    dicom: bool = False
    label: Label | None = None
    chained: bool = False
    """All he sends has an extension header of IPv6: strangers may have any, so it shares the attempts' ring."""


SHAPES: tuple[tuple[int, dict[str, object]], ...] = (
    *((4, {}),) * 6,
    (4, {"tags": ((0x8100, 20),)}),
    (6, {}),
    (6, {"extensions": ((60, bytes(6)),)}),
)
"""Family, and how it is wrapped: of three strangers two come as most do."""


def hidden(number: int, seed: int = 7) -> list[Hidden]:
    """So many strangers at the imaging server."""
    dice = random.Random(seed)
    return [_one(dice, 20_000 + each) for each in range(number)]


def _one(dice: random.Random, port: int) -> Hidden:
    family, shape = dice.choice(SHAPES)
    source = (STRANGER if family == 4 else STRANGER6) + dice.randrange(200)
    talk = Talk(
        client=source,
        client_port=port,
        server=IMAGING if family == 4 else IMAGING6,
        server_port=dice.choice(DOORS),
        client_isn=dice.getrandbits(32),
        server_isn=dice.getrandbits(32),
    )
    kind = dice.choice(("silent", "refused", "scan", "page", "dicom", "dicom", "pieces"))
    words, state = _words(talk, kind, dice)
    said = {end: sum(word.length for word in words if word.from_client is end) for end in (True, False)}
    frames = tuple(
        talk.frame(word, options=OPENING if word.flags & Flags.SYN else TIMES, **shape) for word in words
    )
    return Hidden(
        *(frames, source, port, talk.server_port, state, said[True], said[False]),
        dicom=kind in ("dicom", "pieces"),
        label=Label.HTTP if kind == "page" else None,
        chained="extensions" in shape,
    )


def _words(talk: Talk, kind: str, dice: random.Random) -> tuple[list[Word], ConnectionState]:
    syn = talk.syn()
    if kind == "silent":
        return [syn], ConnectionState.ATTEMPTED
    if kind == "refused":
        return [syn, talk.say(False, Flags.RST | Flags.ACK, seq=0)], ConnectionState.REFUSED
    if kind == "scan":
        return [syn, talk.syn_ack(), talk.rst(True, ack=False)], ConnectionState.ANSWERED
    words = [syn, talk.syn_ack(), talk.ack()]
    if kind == "pieces":  # a request that nobody knows by its first bytes
        words += [talk.asks(associate_rq()[at : at + 50]) for at in range(0, len(associate_rq()), 50)]
    if kind == "dicom":
        words.append(talk.asks(associate_rq()))
    if kind != "page":
        words.append(talk.answers(associate_ac()))
    words.append(talk.asks(b"GET / HTTP/1.1\r\n\r\n" if kind == "page" else p_data(dice.randbytes(60))))
    for _ in range(dice.randrange(1, 12)):
        words += [talk.say(False, Flags.ACK, p_data(dice.randbytes(1_300))), talk.ack()]
    return [*words, *talk.goodbye()], ConnectionState.CLOSED


def woven(background: Sequence[bytes], strangers: Iterable[Hidden], seed: int = 8) -> list[bytes]:
    """Each stranger's frames in their order, a ten-thousandth of the whole apart, spread over the background."""
    dice = random.Random(seed)
    events = [((number + 0.5) / len(background), frame) for number, frame in enumerate(background)]
    for each in strangers:
        begins = dice.random() * 0.9
        events += [(begins + place * 1e-4, frame) for place, frame in enumerate(each.frames)]
    return [frame for _, frame in sorted(events, key=lambda event: event[0])]


def office(number: int, seed: int = 9) -> list[bytes]:
    """Pages and a file share: full segments down, acknowledgements up, and a little of everything else."""
    dice = random.Random(seed)
    blob = dice.randbytes(1 << 16)
    talks = [_outbound(dice) for _ in range(120)] + [_inside(dice) for _ in range(30)]
    frames: list[bytes] = []
    while len(frames) < number:
        frames += _some(dice, dice.choice(talks), blob)
    return frames[:number]


def _outbound(dice: random.Random) -> tuple[IPv4Address, int, IPv4Address, int]:
    return WORKSTATION + dice.randrange(30), dice.randrange(32_768, 61_000), PAGE + dice.randrange(100), 443


def _inside(dice: random.Random) -> tuple[IPv4Address, int, IPv4Address, int]:
    return WORKSTATION + dice.randrange(30), dice.randrange(32_768, 61_000), FILES, 445


def _some(dice: random.Random, ends: tuple[IPv4Address, int, IPv4Address, int], blob: bytes) -> list[bytes]:
    client, port, server, door = ends
    at, draw = dice.randrange(60_000), dice.random()
    seq, ack = dice.getrandbits(32), dice.getrandbits(32)
    if draw < 0.004:
        return _whole(client, dice.randrange(32_768, 61_000), server, door, seq, ack)
    if draw < 0.6:
        down = blob[at : at + 1_448]
        return [tcp_frame(server, door, client, port, Flags.ACK, down, seq=seq, ack=ack, options=TIMES)]
    if draw < 0.7:
        up = blob[at : at + dice.randrange(40, 1_400)]
        pushed = Flags.PSH | Flags.ACK
        return [_up(client, port, server, door, pushed, up, seq, ack)]
    if draw < 0.96:
        return [_up(client, port, server, door, Flags.ACK, b"", seq, ack)]
    if draw < 0.99:
        return [ip_frame(client, server, b"\x00\x35\x00\x35\x00\x28\x00\x00" + blob[at : at + 32], protocol=17)]
    return [arp(client)]


def _whole(client: IPv4Address, port: int, server: IPv4Address, door: int, seq: int, ack: int) -> list[bytes]:
    """A connection of the staff."""
    talk = Talk(client=client, client_port=port, server=server, server_port=door, client_isn=seq, server_isn=ack)
    return [
        talk.frame(word, options=TIMES, from_box=not word.from_client)
        for word in [*talk.handshake(), *talk.goodbye()]
    ]


def _up(
    client: IPv4Address, port: int, server: IPv4Address, door: int, flags: int, up: bytes, seq: int, ack: int
) -> bytes:
    return tcp_frame(client, port, server, door, flags, up, seq=seq, ack=ack, options=TIMES, from_box=False)


def arp(asking: IPv4Address) -> bytes:
    """« Who has the box? » (RFC 826)."""
    mac = bytes.fromhex("0200000000") + asking.packed[-1:]
    asked = b"\x00\x01\x08\x00\x06\x04\x00\x01" + mac + asking.packed + bytes(6) + bytes((192, 168, 1, 254))
    return (b"\xff" * 6 + mac + b"\x08\x06" + asked).ljust(60, b"\x00")


def flood(number: int, seed: int = 10) -> list[bytes]:
    """Frames of 64 bytes inside the practice: bare acknowledgements and datagrams."""
    dice = random.Random(seed)
    return [
        tcp_frame(
            WORKSTATION + dice.randrange(100), dice.randrange(1_025, 65_000), FILES, 445, Flags.ACK, seq=each
        )
        if each % 2
        else ip_frame(WORKSTATION + dice.randrange(100), FILES, bytes(18), protocol=17)
        for each in range(number)
    ]


def bulk(number: int, seed: int = 11) -> list[bytes]:
    """Images from one machine to another: full segments of P-DATA, an acknowledgement for each second one."""
    dice = random.Random(seed)
    talk = Talk(client=WORKSTATION, server=IMAGING, server_port=11_112)
    words = [*talk.handshake(), talk.asks(associate_rq()), talk.answers(associate_ac())]
    frames = [talk.frame(word, options=TIMES) for word in words]
    blob = dice.randbytes(1 << 16)
    while len(frames) < number:
        at = dice.randrange(60_000)
        piece = (p_data(blob[at : at + 1_400]) if dice.random() < 0.1 else blob[at : at + 1_412])[:1_448]
        frames.append(talk.frame(talk.say(True, Flags.ACK, piece), options=TIMES))
        if len(frames) % 3 == 0:
            frames.append(talk.frame(talk.ack(False), options=TIMES))
    return frames[:number]


def practice(number: int, visits: int = 40) -> list[bytes]:
    """An office, and strangers answered there whom every peer sees alike: over IPv4, no tag, at common doors."""
    doors = [each for each in hidden(6 * visits) if each.target_port < EPHEMERAL]
    plain = [each for each in doors if each.frames[0][12:14] == b"\x08\x00"]
    strangers = [each for each in plain if each.bytes_in or each.bytes_out]
    return woven(office(number), strangers[:visits])


def doors(number: int, seed: int = 13) -> list[bytes]:
    """The same scan at open doors: behind each SYN its answer."""
    frames = []
    for syn in scan(number // 2, seed):
        source, port, door = (
            ip_address(syn[26:30]),
            int.from_bytes(syn[34:36], "big"),
            int.from_bytes(syn[36:38], "big"),
        )
        ack = (int.from_bytes(syn[38:42], "big") + 1) % (1 << 32)
        flags = Flags.SYN | Flags.ACK
        frames += [
            syn,
            tcp_frame(IMAGING, door, source, port, flags, seq=7, ack=ack, options=OPENING, from_box=False),
        ]
    return frames


def scan(number: int, seed: int = 12) -> list[bytes]:
    """SYNs from everywhere, of one scanner's making."""
    dice = random.Random(seed)
    first = tcp_frame(PAGE, 1, IMAGING, 1, Flags.SYN, options=OPENING)
    return [
        first[:26]
        + bytes((dice.choice((45, 185, 198)), dice.randrange(256), dice.randrange(256), dice.randrange(1, 255)))
        + first[30:34]
        + dice.randrange(1_025, 65_000).to_bytes(2, "big")
        + dice.choice(DOORS).to_bytes(2, "big")
        + dice.getrandbits(32).to_bytes(4, "big")
        + first[42:]
        for _ in range(number)
    ]


def strays(number: int, seed: int = 15) -> list[bytes]:
    """What belongs to no connection, from everywhere: goodbyes, resets and data."""
    dice = random.Random(seed)
    kinds = (Flags.FIN | Flags.ACK, Flags.RST, Flags.PSH | Flags.ACK)
    return [each[:47] + bytes((dice.choice(kinds),)) + each[48:] for each in scan(number, seed)]


def fragments(number: int, seed: int = 16) -> list[bytes]:
    """First and second pieces of packets, from everywhere (RFC 791 section 3.1: more to come; eight bytes on)."""
    dice = random.Random(seed)
    pieces = (b"\x20\x00", b"\x00\x01")
    return [each[:20] + dice.choice(pieces) + each[22:] for each in scan(number, seed)]


def swarm(number: int, seed: int = 14) -> list[bytes]:
    """The worst for whoever remembers: all ports, both families, and each stranger from a network of his own.

    One of three knocks in vain, under a tag, so that no stride takes him with others; one is answered; one is
    answered and asks for an association under a name of his own.
    """
    dice = random.Random(seed)
    frames: list[bytes] = []
    for each in count():
        if len(frames) >= number:
            return frames[:number]
        frames += _swarming(_from_anywhere(each, dice), each)
    raise AssertionError


def _from_anywhere(number: int, dice: random.Random) -> Talk:
    isn, port = dice.getrandbits(32), dice.randrange(1_025, 65_000)
    ends: tuple[Address, Address] = (IPv4Address("45.0.0.9") + 256 * number, IMAGING)
    if number % 2:
        ends = (IPv6Address("2001:db8:bad::9") + (number << 64) + (isn << 8), IMAGING6)
    door = number * 7 % 65_535 + 1
    return Talk(
        client=ends[0],
        client_port=port,
        server=ends[1],
        server_port=door,
        client_isn=isn,
        server_isn=port * 65_537,
    )


def _swarming(talk: Talk, number: int) -> list[bytes]:
    syn = talk.syn()
    if number % 3 == 0:
        return [talk.frame(syn, options=OPENING, tags=((0x8100, 20),))]
    frames = [talk.frame(word, options=OPENING) for word in (syn, talk.syn_ack())]
    if number % 3 == 1:
        request = associate_rq(calling=f"{number:x}", called=f"{number:X}")
        frames.append(talk.frame(talk.asks(request), options=TIMES))
    return frames
