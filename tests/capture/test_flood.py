"""Many SYNs at once: what the strides take, and what they must leave to be read one by one."""

import mmap
import random
import struct

import pytest

from sentinel.capture.flood import FEW, read
from sentinel.capture.ring import VLAN_VALID, Block
from sentinel.decode.frame import read_frame
from sentinel.model.packet import Flags, Segment
from tests.builders import IMAGING, IMAGING6, STRANGER, STRANGER6, moment, tcp_frame

MAC = 82
"""Where the kernel puts a frame in its record, on Ethernet."""
START = 48
"""Where it puts the first record in a block."""


def syn(number: int, family: int = 4, **shape: object) -> bytes:
    """One of many."""
    source, target = (STRANGER, IMAGING) if family == 4 else (STRANGER6, IMAGING6)
    shape = {"flags": Flags.SYN, "options": b"\x02\x04\x05\xb4", **shape}
    return tcp_frame(source, 1_024 + number, target, 104, seq=number, **shape)  # type: ignore[arg-type]


def block(frames: list[bytes], status: dict[int, int] | None = None) -> tuple[mmap.mmap, Block]:
    """As the kernel lays them (struct tpacket3_hdr); what lay there before is not wiped."""
    memory = mmap.mmap(-1, 1 << 18)
    memory[:] = (syn(9) + b"\x08\x00\x45") * ((1 << 18) // 61) + bytes((1 << 18) % 61)
    at = START
    for number, frame in enumerate(frames):
        step = (MAC + len(frame) + 15) // 16 * 16
        following = step if number < len(frames) - 1 else 0
        head = struct.pack("=6IHH4I", following, 1, 0, len(frame), len(frame), 0, MAC, MAC + 14, 0, 0, 0, 0)
        head = head[:20] + struct.pack("=I", (status or {}).get(number, 0)) + head[24:]
        memory[at : at + len(head)] = head
        memory[at + MAC : at + MAC + len(frame)] = frame
        at += step
    return memory, Block(START, len(frames))


def taken(frames: list[bytes], status: dict[int, int] | None = None) -> tuple[list[bytes], int]:
    """The ways that were read in strides, and how many frames were left."""
    memory, where = block(frames, status)
    alike, others = read(memory, where)
    memory.close()
    return [way for each in alike for way in each.ways], sum(each.packets for each in others)


def way(frame: bytes) -> bytes:
    """As the decoder reads it."""
    segment = read_frame(frame, moment())
    assert isinstance(segment, Segment)
    return segment.way


@pytest.mark.parametrize("family", [4, 6])
def test_syns_that_are_alike_are_read_in_one_stride(family):
    """Each with its way and hardware addresses, as the decoder would have read it; the last of a block too."""
    frames = [syn(number, family) for number in range(1_000)]
    memory, where = block(frames)

    (alike,), others = read(memory, where)

    assert others == []
    assert list(alike.ways) == [way(frame) for frame in frames]
    assert set(alike.macs) == {frames[0][:12]}


def test_syns_of_other_lengths_make_strides_of_their_own():
    """A hidden client's SYN stands in a scanner's crowd; one alone is not worth a stride."""
    frames = [syn(number) for number in range(50)]
    frames += [syn(50, options=b"\x02\x04\x05\xb4" * 10)]
    frames += [syn(number, options=b"\x02\x04\x05\xb4" * 5) for number in range(51, 90)]

    ways, left = taken(frames)

    assert ways == [way(frame) for number, frame in enumerate(frames) if number != 50]
    assert left == 1


@pytest.mark.parametrize(
    "shape",
    [
        {"flags": Flags.SYN | Flags.ACK},
        {"flags": Flags.SYN | Flags.PSH},
        {"flags": Flags.RST | Flags.ACK},
        {"fragment": 0x2000},
        {"fragment": 0x0001},
        {"ip_options": b"\x94\x04\x00\x00", "options": b""},
        {"tags": ((0x8100, 20),), "options": b""},
    ],
)
def test_one_that_is_no_plain_syn_is_left_to_be_read_by_itself(shape):
    """Though it is as long as its neighbours: one odd frame in a crowd does not make all of it slow."""
    frames = [syn(number) for number in range(20)]
    odd = [*frames[:7], syn(7, **shape), *frames[8:]]

    assert taken(odd) == ([way(frame) for number, frame in enumerate(frames) if number != 7], 1)


def test_a_tag_that_the_kernel_took_off_is_seen():
    """It stands beside the frame; a tagged attempt is told with its VLAN."""
    frames = [syn(number) for number in range(20)]

    assert taken(frames, {3: VLAN_VALID}) == (
        [way(frame) for number, frame in enumerate(frames) if number != 3],
        1,
    )


def test_a_frame_that_was_cut_short_is_not_read_with_what_lay_there_before():
    """The ring's memory is not wiped between two blocks."""
    frames = [syn(number) for number in range(20)]

    assert taken([*frames[:19], frames[19][:44]]) == ([way(frame) for frame in frames[:19]], 1)


def test_a_few_are_read_one_by_one():
    """A stretch costs more than they do."""
    assert taken([syn(number) for number in range(FEW - 1)]) == ([], FEW - 1)


def test_the_last_record_of_the_ring_may_end_where_the_memory_does():
    """It is shorter than the stride it would belong to."""
    whole, short = syn(1), syn(2, options=b"")
    memory, _ = block([whole, whole, short])
    step = (MAC + len(whole) + 15) // 16 * 16
    end = START + 2 * step + MAC + len(short)
    cut = mmap.mmap(-1, end)
    cut[:] = memory[:end]

    alike, others = read(cut, Block(START, 3))

    assert sum(len(each.ways) for each in alike) + sum(each.packets for each in others) == 3


def test_whatever_stands_in_a_block_each_frame_is_taken_or_left():
    """Never both, never neither, and no crash."""
    dice = random.Random(3)
    for _ in range(300):
        kinds = [syn(1), syn(1, 6), syn(1, options=b""), dice.randbytes(60), dice.randbytes(14), syn(1)[:50]]
        frames = [dice.choice(kinds[: dice.randrange(1, 7)]) for _ in range(dice.randrange(1, 60))]
        ways, left = taken(frames)
        assert len(ways) + left == len(frames)
