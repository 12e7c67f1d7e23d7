"""The short way through a frame tells what the long one tells, or nothing."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sentinel.decode.frame import read_frame
from sentinel.decode.plain import plain_segment
from sentinel.model.packet import Flags, Segment
from tests.builders import IMAGING, IMAGING6, STRANGER, STRANGER6, moment, tcp_frame
from tests.decode.test_frame import BEFORE, HOP_BY_HOP, mutate

ENDS = {4: (STRANGER, 40_000, IMAGING, 4242), 6: (STRANGER6, 40_000, IMAGING6, 4242)}
OPTIONS = b"\x02\x04\x05\xb4" * 10


def cut(frame: bytes, payload: int) -> bytes:
    """As the filter keeps it: up to the payload's first byte."""
    return frame[: len(frame) - payload]


def the_long_way(frame: bytes) -> object:
    """The same frame under a tag of nobody's: what is read of it but the tag is no other."""
    segment = read_frame(frame[:12] + b"\x81\x00\x00\x00" + frame[12:], moment(), filtered=True)
    return segment._replace(vlan=None) if isinstance(segment, Segment) else segment


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("options", [b"", OPTIONS])
@pytest.mark.parametrize("flags", [Flags.SYN, Flags.FIN | Flags.ACK, Flags.RST, Flags.PSH | Flags.ACK | 0xC0])
@pytest.mark.parametrize("payload", [0, 1_200])
def test_headers_alone_are_read_in_one_step(family, options, flags, payload):
    """Of either family, with options of TCP and without, whatever payload the filter cut off."""
    frame = cut(tcp_frame(*ENDS[family], flags, bytes(payload), seq=7, ack=9, options=options), payload)

    segment = plain_segment(frame, moment(3), 20)

    assert segment == read_frame(frame, moment(3), 20, filtered=True)
    assert segment == the_long_way(frame)._replace(at=moment(3), vlan=20)  # type: ignore[attr-defined]
    assert (segment.seq, segment.ack, segment.flags, segment.length) == (7, 9, flags & 0x3F, payload)


@pytest.mark.parametrize(
    "shape",
    [
        {"tags": ((0x8100, 20),)},
        {"ip_options": b"\x01" * 4},
        {"fragment": 0x2000},
        {"fragment": 0x0010},
        {"protocol": 17},
    ],
)
def test_what_is_not_as_plain_is_left_to_the_long_way(shape):
    """A tag, options of IP, a piece, another protocol."""
    assert plain_segment(tcp_frame(*ENDS[4], Flags.SYN, **shape), moment(), None) is None


@pytest.mark.parametrize("extensions", [((HOP_BY_HOP, bytes(6)),), BEFORE])
def test_so_are_headers_between_ipv6_and_tcp(extensions):
    """And whatever was kept beyond the headers, which is to be looked at."""
    assert plain_segment(tcp_frame(*ENDS[6], Flags.SYN, extensions=extensions), moment(), None) is None
    assert plain_segment(tcp_frame(*ENDS[6], Flags.ACK, b"\x01"), moment(), None) is None


def changed() -> st.SearchStrategy[bytes]:
    """Headers of either family with some bytes changed, and perhaps cut."""
    frames = [
        tcp_frame(*ENDS[family], Flags.SYN, options=options) for family in (4, 6) for options in (b"", OPTIONS)
    ]
    changes = st.lists(st.tuples(st.integers(12, 90), st.integers(0, 255)), max_size=4)
    return st.sampled_from(frames).flatmap(
        lambda frame: st.builds(mutate, st.just(frame), changes, st.integers(len(frame) - 20, len(frame)))
    )


@settings(max_examples=5_000, deadline=None)
@given(changed())
@example(b"")
def test_it_never_tells_anything_else(frame):
    """Strangers choose these bytes."""
    segment = plain_segment(frame, moment(), None)

    assert segment is None or segment == the_long_way(frame)
