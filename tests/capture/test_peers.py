"""Of one SYN at an imaging server, wrapped in every way, what we see and what our peers see.

The peers are libpcap's filters for a port, as a tool would write them, and scapy looking at the whole frame. What
they see is no promise of ours: it is said so that a difference is known, and is one only where we see more.
"""

import re
import struct
from dataclasses import dataclass

import pytest
from scapy.layers.inet import TCP
from scapy.layers.l2 import Ether
from scapy.layers.ppp import PPPoE

from sentinel.capture import tally
from sentinel.decode.frame import read_frame
from sentinel.model.coverage import Wrapping
from sentinel.model.packet import Flags, Fragment, Segment
from tests.builders import IMAGING, IMAGING6, INSIDE, STRANGER, STRANGER6, moment, tcp_frame
from tests.capture import cable
from tests.capture.bpf import kept, run, verdict
from tests.capture.test_keep import as_the_kernel_sees, through_the_kernel
from tests.pcaps import wrapped

PORT = """
(000) ldh      [12]
(001) jeq      #0x86dd          jt 2	jf 8
(002) ldb      [20]
(003) jeq      #0x6             jt 4	jf 19
(004) ldh      [54]
(005) jeq      #0x1092          jt 18	jf 6
(006) ldh      [56]
(007) jeq      #0x1092          jt 18	jf 19
(008) jeq      #0x800           jt 9	jf 19
(009) ldb      [23]
(010) jeq      #0x6             jt 11	jf 19
(011) ldh      [20]
(012) jset     #0x1fff          jt 19	jf 13
(013) ldxb     4*([14]&0xf)
(014) ldh      [x + 14]
(015) jeq      #0x1092          jt 18	jf 16
(016) ldh      [x + 16]
(017) jeq      #0x1092          jt 18	jf 19
(018) ret      #262144
(019) ret      #0
"""
CONTROL = """
(000) ldh      [12]
(001) jeq      #0x86dd          jt 15	jf 2
(002) jeq      #0x800           jt 3	jf 15
(003) ldb      [23]
(004) jeq      #0x6             jt 5	jf 15
(005) ldh      [20]
(006) jset     #0x1fff          jt 15	jf 7
(007) ldxb     4*([14]&0xf)
(008) ldh      [x + 14]
(009) jeq      #0x1092          jt 12	jf 10
(010) ldh      [x + 16]
(011) jeq      #0x1092          jt 12	jf 15
(012) ldb      [x + 27]
(013) jset     #0x7             jt 14	jf 15
(014) ret      #262144
(015) ret      #0
"""
FILTERS = {"tcp port 4242": PORT, "tcp port 4242 and tcp[13] & 7 != 0": CONTROL}
"""What a tool asks for, and what libpcap makes of it."""

LOAD_WORD = 0x20
SEES, COUNTS, MISSES = "sees it", "counts a fragment", "misses it"
HOP_BY_HOP, DESTINATION, ROUTING = (0, bytes(6)), (60, bytes(14)), (43, bytes(22))
FIRST6, ATOMIC6 = (44, struct.pack("!HI", 1, 7)), (44, struct.pack("!HI", 0, 7))


@dataclass(frozen=True)
class Sight:
    """One frame, and what is seen of it: by us, by a filter for the port, by one for its flags too, by scapy."""

    shape: str
    frame: bytes
    ours: str = SEES
    """One of three, or in what it came: that is told once a minute, and nothing of what is inside."""
    port: bool = True
    control: bool = True
    scapy: bool = True


def syn(family: int = 4, **shape: object) -> bytes:
    """From a stranger to the imaging server."""
    ends = (STRANGER, 40_000, IMAGING, 4242) if family == 4 else (STRANGER6, 40_000, IMAGING6, 4242)
    return tcp_frame(*ends, Flags.SYN, options=b"\x02\x04\x05\xb4", **shape)  # type: ignore[arg-type]


def tiny(frame: bytes) -> bytes:
    """A first fragment with the ports and the sequence number alone."""
    return frame[:16] + struct.pack("!H", 28) + frame[18:20] + b"\x20\x00" + frame[22:42]


SIGHTS = [
    Sight("plain", syn()),
    Sight("IP options", syn(ip_options=b"\x01" * 8)),
    Sight("one tag", syn(tags=((0x8100, 20),))),
    Sight("a priority tag", syn(tags=((0x8100, 0xE000),))),
    Sight("QinQ", syn(tags=((0x88A8, 5), (0x8100, 20))), port=False, control=False),
    Sight("QinQ of the older kind", syn(tags=((0x8100, 5), (0x8100, 20))), port=False, control=False),
    Sight("IPv6", syn(6), control=False),
    Sight("IPv6 under a tag", syn(6, tags=((0x8100, 20),)), control=False),
    Sight("IPv6, hop by hop", syn(6, extensions=(HOP_BY_HOP,)), port=False, control=False),
    Sight("IPv6, options too", syn(6, extensions=(HOP_BY_HOP, DESTINATION)), port=False, control=False),
    Sight("IPv6, routing", syn(6, extensions=(ROUTING,)), port=False, control=False),
    Sight("IPv6, first fragment", syn(6, extensions=(FIRST6,)), COUNTS, port=False, control=False),
    Sight("IPv6, atomic fragment", syn(6, extensions=(ATOMIC6,)), port=False, control=False),
    Sight("first fragment", syn(fragment=0x2000), COUNTS),
    Sight("tiny first fragment", tiny(syn()), COUNTS, control=False, scapy=False),
    Sight("second fragment", syn(fragment=0x0001), COUNTS, port=False, control=False, scapy=False),
    Sight("cut behind the flags", syn()[:48], scapy=False),
    Sight("cut before the flags", syn()[:47], MISSES, control=False, scapy=False),
    Sight("PPPoE", wrapped.pppoe(syn()), Wrapping.PPPOE, port=False, control=False),
    Sight("IP in IP", wrapped.ip_in_ip(syn()), Wrapping.TUNNEL, port=False, control=False),
    Sight("IPv6 in IP", wrapped.six_in_four(syn(6)), Wrapping.TUNNEL, port=False, control=False),
    Sight("GRE", wrapped.gre(syn()), Wrapping.TUNNEL, port=False, control=False),
    Sight("ERSPAN", wrapped.erspan(syn()), Wrapping.COPY, port=False, control=False, scapy=False),
    Sight("three tags", wrapped.three_tags(syn()), MISSES, port=False, control=False),
]
TUNNELLED = [sight for sight in SIGHTS if isinstance(sight.ours, Wrapping)]


def program(text: str) -> bytes:
    """What `dumpcap -d` prints, as the kernel takes it (linux/filter.h, linux/bpf_common.h)."""
    return b"".join(
        _step(int(place), words, int(yes or 0), int(no or 0))
        for place, words, yes, no in re.findall(r"\((\d+)\) (.+?) *(?:jt (\d+)\tjf (\d+))?\n", text)
    )


CODES = {
    "ldh [": 0x28,
    "ldb [": 0x30,
    "ldh [x": 0x48,
    "ldb [x": 0x50,
    "ldxb": 0xB1,
    "jeq": 0x15,
    "jset": 0x45,
    "ret": 0x06,
}


def _step(place: int, words: str, yes: int, no: int) -> bytes:
    name, value = words.split(maxsplit=1)
    bracket = re.match(r"\[x?", value)
    number = int(re.findall(r"0x[0-9a-f]+|\d+", value.removeprefix("4*"))[0], 0)
    steps = (yes - place - 1, no - place - 1) if yes else (0, 0)
    return struct.pack("=HBBI", CODES[f"{name} {bracket[0]}" if bracket else name], *steps, number)


def ours(held: bytes) -> str:
    """What the street makes of what the kernel kept."""
    packet = read_frame(held, moment()) if held else None
    return {Segment: SEES, Fragment: COUNTS}.get(type(packet), MISSES)


@pytest.mark.parametrize("sight", SIGHTS, ids=lambda sight: sight.shape)
def test_what_is_seen_of_a_syn(sight):
    """By our filter and decoder, by libpcap's filters, by scapy."""
    frame, _ = as_the_kernel_sees(sight.frame)

    assert ours(frame[: kept(frame, INSIDE)]) == (MISSES if sight in TUNNELLED else sight.ours)
    assert bool(run(program(PORT), frame)) is sight.port
    assert bool(run(program(CONTROL), frame)) is sight.control
    assert (TCP in Ether(sight.frame)) is sight.scapy
    assert (PPPoE in Ether(sight.frame)) is (sight.ours == Wrapping.PPPOE)


def test_whatever_a_peer_sees_of_a_syn_we_see_or_count():
    """But a frame that was cut before its flags, of which nobody can say what it is, and one under three tags."""
    fewer = [
        sight.shape for sight in SIGHTS if sight.ours == MISSES and (sight.port or sight.control or sight.scapy)
    ]

    assert fewer == ["cut before the flags", "three tags"]


@pytest.mark.parametrize("sight", TUNNELLED, ids=lambda sight: sight.shape)
def test_what_comes_wrapped_is_named(sight):
    """By the counter that is for it, and by no other."""
    frame, _ = as_the_kernel_sees(sight.frame)
    about = {tally.PROTOCOL: int.from_bytes(frame[12:14], "big"), tally.PACKET_TYPE: tally.OTHERHOST}

    assert [kind for kind in Wrapping if counts(kind, frame, about)] == [sight.ours]


def counts(kind: Wrapping, frame: bytes, about: dict[int, int]) -> bool:
    """What the kernel would make of the counter's program."""
    steps = [_plain(*step) for step in struct.iter_unpack("=HBBI", tally.wrapped(kind))]
    return bool(verdict(b"".join(steps), frame, about))


def _plain(code: int, yes: int, no: int, k: int) -> bytes:
    """Where it looks by the network header, that is behind 14 bytes; what the kernel knows besides is a word."""
    if k >= tally.ANCILLARY:
        code = LOAD_WORD
    elif k >= tally.NETWORK:
        k += 14 - tally.NETWORK
    return struct.pack("=HBBI", code, yes, no, k)


@pytest.mark.lab
@pytest.mark.parametrize(("asked", "text"), FILTERS.items())
def test_libpcap_still_makes_the_same_of_it(asked, text):
    """As dumpcap prints it."""
    cable.need("dumpcap")
    with cable.cable() as laid:
        printed = laid.run("left", "dumpcap", "-d", "-i", cable.CARD, "-f", asked).stdout

    assert program(printed) == program(text)


@pytest.mark.lab
def test_a_real_kernel_on_a_real_cable_keeps_as_much():
    """The table once more: each frame over the wire, through the ring, into the decoder."""
    cable.need()
    with cable.cable() as laid:
        got = through_the_kernel(laid, [sight.frame for sight in SIGHTS])

    assert {sight.shape: ours(held) for sight, held in zip(SIGHTS, got, strict=True)} == {
        sight.shape: MISSES if sight in TUNNELLED else sight.ours for sight in SIGHTS
    }
