"""The kernel's own counters, against the files in which it shows them as well."""

import struct
from pathlib import Path

import pytest

from sentinel.capture.counted import DROPPED, MISSED, OTHERHOST, STATS64, Card, Counted, _counted, softnet
from tests.builders import Talk
from tests.capture import cable

HEADER = bytes(32)


def attribute(kind: int, words: list[int]) -> bytes:
    """One attribute of a netlink message."""
    return struct.pack("=HH", 4 + 8 * len(words), kind) + struct.pack(f"={len(words)}Q", *words)


def test_each_counter_is_the_word_the_kernel_means():
    """By their places in the structure."""
    words = list(range(100, 125))

    assert _counted(HEADER + attribute(STATS64, words)) == Counted(
        over=111 + 110, fifo=114, missed=115, damaged=112 + 113, dropped=106, foreign=124
    )
    assert (words[DROPPED], words[MISSED], words[OTHERHOST]) == (106, 115, 124)


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        (HEADER, None),
        (HEADER + bytes(8), None),  # an attribute shorter than its own head would never end
        (HEADER + attribute(STATS64, [1] * 15), None),
        (
            HEADER + attribute(STATS64, [1] * 24),
            Counted(over=2, fifo=1, missed=1, damaged=2, dropped=1, foreign=None),
        ),
    ],
)
def test_a_kernel_that_counts_less_is_believed_for_what_it_counts(said, counted):
    """Linux 5.18 does not know unicast for somebody else; what is none of it says nothing."""
    assert _counted(said) == counted


@pytest.mark.lab
def test_the_card_tells_what_the_kernel_shows_in_its_files():
    """And the one word that stands in none."""
    cable.need()
    talk = Talk()
    names = {"missed": "missed_errors", "fifo": "fifo_errors", "dropped": "dropped"}
    with cable.cable() as laid:
        laid.inject([talk.frame(talk.syn())] * 20)
        with laid.at("right"):
            card = Card(cable.CARD)
        told = card.read()
        card.close()
        shown = laid.run("right", "sh", "-c", f"cd /sys/class/net/{cable.CARD}/statistics; grep . rx_*").stdout

    files = dict(line.split(":") for line in shown.split())
    assert told is not None
    assert {name: str(getattr(told, name)) for name in names} == {
        name: files[f"rx_{file}"] for name, file in names.items()
    }
    errors = {each: int(files[f"rx_{each}_errors"]) for each in ("over", "length", "crc", "frame")}
    assert (told.over, told.damaged) == (errors["over"] + errors["length"], errors["crc"] + errors["frame"])
    assert told.foreign == 20


def test_the_queues_of_every_processor_are_summed(tmp_path: Path):
    """In hexadecimal, one line each; a kernel without the file tells nothing."""
    file = tmp_path / "softnet_stat"
    file.write_text("00483318 0000003a 00000004 00000000\n003f66e7 00000010 00000001 00000000\n")

    assert softnet(file) == (0x3A + 0x10, 5)
    assert softnet(tmp_path / "none") == (0, 0)
    dropped, squeezed = softnet()
    assert dropped >= 0
    assert squeezed >= 0
