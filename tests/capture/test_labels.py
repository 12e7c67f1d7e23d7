"""Labels in the kernel's filter: the same as the decoder's, at no cost to the frames there are most of."""

import random

import pytest

from sentinel.capture.route import Kind
from sentinel.decode.frame import read_frame
from sentinel.model.beginnings import BANNERS, SHORTEST
from sentinel.model.connection import Label
from sentinel.model.packet import Flags, Segment
from tests.builders import PATIENT, SPOKEN, associate_rq, moment
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
    """The short ones, and those of SSH with more behind them; a sampled frame is told the same way."""
    dice = random.Random(22)
    for _ in range(10_000):
        payload = bytearray(dice.choice(list(SPOKEN.values())) + bytes(dice.choice((0, 0, 200))))
        if dice.randrange(2):
            payload[dice.randrange(11)] = dice.choice((0, 0x52, 0x53, dice.randrange(256)))
        live, recorded = labels(from_door(bytes(payload)), dice.choice((1, 256)))
        short = len(payload) < 78
        assert live is (recorded if recorded is Label.SSH or (recorded in BANNERS and short) else None)


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
    "a bare acknowledgement": (b"", Flags.ACK, {}, (21, 21)),
    "a padded one": (bytes(6), Flags.ACK, {}, (32, 30)),
    "one with a stamp": (b"", Flags.ACK, {"options": bytes(12)}, (21, 21)),
    "image data": (b"\x04\x00" + bytes(1_400), Flags.ACK, {}, (35, 33)),
    "dark pixels": (bytes(1_400), Flags.ACK, {}, (35, 33)),
    "bright pixels": (b"\xff" * 1_400, Flags.ACK, {}, (35, 33)),
    "bright pixels over IPv6": (b"\xff" * 1_400, Flags.ACK, {"family": 6}, (34, 32)),
    "an acknowledgement over IPv6": (b"", Flags.ACK, {"family": 6}, (20, 20)),
}
"""Steps that were executed, from outside and from inside, before there were labels."""


@pytest.mark.parametrize("name", BEFORE)
def test_what_passes_most_costs_the_kernel_no_step_more(name):
    """Acknowledgements and bulk, either way."""
    payload, flags, shape, before = BEFORE[name]

    for build, steps in zip((to_door, from_door), before, strict=True):
        frame = build(payload, flags, **shape)
        assert cost(PROGRAMS[Kind(routed(ROUTE, frame))], frame) <= steps


def test_what_is_pushed_from_inside_or_to_a_client_costs_no_step_more_either():
    """What the practice sends, and what it fetches."""
    bulk = bytes(1_400)

    assert cost(PROGRAMS[Kind.ANSWERS], from_door(bulk, DATA)) <= 33
    assert cost(PROGRAMS[Kind.CLIENTS], to_door(bulk, DATA, port=50_000)) <= 41


def test_what_is_pushed_to_a_door_and_kept_anyway_costs_the_looks():
    """Its verdict is for our ring, where it costs a thousand times as much."""
    assert cost(PROGRAMS[Kind.CLIENTS], to_door(bytes(SHORTEST), DATA)) <= 75
