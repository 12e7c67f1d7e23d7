"""Frames to packets: every shape the wire has, and what does not hold together."""

import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sentinel.decode.frame import read_frame
from sentinel.model.connection import Association
from sentinel.model.machine import SeenBy
from sentinel.model.packet import Announcement, Flags, Fragment, Segment, Unreadable
from tests.builders import (
    BOX_MAC,
    IMAGING,
    IMAGING6,
    IMAGING_MAC,
    STRANGER,
    STRANGER6,
    WORKSTATION,
    associate_rq,
    ethernet,
    ip_frame,
    mac_bytes,
    moment,
    p_data,
    tcp_frame,
)

HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATED, DESTINATION = 0, 43, 44, 51, 60
ENDS = {4: (STRANGER, 40_000, IMAGING, 4242), 6: (STRANGER6, 40_000, IMAGING6, 4242)}
SHAPES = {
    "plain": {},
    "a tag": {"tags": ((0x8100, 20),)},
    "a priority tag": {"tags": ((0x8100, 0xE000),)},
    "two tags": {"tags": ((0x88A8, 5), (0x8100, 20))},
    "two tags of the older kind": {"tags": ((0x8100, 5), (0x8100, 20))},
    "TCP options": {"options": b"\x02\x04\x05\xb4" * 10},
}
ATOMIC = (FRAGMENT, bytes(6))
"""A fragment that is the whole packet: RFC 6946."""
PIECES = {"first": (FRAGMENT, b"\x00\x01" + bytes(4)), "last": (FRAGMENT, b"\x00\x08" + bytes(4))}
BEFORE = ((HOP_BY_HOP, bytes(6)), (DESTINATION, bytes(14)), (ROUTING, bytes(22)))
ALL = (*BEFORE, ATOMIC, (DESTINATION, bytes(14)))
"""As many as there may be before TCP: RFC 8200 section 4.1."""
SHAPES4 = {**SHAPES, "IP options": {"ip_options": b"\x01" * 40}}
SHAPES6 = {
    **SHAPES,
    "hop by hop": {"extensions": ((HOP_BY_HOP, bytes(6)),)},
    "an atomic fragment": {"extensions": (ATOMIC,)},
    "all extensions": {"extensions": ALL},
    "tagged and extended": {"tags": ((0x8100, 20),), "extensions": ((DESTINATION, bytes(6)),)},
}


@pytest.mark.parametrize(
    ("family", "shape"),
    [*((4, shape) for shape in SHAPES4.values()), *((6, shape) for shape in SHAPES6.values())],
    ids=[*(f"IPv4, {name}" for name in SHAPES4), *(f"IPv6, {name}" for name in SHAPES6)],
)
def test_a_segment_is_read_in_every_shape_the_wire_gives_it(family, shape):
    """Addresses, ports, numbers and length; the outermost VLAN."""
    frame = tcp_frame(*ENDS[family], Flags.PSH | Flags.ACK, associate_rq(), seq=7, ack=9, **shape)

    segment = read_frame(frame, moment())

    assert isinstance(segment, Segment)
    assert (segment.source, segment.source_port, segment.target, segment.target_port) == ENDS[family]
    assert (segment.seq, segment.ack, segment.flags) == (7, 9, Flags.PSH | Flags.ACK)
    assert (segment.source_mac, segment.target_mac) == (BOX_MAC, IMAGING_MAC)
    assert segment.length == len(associate_rq())
    assert segment.association is not None
    assert segment.association.kind is Association.PROPOSED
    assert segment.vlan == (shape["tags"][0][1] & 0xFFF if "tags" in shape else None)


def test_the_tag_the_kernel_took_off_is_the_outermost():
    """The ring hands it over beside the frame."""
    segment = read_frame(tcp_frame(*ENDS[4], Flags.SYN, tags=((0x8100, 20),)), moment(), vlan=5)

    assert isinstance(segment, Segment)
    assert segment.vlan == 5


def test_the_length_is_the_wires_and_not_what_was_kept():
    """The capture cuts at the payload's first byte; padding of short frames is no payload."""
    whole = tcp_frame(*ENDS[4], Flags.ACK, bytes(1_000))
    cut = read_frame(whole[:54], moment())
    padded = read_frame(tcp_frame(*ENDS[4], Flags.ACK) + bytes(6), moment())

    assert isinstance(cut, Segment)
    assert isinstance(padded, Segment)
    assert (cut.length, padded.length) == (1_000, 0)


def test_a_packet_of_no_length_reaches_to_the_end_of_its_frame():
    """So a machine records its own large packets before its card has cut them; an association may be in one."""
    frame = tcp_frame(*ENDS[4], Flags.ACK, associate_rq(syntaxes=["1.2.840.10008.1.1"] * 60))
    segment = read_frame(frame[:16] + bytes(2) + frame[18:], moment())

    assert segment == read_frame(frame, moment())
    assert isinstance(segment, Segment)
    assert segment.length > 1_460
    assert segment.association is not None


def test_payload_does_not_leave_the_decoder():
    """Neither a patient's name nor a password."""
    for payload in (p_data(), associate_rq(secret=b"NEVERSTORE-PASSWORD") + p_data()):
        assert "NEVERSTORE" not in repr(read_frame(tcp_frame(*ENDS[4], Flags.ACK, payload), moment()))


@pytest.mark.parametrize("fragment", [0x2000, 0x00B9, 0x20B9])
def test_an_ipv4_fragment_of_tcp_is_counted(fragment):
    """The first, the last, one between; "don't fragment" alone is none."""
    frame = tcp_frame(*ENDS[4], Flags.SYN, fragment=fragment)

    assert read_frame(frame, moment()) == Fragment(moment(), STRANGER.packed, IMAGING.packed)
    assert isinstance(read_frame(tcp_frame(*ENDS[4], Flags.SYN, fragment=0x4000), moment()), Segment)


@pytest.mark.parametrize("kept", range(14, 34))
def test_a_fragment_cut_within_its_addresses_is_unreadable(kept):
    """Half an address is nobody's."""
    frame = tcp_frame(*ENDS[4], Flags.SYN, fragment=0x2000)

    assert isinstance(read_frame(frame[:kept], moment()), Unreadable)
    assert read_frame(frame[:34], moment()) == Fragment(moment(), STRANGER.packed, IMAGING.packed)


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
@pytest.mark.parametrize("before", [(), ((HOP_BY_HOP, bytes(6)),)])
def test_an_ipv6_fragment_of_tcp_is_counted(before, piece):
    """RFC 8200 section 4.5."""
    frame = tcp_frame(*ENDS[6], Flags.SYN, extensions=(*before, piece))

    assert read_frame(frame, moment()) == Fragment(moment(), STRANGER6.packed, IMAGING6.packed)


def test_what_a_fragment_header_reserves_makes_no_other_packet_of_it():
    """Whoever receives it ignores those bits (RFC 8200 section 4.5): the header has no length, as others have."""
    frame = tcp_frame(*ENDS[6], Flags.SYN, extensions=(ATOMIC,))
    reserved = frame[:55] + b"\xff\x00\x06" + frame[58:]

    assert read_frame(reserved, moment()) == read_frame(frame, moment())
    assert isinstance(read_frame(reserved, moment()), Segment)


UNWALKED = {
    "authenticated": ((AUTHENTICATED, bytes(22)),),
    "authenticated behind all others": (*ALL, (AUTHENTICATED, bytes(22))),
    "authenticated before a fragment": ((AUTHENTICATED, bytes(22)), ATOMIC),
    "one header too many": (*ALL, (DESTINATION, bytes(6))),
    "twenty headers": ((DESTINATION, bytes(6)),) * 20,
}


@pytest.mark.parametrize("extensions", UNWALKED.values(), ids=UNWALKED)
def test_headers_that_nobody_walks_through_are_counted(extensions):
    """Where TCP follows, or what it may follow: a machine that takes such a chain could be spoken to unseen."""
    frame = tcp_frame(*ENDS[6], Flags.SYN, extensions=extensions)
    other = ip_frame(STRANGER6, IMAGING6, bytes(40), protocol=17, extensions=extensions[-1:])

    assert isinstance(read_frame(frame, moment()), Fragment)
    assert read_frame(other, moment()) is None


@pytest.mark.parametrize(("source", "target"), [(STRANGER, IMAGING), (STRANGER6, IMAGING6)])
@pytest.mark.parametrize("protocol", [17, 50])
def test_a_fragment_of_anything_else_is_not_counted(source, target, protocol):
    """Long answers of name servers are no hidden connection."""
    shape = {"fragment": 0x2000} if source.version == 4 else {"extensions": (PIECES["first"],)}

    assert read_frame(ip_frame(source, target, bytes(40), protocol=protocol, **shape), moment()) is None


@pytest.mark.parametrize("protocol", [1, 17, 47, 50])
def test_what_we_do_not_follow_is_nothing(protocol):
    """Neither counted as broken, nor as anything else."""
    assert read_frame(ip_frame(STRANGER, IMAGING, bytes(40), protocol=protocol), moment()) is None
    assert read_frame(ip_frame(STRANGER6, IMAGING6, bytes(40), protocol=protocol), moment()) is None
    assert read_frame(ethernet(0x88CC, bytes(46)), moment()) is None


# -- neighbours --------------------------------------------------------------------------------------------------


def arp(
    sender: bytes = IMAGING.packed, operation: int = 1, peer: bytes = WORKSTATION.packed, *, to_all: bool = False
) -> bytes:
    """Whoever has this address speaks to, or of, another one."""
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac_bytes(IMAGING_MAC) + sender + bytes(6) + peer
    frame = ethernet(0x0806, body + bytes(18))
    return b"\xff" * 6 + frame[6:] if to_all else frame


def neighbour(kind: int, target: bytes, source=IMAGING6, **shape) -> bytes:
    """RFC 4861 sections 4.3 and 4.4."""
    body = struct.pack("!BBHI", kind, 0, 0, 0x60000000) + target
    return ip_frame(source, IMAGING6, body, protocol=58, from_box=False, **{"hops": 255, **shape})


@pytest.mark.parametrize("kind", [135, 136])
def test_a_neighbour_from_beyond_a_router_is_none(kind):
    """RFC 4861 section 7.1. Or a stranger could keep a machine alive that is gone, which proves a door closed."""
    assert read_frame(neighbour(kind, IMAGING6.packed, hops=254), moment()) is None


@pytest.mark.parametrize("operation", [1, 2])
def test_who_asks_or_answers_by_arp_is_alive(operation):
    """RFC 826."""
    for to_all in (False, True):
        assert read_frame(arp(operation=operation, to_all=to_all), moment(3)) == Announcement(
            moment(3), IMAGING_MAC, IMAGING, SeenBy.ARP, WORKSTATION, to_all
        )


def test_an_arp_probe_announces_nobody():
    """RFC 5227: its sender has no address yet."""
    assert read_frame(arp(sender=bytes(4)), moment()) is None


def test_who_advertises_or_solicits_by_ndp_is_alive():
    """The address advertised, or the one that solicits; never the one that is looked for."""
    advertised = read_frame(neighbour(136, IMAGING6.packed, source=STRANGER6), moment())
    soliciting = read_frame(neighbour(135, STRANGER6.packed), moment())

    assert advertised == Announcement(moment(), IMAGING_MAC, IMAGING6, SeenBy.NDP, IMAGING6, to_all=False)
    assert soliciting == Announcement(moment(), IMAGING_MAC, IMAGING6, SeenBy.NDP, STRANGER6, to_all=False)


def test_a_solicitation_from_nowhere_announces_nobody():
    """Duplicate address detection (RFC 4862 section 5.4)."""
    nowhere = IMAGING6.__class__(0)

    assert read_frame(neighbour(135, IMAGING6.packed, source=nowhere), moment()) is None


def test_a_solicitation_behind_an_extension_header_names_no_wrong_address():
    """Neighbours have no reason for one: what is read must be its source, or nothing."""
    read = read_frame(neighbour(135, STRANGER6.packed, extensions=((HOP_BY_HOP, bytes(6)),)), moment())

    assert read is None or read.address == IMAGING6


@pytest.mark.parametrize("kept", range(54, 78))
def test_an_advertisement_cut_short_names_no_address(kept):
    """Four bytes of an IPv6 address are no IPv4 address."""
    assert isinstance(read_frame(neighbour(136, IMAGING6.packed)[:kept], moment()), Unreadable)


# -- what does not hold together ---------------------------------------------------------------------------------


@pytest.mark.parametrize("family", [4, 6])
def test_a_frame_cut_before_its_flags_is_unreadable_and_after_them_is_read(family):
    """The ports alone say nothing."""
    frame = tcp_frame(*ENDS[family], Flags.SYN)
    flags = 14 + (20 if family == 4 else 40) + 13

    assert all(isinstance(read_frame(frame[:kept], moment()), Unreadable) for kept in range(flags + 1))
    assert isinstance(read_frame(frame[: flags + 1], moment()), Segment)


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (14, 0x55),  # version 5
        (14, 0x44),  # an IP header of 16 bytes
        (14, 0x40),
        (14 + 20 + 12, 0x40),  # a TCP header of 16 bytes
        (14 + 3, 30),  # the packet ends within its TCP header
    ],
)
def test_headers_that_contradict_themselves_are_unreadable(at, value):
    """RFC 791 section 3.1, RFC 9293 section 3.1."""
    frame = bytearray(tcp_frame(*ENDS[4], Flags.SYN))
    frame[at] = value

    assert isinstance(read_frame(bytes(frame), moment()), Unreadable)


def test_an_ip_header_too_short_for_its_addresses_hides_no_segment():
    """Sixteen bytes of header, and a perfect SYN where the addresses should end."""
    frame = tcp_frame(*ENDS[4], Flags.SYN)
    forged = frame[:14] + b"\x44" + frame[15:30] + frame[34:] + bytes(4)

    assert isinstance(read_frame(forged, moment()), Unreadable)


def test_ipv6_with_another_version_is_unreadable():
    """RFC 8200 section 3."""
    frame = bytearray(tcp_frame(*ENDS[6], Flags.SYN))
    frame[14] = 0x40

    assert isinstance(read_frame(bytes(frame), moment()), Unreadable)


def mutated() -> st.SearchStrategy[bytes]:
    """Real frames with some bytes changed and the end cut off."""
    frames = [
        tcp_frame(*ENDS[family], flags, payload, **shape)
        for family, shapes in ((4, SHAPES4), (6, SHAPES6))
        for shape in shapes.values()
        for flags, payload in ((Flags.SYN, b""), (Flags.PSH | Flags.ACK, associate_rq()))
    ] + [arp(), neighbour(135, STRANGER6.packed), neighbour(136, IMAGING6.packed)]
    changes = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=8)
    return st.builds(mutate, st.sampled_from(frames), changes, st.integers(0, 400))


def mutate(frame: bytes, changes: list[tuple[int, int]], kept: int) -> bytes:
    """With other bytes at those places, and so many of it."""
    changed = bytearray(frame)
    for at, value in changes:
        changed[at % len(changed)] = value
    return bytes(changed[:kept])


@settings(max_examples=5_000, deadline=None)
@given(mutated())
@example(b"")
def test_no_frame_however_changed_raises(frame):
    """Strangers choose these bytes."""
    packet = read_frame(frame, moment())

    assert packet is None or isinstance(packet, Segment | Announcement | Fragment | Unreadable)
    if isinstance(packet, Segment):
        assert 0 <= packet.length <= 65_535


@settings(max_examples=5_000, deadline=None)
@given(st.binary(max_size=200))
def test_no_random_frame_raises(frame):
    """Nor do bytes that never were a frame."""
    read_frame(frame, moment())
