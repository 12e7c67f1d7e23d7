"""A classic-BPF assembler: the forty lines that spare us libpcap, a compiler and a binary in the tree.

Opcodes are those of linux/filter.h (`BPF_CLASS | BPF_SIZE | BPF_MODE`). Jumps go forward only, as the kernel
demands; a label may be used again, and a jump goes to its next place.
"""

import struct
from dataclasses import dataclass

OPCODES = {
    "ld_word": 0x20,  # A = frame[k:k+4]
    "ld_half": 0x28,
    "ld_byte": 0x30,
    "ld_word_x": 0x40,  # A = frame[X+k:X+k+4]
    "ld_half_x": 0x48,
    "ld_byte_x": 0x50,
    "ld_length": 0x80,  # A = length of the frame
    "ld_memory": 0x60,  # A = M[k]
    "ldx_value": 0x01,  # X = k
    "ldx_memory": 0x61,
    "ldx_ip_header": 0xB1,  # X = 4 * (frame[k] & 15)
    "store": 0x02,  # M[k] = A
    "store_x": 0x03,
    "a_to_x": 0x07,
    "add": 0x04,
    "add_x": 0x0C,
    "sub_x": 0x1C,
    "shift_left": 0x64,
    "shift_right": 0x74,
    "and": 0x54,
    "jump": 0x05,
    "if_equal": 0x15,
    "if_equal_x": 0x1D,
    "if_above": 0x25,
    "if_at_least": 0x35,
    "if_any_bit": 0x45,
    "keep": 0x06,  # return k: this many bytes reach the ring
    "keep_a": 0x16,
}

ANCILLARY = 0xFFFFF000  # SKF_AD_OFF: a load from here on is not of the frame but of what the kernel knows of it
PROTOCOL = ANCILLARY + 0  # SKF_AD_PROTOCOL: of what follows the header, and a tag that was taken off
DIRECTION = ANCILLARY + 4  # SKF_AD_PKTTYPE; PACKET_OUTGOING is 4
RANDOM = ANCILLARY + 56  # SKF_AD_RANDOM: a fresh random word


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction; `yes` and `no` name labels, None means the next step."""

    operation: str
    value: int | str = 0
    yes: str | None = None
    no: str | None = None


Line = Step | str
"""A step, or a label."""


def assemble(lines: list[Line]) -> bytes:
    """The program as `struct sock_filter[]`.

    Raises:
        ValueError: a jump has no target ahead of it, or one further than 255 steps.
    """
    steps: list[Step] = []
    labels: dict[str, list[int]] = {}
    for line in lines:
        if isinstance(line, str):
            labels.setdefault(line, []).append(len(steps))
        else:
            steps.append(line)
    return b"".join(_encode(place, step, labels) for place, step in enumerate(steps))


def _encode(place: int, step: Step, labels: dict[str, list[int]]) -> bytes:
    code = OPCODES[step.operation]
    if isinstance(step.value, str):
        return struct.pack("=HBBI", code, 0, 0, _distance(place, step.value, labels))
    yes, no = (_short(place, label, labels) for label in (step.yes, step.no))
    return struct.pack("=HBBI", code, yes, no, step.value & 0xFFFFFFFF)


def _short(place: int, label: str | None, labels: dict[str, list[int]]) -> int:
    if label is None:
        return 0
    distance = _distance(place, label, labels)
    if distance > 255:
        raise ValueError(f"step {place}: {label} is {distance} steps away")
    return distance


def _distance(place: int, label: str, labels: dict[str, list[int]]) -> int:
    ahead = [target for target in labels.get(label, ()) if target > place]
    if not ahead:
        raise ValueError(f"step {place}: no {label} ahead")
    return ahead[0] - place - 1
