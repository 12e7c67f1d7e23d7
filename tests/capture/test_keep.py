"""What the kernel's filter keeps of each frame: shown by an interpreter, and by the kernel itself.

The claims are stated once, in `CLAIMS`. The interpreter checks them anywhere; as root the same frames go over a
real cable into a real ring behind the real kernel's filter.
"""

import random
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from itertools import product

import pytest

from sentinel.capture.doors import HIGH_DOORS
from sentinel.capture.keep import keep
from sentinel.capture.kind import Kind
from sentinel.capture.rare import rare_program
from sentinel.capture.ring import Frame
from sentinel.capture.rings import Rings
from sentinel.capture.route import inside, route
from sentinel.decode.dicom import association_head
from sentinel.decode.frame import read_frame
from sentinel.model.beginnings import BANNERS, KEPT, LONG
from sentinel.model.connection import Label
from sentinel.model.packet import Flags, Fragment, Segment
from tests.builders import (
    ABORT,
    IMAGING,
    IMAGING6,
    INSIDE,
    PATIENT,
    RELEASE_RQ,
    SPOKEN,
    STRANGER,
    STRANGER6,
    WORKSTATION,
    associate_ac,
    associate_rj,
    associate_rq,
    ethernet,
    ip_frame,
    moment,
    p_data,
    tcp_frame,
)
from tests.capture import cable
from tests.capture.bpf import routed, run
from tests.decode.test_frame import (
    ALL,
    ATOMIC,
    AUTHENTICATED,
    DESTINATION,
    PIECES,
    SHAPES4,
    SHAPES6,
    UNWALKED,
    arp,
    neighbour,
)

ROUTE = route(inside(INSIDE))
PROGRAMS = {kind: rare_program() if kind is Kind.RARE else keep(kind) for kind in Kind}
OPENING = {"SYN": Flags.SYN, "SYN-ACK": Flags.SYN | Flags.ACK, "FIN": Flags.FIN | Flags.ACK, "RST": Flags.RST}
DATA = Flags.PSH | Flags.ACK
RQ, AC, RJ = associate_rq(), associate_ac(), associate_rj()
NOTHING = 0


@dataclass(frozen=True)
class Claim:
    """What is kept of one frame: so many bytes, counted in the frame as it was sent."""

    says: str
    frame: bytes
    kept: int
    sampled: bool = False
    """One in 256 is kept up to its payload's first byte all the same."""


def to_door(payload: bytes, flags: int = DATA, family: int = 4, port: int = 4242, **shape: object) -> bytes:
    """From a stranger to the imaging server."""
    source, target = (STRANGER, IMAGING) if family == 4 else (STRANGER6, IMAGING6)
    return tcp_frame(source, 40_000, target, port, flags, payload, **shape)  # type: ignore[arg-type]


def from_door(payload: bytes, flags: int = DATA, family: int = 4, **shape: object) -> bytes:
    """And back."""
    source, target = (IMAGING, STRANGER) if family == 4 else (IMAGING6, STRANGER6)
    return tcp_frame(source, 4242, target, 40_000, flags, payload, **shape)  # type: ignore[arg-type]


def shapes() -> list[tuple[str, int, dict[str, object]]]:
    """Every way a segment can be wrapped; a third tag nobody uses."""
    return [(f"IPv4, {name}", 4, shape) for name, shape in SHAPES4.items()] + [
        (f"IPv6, {name}", 6, shape) for name, shape in SHAPES6.items()
    ]


def claims() -> list[Claim]:
    """All of them."""
    data = [*associations(), *image_data(), *pushed(), *labelled()]
    return [*handshakes(), *data, *fragments(), *neighbours(), *others()]


def handshakes() -> list[Claim]:
    return [
        Claim(f"{name} with payload is cut at the payload ({shape_name})", frame, len(frame) - len(PATIENT))
        for shape_name, family, shape in shapes()
        for name, flags in OPENING.items()
        for frame in [to_door(PATIENT, flags, family, **shape)]
    ]


def associations() -> list[Claim]:
    found = []
    for name, family, shape in shapes():
        for pdu, build in ((RQ, to_door), (AC, from_door), (RJ, from_door), (ABORT, from_door)):
            found.append(
                Claim(f"an association PDU is kept whole ({name})", build(pdu, family=family, **shape), -1)
            )
        for pdu, build in ((RQ, to_door), (AC, from_door)):
            frame = build(pdu + p_data(), family=family, **shape)
            says = f"P-DATA in the same segment is cut at the PDU's end ({name})"
            found.append(Claim(says, frame, len(frame) - len(p_data())))
    found += [
        Claim(f"of a request the first {size} bytes are kept", to_door(RQ[:size]), -1) for size in range(78, 84)
    ]
    long = associate_rq(syntaxes=["1.2.840.10008.5.1.4.1.1.2"] * 40)
    return [*found, Claim("of a longer request, the first segment is kept whole", to_door(long[:1_460]), -1)]


def image_data() -> list[Claim]:
    """From inside to outside, where nothing but an association is ever looked for."""
    payloads = {
        "P-DATA": p_data(),
        "P-DATA of ten bytes": p_data()[:10],
        "a release": RELEASE_RQ,
        "a rejection before more": RJ + PATIENT,
        "an abort before more": ABORT + PATIENT,
        "nine bytes like a rejection": RJ[:9],
        "a request without its version": RQ[:6] + bytes(2) + RQ[8:],
        "a request without its application context": RQ[:74] + b"\x20" + RQ[75:],
        "a request of 128 KiB and more": RQ[:2] + b"\x00\x02\x00\x01" + RQ[6:],
        "a request cut within its first item": RQ[:77],
        **{f"PATIENT behind {start:02x} 00": bytes((start, 0)) + PATIENT * 20 for start in (1, 2, 3, 4, 7)},
    }
    return [
        Claim(
            f"{says} is not kept ({name})",
            from_door(payload, Flags.ACK, family=family, **shape),
            NOTHING,
            sampled=True,
        )
        for name, family, shape in shapes()
        for says, payload in payloads.items()
    ] + [Claim("a bare ACK is not kept", from_door(b"", Flags.ACK), NOTHING)]


def pushed() -> list[Claim]:
    requests = (b"GET /\r\n", b"\x01", b"\x03\x00\x00\x13" + bytes(15), b"\x02\x00\x00", RJ + b"\xe0", PATIENT)
    found = [
        Claim(f"pushed data from outside to a door is headers ({name})", frame, len(frame) - len(request))
        for name, family, shape in shapes()
        for request in requests
        for frame in [to_door(request, family=family, **shape)]
    ]
    found += [
        Claim(f"pushed data from outside to port {port} is headers", to_door(PATIENT, port=port), 54)
        for port in HIGH_DOORS
    ]
    own = tcp_frame(WORKSTATION, 40_000, IMAGING, 4242, DATA, PATIENT)
    own6 = tcp_frame(ip_address("2001:db8:1::67"), 40_000, IMAGING6, 4242, DATA, PATIENT)
    near = [WORKSTATION, *map(ip_address, ("10.1.2.3", "172.31.0.1", "169.254.1.1"))]
    near6 = [ip_address(text) for text in ("2001:db8:1::67", "fe80::1", "fd00::1")]
    back = [
        Claim(f"what a door pushes to {client} is not kept", frame, NOTHING, sampled=True)
        for server, clients in ((IMAGING, near), (IMAGING6, near6))
        for client in clients
        for frame in [tcp_frame(server, 4242, client, 40_000, DATA, PATIENT)]
    ]
    return [
        *found,
        *back,
        *(
            Claim(f"what a door pushes to outside is headers ({name})", frame, len(frame) - len(PATIENT))
            for name, family, shape in shapes()
            for frame in [from_door(PATIENT, family=family, **shape)]
        ),
        Claim(
            "what a client inside pushes to outside is not kept",
            tcp_frame(WORKSTATION, 40_000, STRANGER, 443, DATA, PATIENT),
            NOTHING,
            sampled=True,
        ),
        Claim("pushed data to a client's port is not kept", to_door(PATIENT, port=50_000), NOTHING, sampled=True),
        Claim("pushed data from our own network is not kept", own, NOTHING, sampled=True),
        Claim("nor over IPv6", own6, NOTHING, sampled=True),
        Claim("data that is not pushed is not kept", to_door(PATIENT, Flags.ACK), NOTHING, sampled=True),
    ]


def labelled() -> list[Claim]:
    """The same data, where its first bytes tell what is spoken: kept shorter than a header, which says so."""
    found = []
    for name, family, shape in shapes():
        header = 20 + len(shape.get("options", b""))  # type: ignore[arg-type]
        for label, payload in SPOKEN.items():
            for build in (to_door, from_door) if label in BANNERS else (to_door,):
                frame = build(payload, family=family, **shape)
                kept = len(frame) - len(payload) - header + KEPT[label]
                found.append(Claim(f"{label} is a length ({build.__name__}, {name})", frame, kept))
            if label not in BANNERS:
                frame = from_door(payload, family=family, **shape)
                found.append(Claim(f"a server is no {label} ({name})", frame, len(frame) - len(payload)))
    long = SPOKEN[Label.SSH] + bytes(900)
    at_home = tcp_frame(IMAGING, 22, WORKSTATION, 40_000, DATA, long)
    return [
        *found,
        *(
            Claim(
                f"{label} longer than a segment is a length at its first ({name})", frame, len(frame) - 1_300 - cut
            )
            for name, family, shape in shapes()
            for label in LONG
            for cut in [20 + len(shape.get("options", b"")) - KEPT[label]]  # type: ignore[arg-type]
            for frame in [to_door((SPOKEN[label] + bytes(1_300))[:1_300], Flags.ACK, family, **shape)]
        ),
        *(Claim(f"its rest is headers ({label})", to_door(SPOKEN[label][11:] + bytes(400)), 54) for label in LONG),
        *(
            Claim(f"{says} is not kept", frame, NOTHING, sampled=True)
            for says, frame in {
                "such a segment that is too short": to_door((SPOKEN[Label.TLS] + PATIENT * 4)[:77], Flags.ACK),
                "such a segment to a client's port": to_door(
                    SPOKEN[Label.TLS] + PATIENT * 4, Flags.ACK, port=50_000
                ),
                "such a segment of one of us": from_door(SPOKEN[Label.TLS] + PATIENT * 4, Flags.ACK),
            }.items()
        ),
        Claim("a banner of SSH with more behind it is a length too", from_door(long), 34 + KEPT[Label.SSH]),
        Claim("a banner that is not pushed is not kept", from_door(long, Flags.ACK), NOTHING, sampled=True),
        Claim("a banner to one of us is not kept", at_home, NOTHING, sampled=True),
        *(
            Claim(f"{label} with {flags!r} is headers", to_door(payload, flags), 54)
            for label, payload in SPOKEN.items()
            for flags in (Flags.PSH, DATA | 0x20)
        ),
        *(
            Claim(f"{label} about congestion is a length", to_door(payload, DATA | 0xC0), 34 + KEPT[label])
            for label, payload in SPOKEN.items()
        ),
    ]


def fragments() -> list[Claim]:
    first, last = to_door(PATIENT, fragment=0x2000), to_door(PATIENT, fragment=0x00B9)
    frames = [
        Claim("a first fragment of TCP is its IP header", first, 34),
        Claim("a last fragment of TCP is its IP header", last, 34),
        Claim(
            "a fragment of UDP is not kept", ip_frame(STRANGER, IMAGING, PATIENT, protocol=17, fragment=0x2000), 0
        ),
        Claim(
            "an IPv6 fragment of UDP is not kept",
            ip_frame(STRANGER6, IMAGING6, PATIENT, protocol=17, extensions=(PIECES["first"],)),
            NOTHING,
        ),
        Claim(
            "an IPv6 atomic fragment of UDP is not kept",
            ip_frame(STRANGER6, IMAGING6, PATIENT, protocol=17, extensions=(ATOMIC,)),
            NOTHING,
        ),
    ]
    for before, (name, piece) in product(([], [(0, bytes(6))], [(0, bytes(6)), (60, bytes(14))]), PIECES.items()):
        frame = to_door(PATIENT, family=6, extensions=(*before, piece))
        says = f"an IPv6 {name} fragment of TCP is its headers ({len(before)} before)"
        frames.append(Claim(says, frame, len(frame) - 20 - len(PATIENT)))
    return [*frames, *unwalked()]


def unwalked() -> list[Claim]:
    """Of IPv6: what is counted because nobody walks to its end."""
    found = []
    for says, extensions in UNWALKED.items():
        walked = [] if extensions[0][0] == AUTHENTICATED else extensions[: len(ALL)]
        headers = 14 + 40 + sum(2 + len(content) for _, content in walked)
        for name, tags in (("", ()), (", tagged twice", ((0x88A8, 5), (0x8100, 20)))):
            frame = to_door(PATIENT, family=6, extensions=extensions, tags=tags)
            found.append(Claim(f"{says} is headers{name}", frame, headers + 4 * len(tags) + 8))
    for number in (DESTINATION, AUTHENTICATED):
        frame = ip_frame(STRANGER6, IMAGING6, PATIENT, protocol=17, extensions=(*ALL, (number, bytes(22))))
        found.append(Claim(f"UDP behind {number} is not kept", frame, NOTHING))
    return found


def neighbours() -> list[Claim]:
    leaked = arp()[:42] + PATIENT  # where a short frame is padded, some cards leave what lay there before
    return [
        *(
            Claim(f"of ARP the addresses are kept, and nothing of its padding ({name})", frame, 42 + len(tags))
            for name, tags in {
                "plain": b"",
                "a tag": b"\x81\x00\x00\x14",
                "two tags": b"\x88\xa8\x00\x05\x81\x00\x00\x14",
            }.items()
            for frame in [leaked[:12] + tags + leaked[12:]]
        ),
        Claim("a neighbour's advertisement is kept", neighbour(136, IMAGING6.packed), -1),
        Claim("a neighbour's solicitation is kept", neighbour(135, IMAGING6.packed), -1),
        Claim("nor one that a router has passed on", neighbour(136, IMAGING6.packed, hops=254), NOTHING),
        Claim("a router's advertisement is not", neighbour(134, IMAGING6.packed), NOTHING),
        Claim("an echo over IPv6 is not", neighbour(128, PATIENT), NOTHING),
    ]


def others() -> list[Claim]:
    return [
        Claim("UDP is not kept", ip_frame(STRANGER, IMAGING, PATIENT, protocol=17), NOTHING),
        Claim("UDP over IPv6 is not kept", ip_frame(STRANGER6, IMAGING6, PATIENT, protocol=17), NOTHING),
        Claim("LLDP is not kept", ethernet(0x88CC, PATIENT * 2), NOTHING),
    ]


CLAIMS = claims()


def kept(frame: bytes, random: int = 1, route: bytes = ROUTE) -> int:
    """How many bytes of it the socket keeps that it is routed to."""
    return run(PROGRAMS[Kind(routed(route, frame))], frame, random)


def as_the_kernel_sees(frame: bytes) -> tuple[bytes, int]:
    """The outermost tag is taken off before a filter runs; how many bytes that was."""
    if frame[12:14] in (b"\x81\x00", b"\x88\xa8"):
        return frame[:12] + frame[16:], 4
    return frame, 0


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.says)
def test_the_filter_keeps_what_it_says_and_no_more(claim):
    """Read by an interpreter; in the last case of 256 the sampled frame is cut at its payload."""
    frame, taken = as_the_kernel_sees(claim.frame)
    wanted = len(frame) if claim.kept == -1 else max(0, claim.kept - taken)

    assert kept(frame) == wanted
    if claim.sampled:
        sampled = frame[: kept(frame, random=256)]
        assert sampled
        assert PATIENT not in sampled
        assert len(sampled) <= 14 + 4 + 40 + 8 + 24 + 16 + 60


@pytest.mark.parametrize("claim", [*fragments()], ids=lambda claim: claim.says)
def test_what_is_kept_of_a_fragment_is_enough_to_count_it(claim):
    """Of TCP, or of headers that nobody walks through; nothing else is kept."""
    frame, _ = as_the_kernel_sees(claim.frame)
    cut = frame[: kept(frame)]

    assert isinstance(read_frame(cut, moment(), filtered=True), Fragment) is bool(cut)


@pytest.mark.parametrize("claim", [*handshakes()], ids=lambda claim: claim.says)
def test_what_is_kept_of_a_handshake_is_read(claim):
    """However it is wrapped: the filter and the decoder walk through the same headers."""
    frame, _ = as_the_kernel_sees(claim.frame)

    assert isinstance(read_frame(frame[: kept(frame)], moment(), filtered=True), Segment)


@pytest.mark.lab
def test_the_kernel_agrees():
    """Every claim at once: a real filter, a real ring, a real cable."""
    cable.need()
    with cable.cable() as laid:
        got = through_the_kernel(laid, [claim.frame for claim in CLAIMS])

    sampled = 0
    for claim, kept in zip(CLAIMS, got, strict=True):
        frame, taken = as_the_kernel_sees(claim.frame)
        wanted = len(frame) if claim.kept == -1 else max(0, claim.kept - taken)
        if claim.sampled and kept:
            sampled += 1
            assert PATIENT not in kept
        else:
            assert (claim.says, kept) == (claim.says, frame[:wanted])
    assert sampled < 20  # of some two hundred, one in 256


def through_the_kernel(laid: cable.Cable, frames: list[bytes]) -> list[bytes]:
    """What the ring hands over of each frame, in order: a mark is sent behind each of them."""
    mark = [to_door(b"", Flags.FIN, port=9, seq=number) for number in range(len(frames))]
    with laid.at("right"):
        rings = Rings(cable.CARD, INSIDE)
    try:
        laid.inject([each for pair in zip(frames, mark, strict=True) for each in pair])
        got: list[bytes] = []
        waiting = b""
        while len(got) < len(frames):
            for frame in rings.read(1_000):
                assert isinstance(frame, Frame)
                if frame.kept == mark[len(got)]:
                    got.append(waiting)
                    waiting = b""
                else:
                    waiting = frame.kept
        assert rings.count()
        assert sum(loss.dropped for loss in rings.losses.values()) == 0
    finally:
        rings.close()
    return got


def test_what_a_fragment_header_reserves_moves_no_cut():
    """Whoever receives it ignores those bits (RFC 8200 section 4.5)."""
    frame = from_door(PATIENT, OPENING["SYN-ACK"], family=6, extensions=(ATOMIC,))
    reserved = frame[:55] + b"\xff\x00\x06" + frame[58:]

    assert kept(frame) == kept(reserved) == len(frame) - len(PATIENT)


def test_of_20_000_random_payloads_the_filter_keeps_not_one_byte():
    """Half of them begin like an association; the other hundred bits do not follow."""
    dice = random.Random(11)
    for _ in range(20_000):
        start = dice.choice((b"", b"\x01\x00", b"\x02\x00", b"\x03\x00\x00\x00\x00\x04", b"\x04\x00"))
        payload = start + dice.randbytes(dice.choice((4, 8, 76, 79, 90, 200)))
        assert kept(from_door(payload, Flags.ACK)) == NOTHING or association_head(payload)


def test_the_filter_and_the_decoder_draw_the_same_line():
    """Whatever is changed in an association, both see one or neither does."""
    dice = random.Random(12)
    for _ in range(5_000):
        payload = bytearray(dice.choice((RQ, AC, RJ, ABORT)))
        for _ in range(dice.randrange(3)):
            payload[dice.randrange(min(len(payload), 90))] = dice.choice((0, 1, 2, 3, 7, 255))
        cut = bytes(payload[: dice.choice((len(payload), dice.randrange(70, 90)))])
        found = kept(from_door(cut, Flags.ACK))
        assert found == (54 + len(head) if (head := association_head(cut)) else 0)


@pytest.mark.parametrize("number", [0, 1, 8, 64, 100])
def test_a_filter_for_many_networks_can_be_written(number):
    """Conditional jumps reach 255 steps: a long list of prefixes must not break the start."""
    own = [*INSIDE, *(IPv4Network((0x0A000000 + (n << 8), 24)) for n in range(number))]
    own += [IPv6Network(((0x20010DB8 << 96) + (n << 64), 64)) for n in range(number)]
    program = route(inside(tuple(own) if number else ()))

    assert len(program) // 8 <= 4_096  # BPF_MAXINSNS
    assert kept(to_door(PATIENT), route=program) == 54
    assert kept(to_door(PATIENT, family=6), route=program) == 74
    assert routed(program, from_door(PATIENT)) == Kind.ANSWERS
    assert routed(program, from_door(PATIENT, family=6)) == (Kind.ANSWERS if number else Kind.CLIENTS)


def test_private_networks_are_inside_also_where_none_is_known_yet():
    """A sentinel that starts before the box has given it an address."""
    own = tcp_frame(WORKSTATION, 40_000, IMAGING, 4242, DATA, PATIENT)

    assert kept(own, route=route(inside(()))) == 0
    assert kept(to_door(PATIENT), route=route(inside(()))) == 54


@pytest.mark.lab
def test_the_kernel_takes_a_long_program():
    """Somebody may announce three hundred prefixes of each family."""
    cable.need()
    own = [IPv4Network((0x0B000000 + (n << 9), 24)) for n in range(300)]
    own += [IPv6Network(((0x20010DB8 << 96) + (n << 65), 64)) for n in range(300)]
    with cable.cable() as laid, laid.at("right"):
        Rings(cable.CARD, tuple(own)).close()
