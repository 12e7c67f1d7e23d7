"""Every link becomes an Ethernet header: the same segment, and no MAC that nobody said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.capture.links import ETHERNET, NAMES, SHAPES, link_name
from sentinel.decode.frame import read_frame
from sentinel.model.machine import SeenBy
from sentinel.model.packet import Announcement, Flags, Segment, Unreadable
from tests.builders import BOX_MAC, IMAGING, IMAGING6, IMAGING_MAC, STRANGER, STRANGER6, moment, tcp_frame
from tests.decode.test_frame import arp, neighbour
from tests.pcaps.linked import LINKS

ENDS = {4: (STRANGER, 40_000, IMAGING, 4242), 6: (STRANGER6, 40_000, IMAGING6, 4242)}
ONE_FAMILY = {"raw IPv4": 4, "raw IPv6": 6}
BOTH = [(name, family) for name in LINKS for family in (4, 6) if ONE_FAMILY.get(name, family) == family]


def said(segment: Segment) -> tuple[object, ...]:
    """All of a segment but its MACs."""
    ends = (segment.source, segment.source_port, segment.target, segment.target_port)
    return *ends, segment.seq, segment.ack, segment.flags, segment.length, segment.vlan


def shaped(name: str, frame: bytes) -> bytes:
    """A frame as that link recorded it, and as the street gets it."""
    link, record = LINKS[name]
    shape = SHAPES[link]
    return shape(record(frame)) if shape else record(frame)


@pytest.mark.parametrize(("name", "family"), BOTH)
def test_the_segment_is_the_same_on_every_link(name, family):
    """Ends, numbers, flags and length; the MACs as far as the link carries them."""
    frame = tcp_frame(*ENDS[family], Flags.PSH | Flags.ACK, b"ask", seq=7, ack=9)
    wanted, got = read_frame(frame, moment()), read_frame(shaped(name, frame), moment())

    assert isinstance(wanted, Segment)
    assert isinstance(got, Segment)
    assert said(got) == said(wanted)
    assert got.source_mac == (BOX_MAC if "cooked" in name or name == "Ethernet" else None)
    assert got.target_mac == (IMAGING_MAC if name == "Ethernet" else None)


def test_a_link_of_one_family_does_not_take_the_other():
    """Its number says what follows: another version of IP does not hold together."""
    six = tcp_frame(*ENDS[6], Flags.SYN)

    assert isinstance(read_frame(SHAPES[228](six[14:]), moment()), Unreadable)


@pytest.mark.parametrize(("kind", "to_all"), [(0, False), (1, True), (2, True), (3, False), (4, False)])
def test_a_cooked_frame_says_whether_it_was_for_everybody(kind, to_all):
    """PACKET_HOST, _BROADCAST, _MULTICAST, _OTHERHOST, _OUTGOING of linux/if_packet.h; ARP says who asked."""
    first = bytes((0, kind, 0, 1, 0, 6)) + bytes(8) + arp()[12:]
    second = arp()[12:14] + bytes((0, 0, 0, 0, 0, 2, 0, 1, kind, 6)) + bytes(8) + arp()[14:]

    for link, record in ((113, first), (276, second)):
        read = read_frame(SHAPES[link](record), moment())
        assert isinstance(read, Announcement)
        assert (read.mac, read.address, read.seen_by, read.to_all) == (IMAGING_MAC, IMAGING, SeenBy.ARP, to_all)


def test_a_neighbour_without_a_mac_is_no_sighting():
    """On a tunnel nobody has one: an address alone names no machine."""
    assert isinstance(read_frame(neighbour(136, IMAGING6.packed), moment()), Announcement)
    assert read_frame(SHAPES[101](neighbour(136, IMAGING6.packed)[14:]), moment()) is None


def test_an_address_that_is_no_mac_is_not_taken_for_one():
    """InfiniBand's has twenty bytes, of which a cooked header holds eight; a tunnel's is an IP address."""
    frame = tcp_frame(*ENDS[4], Flags.SYN)
    for length in (0, 4, 8, 20):
        record = bytes((0, 0, 0, 32, 0, length)) + b"\x05" * 8 + frame[12:]
        assert read_frame(SHAPES[113](record), moment()).source_mac is None


@pytest.mark.parametrize("link", [number for number in SHAPES if number != ETHERNET])
@settings(max_examples=200, deadline=None)
@given(record=st.binary(max_size=90))
def test_whatever_a_record_holds_it_is_a_frame_that_can_be_read_or_not(link, record):
    """Cut anywhere, or noise."""
    frame = SHAPES[link](record)

    assert len(frame) <= len(record) + 14
    read_frame(frame, moment())


@pytest.mark.parametrize("name", [name for name in LINKS if name != "Ethernet"])
def test_a_record_cut_before_its_flags_is_unreadable_on_every_link(name):
    """Never another segment than the one that was recorded."""
    frame = tcp_frame(*ENDS[6 if "IPv6" in name else 4], Flags.SYN)
    link, record = LINKS[name]
    whole = record(frame)
    flags = len(whole) - 6
    for kept in range(flags):
        assert not isinstance(read_frame(SHAPES[link](whole[:kept]), moment()), Segment)
    assert isinstance(read_frame(SHAPES[link](whole[:flags]), moment()), Segment)


def test_no_link_is_both_read_and_named_unreadable():
    """And what has no name has its number."""
    assert not SHAPES.keys() & NAMES.keys()
    assert link_name(105) == "link type 105 (Wi-Fi)"
    assert link_name(4_711) == "link type 4711"
