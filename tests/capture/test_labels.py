"""Labels in the kernel's filter: the same as the decoder's, at no cost to the frames there are most of."""

import random

import pytest

from sentinel.capture.route import Kind
from sentinel.decode.frame import read_frame
from sentinel.model.beginnings import BANNERS
from sentinel.model.connection import Label
from sentinel.model.packet import Flags, Segment
from tests.builders import (
    IMAGING,
    PATIENT,
    SPOKEN,
    STRANGER,
    WORKSTATION,
    associate_rq,
    moment,
    tcp_frame,
)
from tests.capture.bpf import cost, routed
from tests.capture.test_keep import DATA, PROGRAMS, ROUTE, from_door, kept, to_door


def labels(frame: bytes, dice: int = 1) -> tuple[Label | None, Label | None]:
    """By the filter's verdict, and by the bytes."""
    cut, whole = read_frame(frame[: kept(frame, dice)], moment(), filtered=True), read_frame(frame, moment())
    assert isinstance(whole, Segment)
    assert not isinstance(cut, Segment) or cut._replace(label=None) == whole._replace(label=None)
    return cut.label if isinstance(cut, Segment) else None, whole.label


def test_the_filter_and_the_decoder_tell_the_same_of_every_request():
    """Whatever is changed in its first bytes, and wherever it is cut; and it is kept all the same."""
    dice = random.Random(21)
    for _ in range(20_000):
        payload = bytearray(dice.choice(list(SPOKEN.values())))
        for _ in range(dice.choice((0, 0, 1, 2))):
            payload[dice.randrange(11)] = dice.choice((0, 1, 3, 0x0B, 0x16, 0xE0, 0xFF, 0x53, dice.randrange(256)))
        frame = to_door(bytes(payload[: dice.choice((4, 8, 10, 11, 12, len(payload)))]))
        live, recorded = labels(frame)
        assert kept(frame) == 54 or live
        assert live is recorded


def test_of_what_comes_from_inside_the_banners_are_told_and_nothing_else():
    """Alone or with more behind them; a sampled frame is told the same way."""
    dice = random.Random(22)
    for _ in range(10_000):
        payload = bytearray(dice.choice(list(SPOKEN.values())) + bytes(dice.choice((0, 0, 200))))
        if dice.randrange(2):
            payload[dice.randrange(11)] = dice.choice((0, 0x52, 0x53, dice.randrange(256)))
        live, recorded = labels(from_door(bytes(payload)), dice.choice((1, 256)))
        assert live is (recorded if recorded in BANNERS else None)


@pytest.mark.parametrize("label", Label)
@pytest.mark.parametrize("port", [4242, 33389, 50_000])
def test_a_frame_that_is_sampled_loses_no_label(label, port):
    """One in 256 is kept for another reason; of one to a client's port that is the only one."""
    frame = to_door(SPOKEN[label], port=port)

    assert labels(frame, 256) == (label, label)
    assert labels(frame) == (None if port == 50_000 else label, label)


@pytest.mark.parametrize("size", range(20))
@pytest.mark.parametrize("padding", [b"", bytes(6)])
def test_a_client_is_known_however_little_it_sends(size, padding):
    """A load beyond the frame's end would end the program with nothing: lengths are looked at first."""
    for payload in (*SPOKEN.values(), associate_rq(), PATIENT):
        frame = to_door(payload[: size + 1]) + padding
        assert kept(frame) == 54 or labels(frame)[0]


BEFORE = {
    "a bare acknowledgement": (b"", {}, 21),
    "a padded one": (bytes(6), {}, 32),
    "one with a stamp": (b"", {"options": bytes(12)}, 21),
    "one over IPv6": (b"", {"family": 6}, 20),
    "image data": (b"\x04\x00" + bytes(1_400), {}, 35),
    "dark pixels": (bytes(1_400), {}, 35),
    "bright pixels": (b"\xff" * 1_400, {}, 35),
    "bright pixels over IPv6": (b"\xff" * 1_400, {"family": 6}, 34),
}
"""Steps that were executed before there were labels, from outside as from inside."""


@pytest.mark.parametrize("name", BEFORE)
@pytest.mark.parametrize("build", [to_door, from_door])
def test_what_passes_most_costs_the_kernel_no_step_more(name, build):
    """Acknowledgements and bulk, either way."""
    payload, shape, before = BEFORE[name]

    assert steps(build(payload, Flags.ACK, **shape)) <= before


def test_what_is_pushed_and_not_kept_costs_no_step_more_either():
    """What the practice fetches, what it sends away, and its file shares."""
    bulk = bytes(1_400)

    assert steps(to_door(bulk, port=50_000)) <= 41
    assert steps(tcp_frame(IMAGING, 445, WORKSTATION, 40_000, DATA, bulk)) <= 42
    assert steps(tcp_frame(IMAGING, 40_000, STRANGER, 443, DATA, bulk)) <= 41


@pytest.mark.parametrize("bulk", [bytes(1_400), b"\xff" * 1_400, b"\x04\x00" + bytes(1_400)])
def test_what_is_kept_anyway_pays_for_the_looks(bulk):
    """Pushed to a door or from it, and for our ring, where a frame costs far more: 35 steps at most, 12 back."""
    assert steps(to_door(bulk)) <= 39 + 35
    assert steps(from_door(bulk)) <= 49 + 12


def steps(frame: bytes) -> int:
    """In the program that its socket has."""
    return cost(PROGRAMS[Kind(routed(ROUTE, frame))], frame)
