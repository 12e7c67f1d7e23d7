"""Attempts that wait: one by one or by the thousand, told once, and never more than there is room for."""

from sentinel.tracking.halfopen import UNANSWERED, Attempt, Half, HalfOpen
from tests.builders import moment

WAIT = UNANSWERED.total_seconds()


def way(number: int) -> bytes:
    return number.to_bytes(12, "big")


def half(seconds: float = 0, first: int | None = None) -> Half:
    return Half(at=moment(seconds), macs=bytes(12), first=first)


def numbers(attempts: list[Attempt]) -> list[int]:
    return [int.from_bytes(each, "big") for each, _ in attempts]


def test_an_attempt_is_told_when_it_has_waited_and_not_again():
    """Those that came before it, too, and no other."""
    kept = HalfOpen()
    for number in range(5):
        kept.add(way(number), half(number))

    assert numbers(kept.overdue(moment(WAIT + 1.5))) == [0, 1]
    assert numbers(kept.overdue(moment(WAIT + 2))) == [2]
    assert len(kept) == 2


def test_what_was_answered_or_refused_waits_for_nothing():
    """The one is a connection; the other was told, and is only remembered for its retries."""
    kept = HalfOpen()
    for number in range(3):
        kept.add(way(number), half())
    kept.take(way(0))
    kept.refuse(way(1), serial=7)

    refused = kept.find(way(1))
    assert refused is not None
    assert (refused.is_refused, refused.serial) == (True, 7)
    assert numbers(kept.overdue(moment(WAIT))) == [2]
    assert len(kept) == 0


def test_many_at_once_wait_as_one_does_and_a_retry_among_them_stays_what_it_was():
    """They share what is known of them."""
    kept = HalfOpen()
    kept.add(way(3), half(0, first=99))
    kept.add_many(dict.fromkeys(map(way, range(5)), half(10)))

    known = kept.find(way(3))
    assert known is not None
    assert known.first == 99
    assert numbers(kept.overdue(moment(WAIT + 1))) == [3]
    assert numbers(kept.overdue(moment(WAIT + 10))) == [0, 1, 2, 4]


def test_where_there_is_no_room_the_oldest_are_told_early():
    """None is forgotten; they are asked for when an eighth too many wait, for each time costs a look at all."""
    kept = HalfOpen(most=80)
    kept.add_many(dict.fromkeys(map(way, range(90)), half()))
    assert not kept.is_full
    kept.add(way(90), half())
    assert kept.is_full

    assert numbers(kept.overdue(moment(1))) == list(range(11))
    assert len(kept) == 80


def test_what_is_left_at_the_end_of_a_file_is_told_but_for_what_was():
    """A refusal was."""
    kept = HalfOpen()
    for number in range(4):
        kept.add(way(number), half())
    kept.refuse(way(2), serial=7)

    assert numbers(kept.flush()) == [0, 1, 3]
    assert len(kept) == 0
