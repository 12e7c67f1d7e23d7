"""Recorded files: every kind that is read, and every kind that is cut, hostile or something else."""

import gzip
import os
import random
import struct
import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentinel.capture.recording import Recording
from sentinel.capture.ring import Frame
from sentinel.errors import NotReadable
from tests.capture.files import (
    FRAMES,
    KINDS,
    STAMPS,
    block,
    clock,
    interface,
    packet,
    pcap,
    pcapng,
    section,
)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "file.pcap"
    path.write_bytes(content)
    return path


def read(path: Path) -> tuple[list[Frame], bool]:
    """Its frames, and whether it was cut."""
    with Recording(path) as recording:
        return list(recording), recording.cut


@pytest.mark.parametrize("content", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzipped"])
def test_every_kind_gives_the_same_frames(tmp_path, content, zipped):
    """In order, with the stamp in nanoseconds and the length on the wire; the name of the file says nothing."""
    frames, cut = read(written(tmp_path, gzip.compress(content) if zipped else content))

    assert frames == [
        Frame(stamp, frame, len(frame) + 7, None) for stamp, frame in zip(STAMPS, FRAMES, strict=True)
    ]
    assert not cut


def test_two_files_put_together_are_two_sections(tmp_path):
    """Each numbers its interfaces from nought: the second one's resolution is its own."""
    frames, cut = read(written(tmp_path, pcapng(resolution=9) + pcapng(resolution=6)))

    assert [frame.nanoseconds for frame in frames] == STAMPS * 2
    assert not cut


def test_blocks_that_are_no_packets_are_stepped_over(tmp_path):
    """Names, statistics, and TLS secrets above all: they are not ours to read."""
    others = b"".join(block(kind, b"NEVERSTORE" * 8) for kind in (4, 5, 10, 0x80000001, 0xBAD))
    whole = pcapng()

    frames, cut = read(written(tmp_path, whole[:28] + others + whole[28:] + others))

    assert [frame.kept for frame in frames] == FRAMES
    assert not cut


def test_a_simple_packet_takes_the_stamp_before_it(tmp_path):
    """It has none of its own (section 4.4)."""
    simple = block(3, struct.pack("<I", len(FRAMES[0])) + FRAMES[0])
    frames, _ = read(written(tmp_path, pcapng(FRAMES[:2]) + simple))

    assert frames[2] == Frame(STAMPS[1], FRAMES[0], len(FRAMES[0]), None)


@pytest.mark.parametrize("content", [KINDS["pcap"], KINDS["pcapng"]], ids=["pcap", "pcapng"])
def test_a_file_cut_anywhere_keeps_what_is_whole_and_says_that_it_is_cut(tmp_path, content):
    """Between two records nothing is missing that anybody could know of; anywhere else it is cut."""
    header = len(pcap([])) if content[0] == 0xD4 else len(pcapng([]))
    record = 16 if content[0] == 0xD4 else 32
    ends = [header]
    for frame in FRAMES:
        ends.append(ends[-1] + record + len(frame) + (-len(frame) % 4 if record == 32 else 0))

    for kept in range(header, len(content) + 1):
        frames, cut = read(written(tmp_path, content[:kept]))

        assert [frame.kept for frame in frames] == FRAMES[: sum(end <= kept for end in ends) - 1]
        assert cut is (kept not in ends)


def test_a_gzip_cut_anywhere_keeps_what_is_whole(tmp_path):
    """Whatever was unpacked before the cut."""
    dice = random.Random(3)
    frames = [frame + dice.randbytes(900) for frame in FRAMES]
    packed = gzip.compress(pcap(frames))

    for kept in range(1, len(packed)):
        path = written(tmp_path, packed[:kept])
        try:
            got, cut = read(path)
        except NotReadable:
            continue
        assert [frame.kept for frame in got] == frames[: len(got)]
        assert cut or len(got) == len(frames)
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 0xFF
    assert read(written(tmp_path, bytes(damaged)))[1]


UNREADABLE = {
    "empty": (b"", "is empty"),
    "one byte": (b"\xd4", "is neither pcap nor pcapng"),
    "text": (b"Dear colleague,\n", "is neither pcap nor pcapng"),
    "random": (random.Random(1).randbytes(4_096), "is neither pcap nor pcapng"),
    "an empty gzip": (gzip.compress(b""), "is empty"),
    "gzipped text": (gzip.compress(b"Dear colleague,"), "is neither pcap nor pcapng"),
    "a gzip in a gzip": (gzip.compress(gzip.compress(pcap())), "is neither pcap nor pcapng"),
    "a gzip of three bytes": (b"\x1f\x8b\x08", "damaged gzip"),
    "a gzip that is none": (b"\x1f\x8b" + b"\x00" * 50, "damaged gzip"),
    "pcap, magic alone": (pcap()[:4], "within its first header"),
    "pcap, half a header": (pcap()[:20], "within its first header"),
    "pcapng, half a header": (pcapng()[:20], "within its first header"),
    "pcapng of version 9": (block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 9, 0, -1)), "within its first"),
    "pcapng, a section of 4 GB": (pcapng()[:4] + b"\xf0\xff\xff\xff" + pcapng()[8:], "within its first header"),
}


@pytest.mark.parametrize(("content", "words"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_capture_is_said_in_one_sentence(tmp_path, content, words):
    """With the file's name, and nothing of what is in it."""
    path = written(tmp_path, content)

    with pytest.raises(NotReadable) as error:
        read(path)

    assert str(path) in str(error.value)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_opened_is_said_in_one_sentence(tmp_path):
    """Absent, or a folder."""
    with pytest.raises(NotReadable, match="No such file"):
        Recording(tmp_path / "absent.pcap")
    with pytest.raises(NotReadable, match="Is a directory"):
        Recording(tmp_path)


@pytest.mark.parametrize(
    ("link", "name"),
    [(105, "105 (Wi-Fi)"), (127, "127 (Wi-Fi with radiotap)"), (249, "249 (USB)"), (999, "999, ")],
)
def test_frames_of_a_link_that_is_not_read_are_refused_by_name(tmp_path, link, name):
    """Rather than read as Ethernet, so many bytes off."""
    other = section() + interface(link) + packet(FRAMES[0], 0)
    for content in (pcap(link=link), other):
        with pytest.raises(NotReadable) as error:
            read(written(tmp_path, content))

        assert f"link type {name}" in str(error.value)


def test_a_file_of_unreadable_links_alone_names_each_of_them(tmp_path):
    """And gives no frame before it does."""
    content = section() + interface(105) + interface(127) + packet(b"x", 0) + packet(b"y", 0, of=1)

    with pytest.raises(NotReadable, match=r"105 \(Wi-Fi\) and link type 127 \(Wi-Fi with radiotap\)"):
        read(written(tmp_path, content))


def test_a_file_of_thousands_of_unreadable_links_is_told_in_one_sentence(tmp_path):
    """Eight of them by name."""
    each = (section() + interface(300 + number) + packet(b"x", 0) for number in range(5_000))

    with pytest.raises(NotReadable, match="307 and other link types, which") as error:
        read(written(tmp_path, b"".join(each)))
    assert len(str(error.value)) < 400


def test_of_a_mixed_file_what_can_be_read_is_and_the_rest_is_counted(tmp_path):
    """One interface on Wi-Fi, one cooked, one on Ethernet."""
    cooked = bytes(14) + FRAMES[0][12:]
    content = section() + interface(105) + interface(113) + interface()
    content += packet(b"x" * 40, 0) + packet(cooked, 1, of=1) + packet(b"y" * 40, 2) + packet(FRAMES[0], 3, of=2)

    with Recording(written(tmp_path, content)) as recording:
        frames = list(recording)

    assert [frame.kept[12:] for frame in frames] == [FRAMES[0][12:]] * 2
    assert recording.left_out == {"link type 105 (Wi-Fi)": 2}
    assert not recording.cut


def test_a_pipe_is_read_as_it_is_filled(tmp_path):
    """Gzipped or not: nothing is read twice."""
    for content in (KINDS["pcap"], gzip.compress(KINDS["pcapng"])):
        path = tmp_path / f"pipe-{content[0]}"
        os.mkfifo(path)
        writer = threading.Thread(target=path.write_bytes, args=[content])
        writer.start()
        frames, cut = read(path)
        writer.join()

        assert [frame.kept for frame in frames] == FRAMES
        assert not cut


def test_the_check_bytes_that_a_pcap_may_announce_do_not_hide_ethernet(tmp_path):
    """The upper bits of the link type say how long the frame check sequence is."""
    frames, _ = read(written(tmp_path, pcap(link=1 | 0x14000000)))

    assert len(frames) == len(FRAMES)


HOSTILE = {
    "a pcap record of 4 GB": pcap(FRAMES[:1]) + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 60) + bytes(100),
    "a pcapng block of 4 GB": pcapng(FRAMES[:1]) + struct.pack("<II", 6, 0xFFFFFFF0) + bytes(100),
    "a pcapng block of no length": pcapng(FRAMES[:1]) + struct.pack("<II", 6, 0) + bytes(100),
    "a pcapng packet longer than its block": pcapng(FRAMES[:1])
    + block(6, struct.pack("<IIIII", 0, 0, 0, 1 << 31, 60) + bytes(8)),
    "a packet block of eight bytes": pcapng(FRAMES[:1]) + block(6, bytes(8)),
    "an interface of two bytes": pcapng(FRAMES[:1]) + block(1, bytes(2)),
    "an interface nobody described": pcapng(FRAMES[:1]) + packet(FRAMES[0], 0, of=77),
    "ticks of no time": section() + interface(options=struct.pack("<HHB3x", 9, 1, 0x7F)) + packet(FRAMES[0], 1),
    "ticks of ages": section() + interface(options=struct.pack("<HHB3x", 9, 1, 0)) + packet(FRAMES[0], 1 << 63),
    "a clock that began before all time": section()
    + interface(options=clock(6, -(1 << 63)))
    + packet(FRAMES[0], 1),
    "a clock that began after it": section() + interface(options=clock(6, (1 << 63) - 1)) + packet(FRAMES[0], 1),
    "many interfaces": section() + interface() * 50_000,
    "many options": section() + interface(options=struct.pack("<HH", 2, 0) * 100_000),
    "many sections": section() * 20_000,
    "many comments": section() + interface() + block(6, bytes(20) + struct.pack("<HH", 1, 0) * 100_000),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzipped"])
def test_hostile_lengths_cost_no_memory_and_raise_nothing(tmp_path, content, zipped):
    """Whoever sends a technician a file chooses its numbers."""
    path = written(tmp_path, gzip.compress(content) if zipped else content)
    tracemalloc.start()
    frames, _ = read(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(frames) <= 2
    assert all(0 <= frame.nanoseconds <= 253_402_300_799_999_999_999 for frame in frames)
    assert most < 24_000_000


def test_a_bomb_is_read_in_the_memory_of_one_block(tmp_path):
    """A few kilobytes of gzip that hold sixteen megabytes of one record behind a frame, and end the reading."""
    path = tmp_path / "bomb.pcap.gz"
    with gzip.open(path, "wb", compresslevel=6) as file:
        file.write(pcap(FRAMES[:1]))
        file.write(struct.pack("<IIII", 0, 0, 1 << 24, 1 << 24))
        file.write(bytes(1 << 24))
    tracemalloc.start()
    frames, cut = read(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert ([frame.kept for frame in frames], cut) == (FRAMES[:1], True)
    assert most < 2_000_000


@settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(list(KINDS.values())),
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=6),
    st.integers(0, 700),
)
def test_a_file_however_changed_is_read_or_refused(tmp_path, content, changes, kept):
    """Never a traceback."""
    changed = bytearray(content[: kept + 1])
    for at, value in changes:
        changed[at % len(changed)] = value
    try:
        frames, _ = read(written(tmp_path, bytes(changed)))
    except NotReadable:
        return
    assert len(frames) <= len(FRAMES) * 2
