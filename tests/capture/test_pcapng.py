"""The reader of blocks, against scapy's: interfaces, clocks, sections, and blocks across its slices."""

import random
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.utils import RawPcapNgReader

from sentinel.capture.pcapng import MOST_INTERFACES, PcapNg
from sentinel.capture.ring import Frame
from sentinel.capture.slices import SLICE, Slices
from tests.capture.files import FRAMES, STAMPS, START, block, clock, interface, packet, pcapng, section

SECOND = 10**9


def read(path: Path, content: bytes) -> tuple[list[Frame], bool]:
    """Its frames, and whether it was cut."""
    path = path / "some.pcapng"
    path.write_bytes(content)
    slices = Slices(path)
    frames = list(PcapNg(slices))
    slices.close()
    return frames, slices.is_cut


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1_500), st.integers(0, 2**52)), max_size=30),
    st.lists(st.one_of(st.integers(0, 12), st.integers(0x80, 0x80 + 40)), min_size=3, max_size=3),
    st.sampled_from("<>"),
)
def test_scapy_reads_the_same(tmp_path, packets, clocks, order):
    """Three interfaces with clocks of powers of ten and of two."""
    content = section(order) + b"".join(
        interface(1, struct.pack(order + "HHB3x", 9, 1, each), order) for each in clocks
    )
    content += b"".join(packet(bytes([of]) * size, ticks, of, order) for of, size, ticks in packets)

    frames, cut = read(tmp_path, content)

    with RawPcapNgReader(str(tmp_path / "some.pcapng")) as reader:
        theirs = [
            ((about.tshigh << 32 | about.tslow) * SECOND // about.tsresol, frame, about.wirelen)
            for frame, about in reader
        ]
    assert not cut
    latest = 253_402_300_799_999_999_999
    assert [frame[:3] for frame in frames] == [(min(at, latest), frame, length) for at, frame, length in theirs]


@pytest.mark.parametrize("order", "<>")
def test_a_clock_may_begin_when_it_likes(tmp_path, order):
    """if_tsoffset (section 4.2): the second since 1970 at which it stood at nought; also one before 1970."""
    for begins in (START // SECOND, START // SECOND - 10, -5):
        ticks = (STAMPS[1] // SECOND - begins) * 1_000 + 250
        content = section(order) + interface(options=clock(3, begins, order), order=order)
        frames, _ = read(tmp_path, content + packet(FRAMES[0], ticks, order=order))

        assert [frame.nanoseconds for frame in frames] == [STAMPS[1]]


def test_each_section_has_a_byte_order_and_interfaces_of_its_own(tmp_path):
    """Files put together by `cat`."""
    frames, cut = read(tmp_path, pcapng() + pcapng(order=">", resolution=9) + pcapng(resolution=3))

    assert [frame.nanoseconds for frame in frames] == STAMPS * 3
    assert not cut
    frames, cut = read(tmp_path, pcapng() + section() + packet(FRAMES[0], 0))
    assert (len(frames), cut) == (len(FRAMES), True)  # of an interface that its own section does not know


def test_an_old_packet_block_is_read(tmp_path):
    """Appendix A: the interface in two bytes, the count of drops in two more."""
    ticks = STAMPS[2] // 1_000
    old = block(2, struct.pack("<HHIIII", 1, 9, ticks >> 32, ticks & 0xFFFFFFFF, 4, 70) + b"four")

    assert read(tmp_path, section() + interface() * 2 + old) == ([Frame(STAMPS[2], b"four", 70, None)], False)


@pytest.mark.parametrize(("most", "kept"), [(0, b"abcdefg"), (4, b"abcd"), (100, b"abcdefg")])
def test_of_a_simple_packet_the_interface_says_how_much_was_kept(tmp_path, most, kept):
    """Section 4.4; nought is no limit, and what fills the block up to four bytes is no packet."""
    described = block(1, struct.pack("<HHI", 1, 0, most))
    simple = block(3, struct.pack("<I", 7) + b"abcdefg"[: most or 7])

    assert [frame.kept for frame in read(tmp_path, section() + described + simple)[0]] == [kept]


DAMAGED = {
    "lengths that differ": packet(FRAMES[0], 0)[:-4] + struct.pack("<I", 99),
    "a length that is no multiple of four": struct.pack("<II", 5, 13) + bytes(5),
    "a block shorter than its frame": struct.pack("<II", 5, 8) + bytes(8),
    "an options' length for a clock": interface(options=struct.pack("<HH4x", 9, 0)),
    "a section of version 2": block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 2, 0, -1)),
    "a section in no byte order": block(0x0A0D0D0A, bytes(16)),
    "an interface too many": interface() * MOST_INTERFACES,
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_where_a_file_stops_making_sense_it_is_cut(tmp_path, damage):
    """What came before is told; nothing behind it is guessed at."""
    frames, cut = read(tmp_path, pcapng() + damage + packet(FRAMES[0], 0))

    assert [frame.kept for frame in frames] == FRAMES
    assert cut


def test_a_file_cut_in_any_slice_keeps_what_is_whole(tmp_path):
    """Some hundred random places of a file of three slices."""
    dice = random.Random(8)
    frames = [dice.randbytes(dice.randrange(1_500)) for _ in range(1_000)]
    whole = pcapng(frames)
    assert len(whole) > 2 * SLICE
    for _ in range(100):
        kept = dice.randrange(100, len(whole))
        got, cut = read(tmp_path, whole[:kept])
        assert [frame.kept for frame in got] == frames[: len(got)]
        used = len(pcapng(frames[: len(got)]))
        assert used <= kept < len(pcapng(frames[: len(got) + 1]))
        assert cut is (used < kept)


def test_a_block_of_megabytes_that_is_not_ours_is_stepped_over(tmp_path):
    """TLS secrets of a whole day, say."""
    frames, cut = read(tmp_path, pcapng() + block(10, bytes(3 << 20)) + packet(FRAMES[0], 0))

    assert (len(frames), cut) == (len(FRAMES) + 1, False)
