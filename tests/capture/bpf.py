"""Classic BPF as the kernel runs it (Documentation/networking/filter.rst), for tests without root."""

import struct
from functools import lru_cache

from sentinel.capture.assembler import DIRECTION, PROTOCOL, RANDOM
from sentinel.capture.keep import keep
from sentinel.capture.kind import Kind
from sentinel.capture.route import OUTGOING, inside, route
from sentinel.model.networks import Network

WIDTHS = {0x20: 4, 0x28: 2, 0x30: 1, 0x40: 4, 0x48: 2, 0x50: 1}
WORD = 0xFFFFFFFF


def run(program: bytes, frame: bytes, random: int = 1) -> int:
    """How many bytes of the frame it keeps; a load beyond the frame ends it with none."""
    kept = verdict(program, frame, {RANDOM: random})
    return min(kept, len(frame)) if frame else kept


def routed(program: bytes, frame: bytes, direction: int = 0) -> int:
    """Which socket of the group gets it: of what arrives the Ethernet header is put back only afterwards."""
    protocol = int.from_bytes(frame[12:14], "big")
    seen = frame if direction == OUTGOING else frame[14:]
    return verdict(program, seen, {DIRECTION: direction, PROTOCOL: protocol})


def kept(frame: bytes, own: tuple[Network, ...], random: int = 1) -> int:
    """How many bytes of it its own socket keeps."""
    return run(_keep(Kind(routed(_route(inside(own)), frame))), frame, random)


_keep, _route = lru_cache(keep), lru_cache(route)


def verdict(program: bytes, frame: bytes, known: dict[int, int]) -> int:
    """What it returns."""
    return _end(program, frame, known)[0]


def cost(program: bytes, frame: bytes, random: int = 1) -> int:
    """How many steps are executed for a frame: what it costs the kernel."""
    return _end(program, frame, {RANDOM: random})[1]


def _end(program: bytes, frame: bytes, known: dict[int, int]) -> tuple[int, int]:
    steps = list(struct.iter_unpack("=HBBI", program))
    taken: list[int] = []
    try:
        return _walk(steps, frame, known, taken), len(taken)
    except IndexError:
        return 0, len(taken)


def _walk(  # noqa: PLR0912 - one branch an opcode
    steps: list[tuple[int, ...]], frame: bytes, known: dict[int, int], taken: list[int]
) -> int:
    a = x = place = 0
    memory = [0] * 16
    while True:
        code, yes, no, k = steps[place]
        taken.append(place)
        place += 1
        match code:
            case 0x20 if k in known:
                a = known[k]
            case 0x20 | 0x28 | 0x30:
                a = _load(frame, k, WIDTHS[code])
            case 0x40 | 0x48 | 0x50:
                a = _load(frame, x + k, WIDTHS[code])
            case 0x80:
                a = len(frame)
            case 0x60:
                a = memory[k]
            case 0x61:
                x = memory[k]
            case 0x01:
                x = k
            case 0xB1:
                x = 4 * (_load(frame, k, 1) & 15)
            case 0x02:
                memory[k] = a
            case 0x03:
                memory[k] = x
            case 0x07:
                x = a
            case 0x04 | 0x0C:
                a = (a + (k if code == 0x04 else x)) & WORD
            case 0x1C:
                a = (a - x) & WORD
            case 0x64:
                a = (a << k) & WORD
            case 0x74:
                a >>= k
            case 0x54:
                a &= k
            case 0x05:
                place += k
            case 0x15 | 0x25 | 0x35 | 0x45:
                true = {0x15: a == k, 0x25: a > k, 0x35: a >= k, 0x45: bool(a & k)}[code]
                place += yes if true else no
            case 0x1D:
                place += yes if a == x else no
            case 0x06:
                return k
            case 0x16:
                return a
            case _:
                raise AssertionError(f"opcode {code:#x}")


def _load(frame: bytes, at: int, width: int) -> int:
    if at + width > len(frame):
        raise IndexError
    return int.from_bytes(frame[at : at + width], "big")
