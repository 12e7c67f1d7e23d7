"""The classic reader, against scapy's, across the boundaries of its slices."""

import random
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.utils import RawPcapReader

from sentinel.capture.pcap import MOST, Pcap
from sentinel.capture.slices import SLICE, Slices
from tests.capture.files import pcap, stamps

RECORD = 16


def read(path: Path) -> tuple[list[bytes], list[int], bool]:
    """The frames, their stamps, and whether it was cut."""
    slices = Slices(path)
    frames = list(Pcap(slices))
    slices.close()
    return [frame.kept for frame in frames], [frame.nanoseconds for frame in frames], slices.is_cut


def scapys(path: Path) -> tuple[list[bytes], list[int]]:
    """The same from scapy."""
    with RawPcapReader(str(path)) as reader:
        found = list(reader)
        unit = 1 if reader.nano else 1_000
    return [frame for frame, _ in found], [about.sec * 10**9 + about.usec * unit for _, about in found]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(st.integers(0, 200), st.integers(60_000, 65_535)), max_size=12),
    st.sampled_from("<>"),
    st.booleans(),
)
def test_scapy_reads_the_same(tmp_path, sizes, order, nano):
    """Frames of nothing, and so long that a few are a slice; either byte order, either unit."""
    path = tmp_path / "some.pcap"
    path.write_bytes(pcap([bytes([number]) * size for number, size in enumerate(sizes)], order=order, nano=nano))

    frames, at, cut = read(path)

    assert (frames, at) == scapys(path)
    assert (at, cut) == (stamps(len(sizes)), False)


@pytest.mark.parametrize("shift", range(-RECORD - 2, RECORD + 2))
def test_a_record_that_lies_across_two_slices_is_whole(tmp_path, shift):
    """Wherever the boundary falls: in its header, in its frame, between two."""
    filling = SLICE - 24 - RECORD + shift
    frames = [b"x" * 65_535] * (filling // (65_535 + RECORD))
    frames += [b"y" * (filling % (65_535 + RECORD)), b"z" * 60, b"last"]
    path = tmp_path / "long.pcap"
    path.write_bytes(pcap(frames))

    assert read(path)[::2] == (frames, False)


def test_a_record_as_long_as_any_frame_is_read_and_a_longer_one_ends_the_file(tmp_path):
    """libpcap reads none longer either."""
    path = tmp_path / "long.pcap"
    path.write_bytes(pcap([bytes(MOST), b"next"]))
    assert read(path)[::2] == ([bytes(MOST), b"next"], False)

    path.write_bytes(pcap([b"first", bytes(MOST + 1), b"next"]))
    assert read(path)[::2] == ([b"first"], True)


def test_a_file_cut_in_any_slice_keeps_what_is_whole(tmp_path):
    """Some hundred random places of a file of three slices."""
    dice = random.Random(7)
    frames = [dice.randbytes(dice.randrange(1_500)) for _ in range(1_000)]
    whole = pcap(frames)
    assert len(whole) > 2 * SLICE
    path = tmp_path / "cut.pcap"
    for _ in range(100):
        kept = dice.randrange(24, len(whole))
        path.write_bytes(whole[:kept])
        got, _, cut = read(path)
        used = 24 + sum(RECORD + len(frame) for frame in got)
        assert got == frames[: len(got)]
        assert used <= kept < used + RECORD + len(frames[len(got)])
        assert cut is (used < kept)


def test_stamps_no_clock_gives_are_no_error(tmp_path):
    """More than a second in the part of one; the last second there is."""
    path = tmp_path / "odd.pcap"
    path.write_bytes(pcap([]) + struct.pack("<IIII", 0xFFFFFFFF, 0xFFFFFFFF, 0, 0))

    assert read(path)[1] == [0xFFFFFFFF * 10**9 + 0xFFFFFFFF * 1_000]
