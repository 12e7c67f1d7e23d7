"""Many attempts at once: read from the ring's memory in strides, without a step of Python for each.

A scanner's SYNs are alike, so their records in the ring are equally long, and `struct` walks them by itself. What
is not a plain SYN over IPv4 or IPv6 (tagged, with IP options, a fragment, a refusal) is left to be read singly.
"""

import struct
from collections.abc import Iterator
from functools import lru_cache
from itertools import compress
from mmap import mmap
from typing import Final, NamedTuple

from sentinel.capture.ring import VLAN_VALID, Block

MANY: Final = 256
"""Frames of a block, which is 50 ms at most, from which on it is one."""
FEW: Final = 8
"""Fewer in a stretch are not worth one."""
SYN: Final = b"\x02"
_head = struct.Struct("=I20xH")  # struct tpacket3_hdr: where the next one is, and where its own frame


class Alike(NamedTuple):
    """Plain SYNs."""

    ways: tuple[bytes, ...]
    """As in `Segment.way`."""
    macs: tuple[bytes, ...]
    """Of target and source, 6 bytes each."""


class Layout(NamedTuple):
    """Where things stand in an Ethernet frame with a plain SYN."""

    kind: bytes
    """Protocol, version and length of header: RFC 791 section 3.1, RFC 8200 section 3."""
    whole: frozenset[bytes]
    """What stands at 20, flags and offset or the next header, where TCP follows whole."""
    way: int
    """Offset of addresses and ports."""
    size: int
    """Of these, in bytes."""


LAYOUTS: Final = {
    layout.kind: layout
    for layout in (
        Layout(b"\x08\x00\x45", frozenset({b"\x00\x00", b"\x40\x00"}), 26, 12),  # 0x4000: do not fragment
        Layout(b"\x86\xdd\x60", frozenset({b"\x06"}), 22, 36),
    )
}


def read(memory: mmap, block: Block) -> tuple[list[Alike], list[Block]]:
    """The plain SYNs of a block, and where its other frames are."""
    alike, others = [], []
    for run, step in _runs(memory, block):
        if run.packets < FEW:
            others.append(run)
            continue
        found, left = _alike(memory, run, step)
        alike += found
        others += left
    return alike, others


def _runs(memory: mmap, block: Block) -> Iterator[tuple[Block, int]]:
    """Stretches of records that are equally long, with that length; of a last one by itself nobody knows it."""
    at, left = block
    with memoryview(memory) as view, view.cast("I") as words:
        while left:
            step = words[at // 4]
            run = _equal(words[at // 4 : (at + left * step) // 4 : step // 4], step) if step else 1
            run = min(run, (len(memory) - at) // step) if step else run  # the last may be shorter than the others
            yield Block(at, run), step
            at += run * step
            left -= run


def _equal(steps: memoryview, step: int) -> int:
    """How many records follow one another at this distance; the last of a block says 0 and may be one more."""
    with steps:
        for number, each in enumerate(steps):
            if each != step:
                return number + (each == 0)
        return len(steps)


def _alike(memory: mmap, run: Block, step: int) -> tuple[list[Alike], list[Block]]:
    """The SYNs of a stretch, and where something else stands among them."""
    (mac,) = struct.unpack_from("=H", memory, run.start + 24)
    layout = LAYOUTS.get(memory[run.start + mac + 12 : run.start + mac + 15])
    record = _record(layout, step, mac) if layout else None
    if layout is None or record is None:
        return [], [run]
    with memoryview(memory)[run.start : run.start + run.packets * step] as stretch:
        kept, status, macs, kinds, checks, ways, flags = zip(*record.iter_unpack(stretch), strict=True)
    least = layout.way + layout.size + 10
    plain = {*kinds} == {layout.kind} and {*flags} == {SYN} and {*checks} <= layout.whole
    if plain and min(kept) >= least and not any(each & VLAN_VALID for each in {*status}):
        return [Alike(ways, macs)], []
    columns = zip(kept, status, kinds, checks, flags, strict=True)
    chosen = [
        size >= least and not about & VLAN_VALID and kind == layout.kind and check in layout.whole and flag == SYN
        for size, about, kind, check, flag in columns
    ]
    others = [Block(run.start + place * step, 1) for place, is_plain in enumerate(chosen) if not is_plain]
    return [Alike(tuple(compress(ways, chosen)), tuple(compress(macs, chosen)))], others


@lru_cache(maxsize=64)
def _record(layout: Layout, step: int, mac: int) -> struct.Struct | None:
    """A reader of records of this length; None where so short a one holds no such SYN."""
    check = len(next(iter(layout.whole)))
    flags = mac + layout.way + layout.size + 9
    if step <= flags or mac < 24:
        return None
    return struct.Struct(
        f"=12xI4xI{mac - 24}x12s3s5x{check}s{layout.way - 20 - check}x{layout.size}s9xc{step - flags - 1}x"
    )
