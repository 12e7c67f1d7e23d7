"""What the first bytes of a payload tell, and what a length tells where there is no payload."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.decode.frame import read_frame
from sentinel.decode.label import INITIALS, label_of, told
from sentinel.model.beginnings import BEGUN, FIRST, FULL, KEPT, LONG, PUSHED
from sentinel.model.connection import Association, Label
from sentinel.model.packet import Flags, Segment, Unreadable
from tests.builders import (
    ABORT,
    IMAGING,
    IMAGING6,
    PATIENT,
    RELEASE_RQ,
    SPOKEN,
    STRANGER,
    STRANGER6,
    associate_ac,
    associate_rj,
    associate_rq,
    moment,
    p_data,
    tcp_frame,
)

DATA = Flags.PSH | Flags.ACK
ENDS = {4: (STRANGER, 40_000, IMAGING, 443), 6: (STRANGER6, 40_000, IMAGING6, 443)}


@pytest.mark.parametrize("label", Label)
def test_each_label_is_known_by_its_first_bytes(label):
    """And what follows them is not needed."""
    assert label_of(SPOKEN[label], PUSHED) is label
    assert label_of(SPOKEN[label][:11] + bytes(90), PUSHED) is label
    assert SPOKEN[label][:1] in INITIALS


@pytest.mark.parametrize(
    ("payload", "label"),
    [
        *((method + b"/ HTTP/1.1\r\n", Label.HTTP) for method in (b"GET ", b"POST ", b"HEAD ", b"OPTIONS ")),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Label.HTTP),
        (b"PROPFIND / HTTP/1.1\r\n", Label.HTTP),
        (b"\x00\x00\x00\x90\xffSMBr" + bytes(40), Label.SMB),
        (b"\x0bFHS|^~\\&|" + bytes(40), Label.MLLP),
        (b"SSH-1.99-x\r\n", Label.SSH),
        (b"\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00", Label.RDP),
        (b"\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00\xc1\x02\x01\x00\xc2\x02\x01\x02\xc0\x01\x0a", None),  # S7
        (b"\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00", None),  # its answer
        (b"\x16\x03\x03\x00\x60\x02" + bytes(90), None),  # a ServerHello
        (b"\x17\x03\x03\x00\x60\x01" + bytes(90), None),
        (b"\x0b" + PATIENT, None),
        (b"\x81\x00\x00\x44 CKFDENECFDEFFC", None),  # NetBIOS comes before SMB on port 139
        (b"\x00\x00\x00\x90\xfdSMB" + bytes(40), None),  # no SMB begins encrypted
        (b"GET /\r\n", None),
        (b"get / HTTP/1.1\r\n", None),
    ],
)
def test_what_is_like_another_is_told_apart(payload, label):
    """By as many bytes as that takes."""
    assert label_of(payload, PUSHED) is label


@pytest.mark.parametrize(
    "pdu",
    [associate_rq(), associate_ac(), associate_rj(), ABORT, RELEASE_RQ, p_data(), associate_rj() + b"\xe0" * 9],
)
def test_nothing_of_dicom_has_a_label(pdu):
    """A rejection begins as RDP does."""
    assert label_of(pdu, PUSHED) is None
    assert label_of(pdu, BEGUN) is None


@pytest.mark.parametrize("label", Label)
@pytest.mark.parametrize("size", [77, 78, 1_448])
def test_the_first_segment_of_a_longer_request_is_known_though_it_is_not_pushed(label, size):
    """Where there are requests so long, and no network cuts them shorter; the rest of it has none."""
    request = SPOKEN[label] + bytes(1_900)

    assert label_of(request[:size], BEGUN) is (label if label in LONG and size >= FULL else None)
    assert label_of(request[size:], PUSHED) is None


def test_of_20_000_random_payloads_none_has_a_label_by_chance():
    """Those of two bytes are helped by a third."""
    dice = random.Random(5)

    assert not any(
        label_of(dice.randbytes(dice.choice((8, 60, 300))), flags)
        for flags in (PUSHED, BEGUN)
        for _ in range(20_000)
    )


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("label", Label)
@pytest.mark.parametrize("options", [b"", bytes(12)])
def test_a_length_tells_a_label_and_the_rest_of_the_segment_is_read_as_ever(family, label, options):
    """All that matters of a header stands before the byte where it was cut."""
    payload = SPOKEN[label] + bytes(90)
    for flags in (PUSHED, BEGUN) if label in LONG else (PUSHED,):
        whole = tcp_frame(*ENDS[family], flags, payload, seq=7, ack=9, options=options)
        tcp = len(whole) - len(payload) - 20 - len(options)

        cut = read_frame(whole[: tcp + KEPT[label]], moment(), filtered=True)

        assert cut == read_frame(whole, moment())
        assert isinstance(cut, Segment)
        assert (cut.label, cut.flags, cut.length) == (label, flags, len(payload))


@pytest.mark.parametrize("kept", range(14, 20))
def test_in_a_recorded_file_a_length_tells_nothing(kept):
    """It was cut wherever its maker liked; where the payload is missing, so is the label."""
    whole = tcp_frame(*ENDS[4], DATA, SPOKEN[Label.TLS])

    cut = read_frame(whole[: 34 + kept], moment())

    assert isinstance(cut, Segment)
    assert cut.label is None
    assert isinstance(read_frame(whole[: 34 + FIRST], moment()), Unreadable)


@pytest.mark.parametrize(
    "flags", [*(1 << bit for bit in range(4)), DATA | Flags.FIN, DATA | Flags.SYN, DATA | 0x20, BEGUN | Flags.RST]
)
@pytest.mark.parametrize("kept", range(14, 20))
def test_a_header_that_came_short_is_no_label(flags, kept):
    """A stranger may send a SYN of sixteen bytes: only ACK, with PSH or alone, is ever labelled, and only with
    payload behind a whole header."""
    short = tcp_frame(*ENDS[4], flags)[: 34 + kept]

    read = read_frame(short, moment(), filtered=True)

    assert isinstance(read, Segment)
    assert read.label is None


def test_a_header_that_claims_to_be_shorter_than_one_is_unreadable_with_a_label_too():
    """Its offset is the stranger's to choose."""
    frame = bytearray(tcp_frame(*ENDS[4], DATA, SPOKEN[Label.SSH]))
    frame[46] = 0x10

    assert isinstance(read_frame(bytes(frame[: 34 + KEPT[Label.SSH]]), moment(), filtered=True), Unreadable)


@pytest.mark.parametrize("flags", [Flags.PSH, DATA | Flags.FIN])
def test_a_recorded_segment_with_other_flags_has_no_label(flags):
    """As the filter would have said."""
    assert read_frame(tcp_frame(*ENDS[4], flags, SPOKEN[Label.HTTP]), moment()).label is None  # type: ignore[union-attr]


def test_what_our_filter_kept_whole_has_no_label():
    """An association is read as one; a payload that stands there is not looked at."""
    read = read_frame(tcp_frame(*ENDS[4], DATA, associate_rq()), moment(), filtered=True)

    assert isinstance(read, Segment)
    assert read.association is not None
    assert (read.association.kind, read.label) == (Association.PROPOSED, None)
    assert read_frame(tcp_frame(*ENDS[4], DATA, SPOKEN[Label.TLS]), moment(), filtered=True).label is None  # type: ignore[union-attr]


@given(st.binary(max_size=70), st.integers(0, 63))
def test_any_length_and_any_flags_are_one_label_or_none(content, flags):
    """Whatever follows."""
    label = told(len(content), flags)

    assert label is None or (flags in (PUSHED, BEGUN) and KEPT[label] == len(content))
    label_of(content, flags)
