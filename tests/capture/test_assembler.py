"""The assembler, against the kernel's own reading of what it wrote."""

import struct

import pytest

from sentinel.capture.assembler import Step, assemble
from tests.capture.bpf import run


def test_a_program_is_one_sock_filter_per_step():
    """struct sock_filter of linux/filter.h: code, yes, no, value."""
    code = assemble(
        [Step("ld_half", 12), Step("if_equal", 0x0800, "in", None), Step("keep", 0), "in", Step("keep", 9)]
    )

    assert list(struct.iter_unpack("=HBBI", code)) == [
        (0x28, 0, 0, 12),
        (0x15, 1, 0, 0x0800),
        (0x06, 0, 0, 0),
        (0x06, 0, 0, 9),
    ]


def test_a_label_may_be_used_again_and_a_jump_goes_to_its_next_place():
    """So that one piece of program can stand twice."""
    code = assemble(
        ["drop", Step("jump", "drop"), Step("keep", 1), "drop", Step("keep", 2), "drop", Step("keep", 3)]
    )

    assert run(code, b"") == 2


def test_a_jump_without_a_target_ahead_is_refused():
    """The kernel knows no way back."""
    with pytest.raises(ValueError, match="no back ahead"):
        assemble(["back", Step("keep", 0), Step("jump", "back")])


def test_a_conditional_jump_reaches_255_steps_and_no_further():
    """Eight bits of distance; an unconditional one has thirty-two."""
    far = [Step("if_equal", 0, "end", None), *[Step("keep", 0)] * 255, "end", Step("keep", 1)]

    assert run(assemble(far), b"") == 1
    with pytest.raises(ValueError, match="256 steps away"):
        assemble([far[0], Step("keep", 0), *far[1:]])
    assert run(assemble([Step("jump", "end"), *[Step("keep", 0)] * 300, "end", Step("keep", 1)]), b"") == 1
