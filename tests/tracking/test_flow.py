"""Bytes by sequence number: wraps, overtaking, and what lies far outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.tracking.flow import FAR, MODULUS, Side


def side(first: int = 1_000, sent: int = 0) -> Side:
    return Side(first=first, sent=sent)


def test_the_furthest_byte_counts_once():
    """Retransmissions and reordering move nothing back."""
    one = side()
    for seq in (1_100, 1_300, 1_200, 1_300):
        one.reaches(seq)

    assert one.sent == 300


@pytest.mark.parametrize("first", [0, 1, MODULUS - 1, MODULUS // 2])
def test_the_counter_may_wrap_many_times(first):
    """Ten gibibytes in steps of half of one."""
    one = side(first)
    for step in range(1, 21):
        one.reaches((first + step * (1 << 29)) % MODULUS)

    assert one.sent == 10 << 30


@given(st.integers(0, MODULUS - 1), st.lists(st.integers(0, FAR - 1), max_size=20))
def test_steps_below_a_gibibyte_are_counted_exactly(first, steps):
    """On whatever turn of the counter, from wherever it began."""
    one = side(first)
    total = 0
    for step in steps:
        total += step
        one.reaches((first + total) % MODULUS)

    assert one.sent == total


def test_a_fin_that_was_acknowledged_before_it_was_seen_is_no_byte():
    """An acknowledgement counts the FIN as one (RFC 9293 section 3.4)."""
    one = side(sent=101)

    one.finish(1_100)

    assert (one.sent, one.finished) == (100, True)


def test_an_old_fin_takes_nothing_away():
    """Or a stranger could make what left look small."""
    one = side(sent=5_000)

    one.finish(1_100)

    assert one.sent == 5_000


def test_no_fin_makes_less_than_nothing():
    """One that stands before the first byte, or a second one."""
    one = side(first=1_000)
    one.finish(999)
    assert one.sent == 0

    two = side(sent=100)
    two.finish(1_100)
    two.finish(1_099)
    assert two.sent == 100


def test_bytes_that_overtook_their_syn_stay_counted():
    """Its first number is only now known."""
    one = side(first=1_500, sent=500)

    one.begins(1_001)

    assert (one.first, one.sent) == (1_001, 999)


def test_a_new_beginning_far_from_the_old_one_counts_from_nought():
    """What was guessed from the middle of something else is dropped."""
    one = side(first=1_000, sent=500)

    one.begins(3_000_000_000)

    assert (one.first, one.sent) == (3_000_000_000, 0)
