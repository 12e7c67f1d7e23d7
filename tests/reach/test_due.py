from datetime import timedelta

import pytest

from sentinel.model.exposure import Outcome, PortList, ReachOutcome
from sentinel.reach.due import JITTER, Due
from tests.builders import moment

MINUTE, HOUR = 60, 3_600


def ended(outcome=Outcome.CHECKED, at=0.0, ports=PortList.FULL, retry=None):
    return ReachOutcome(
        echo="e", family=4, ports=ports, outcome=outcome, asked=moment(at), at=moment(at + 5), retry=retry
    )


def after(due, outcome, jitter=0):
    return due.after(outcome, timedelta(seconds=jitter))


def first_due(due, start=0, step=MINUTE / 2):
    """After how many seconds something is due, and what."""
    for number in range(2000):
        ports = due.ports(moment(start + number * step))
        if ports is not None:
            return number * step, ports
    raise AssertionError("nothing is ever due")


def test_the_full_list_is_asked_about_at_once_after_the_start():
    """Nothing is proved yet."""
    assert Due().ports(moment(0)) is PortList.FULL


def test_the_imaging_ports_are_due_hourly_and_all_ports_every_six_hours():
    """Counted from the question, not from the answer."""
    due, asked = Due(), []
    for minute in range(13 * 60):
        ports = due.ports(moment(minute * MINUTE))
        if ports is not None:
            asked.append((minute // 60, ports))
            due = after(due, ended(at=minute * MINUTE, ports=ports))

    full = [hour for hour, ports in asked if ports is PortList.FULL]
    assert [hour for hour, _ in asked] == list(range(13))
    assert full == [0, 6, 12]


def test_jitter_delays_the_next_question_but_within_the_proofs_life():
    """A thousand sentinels do not ask in the same minute."""
    due = after(Due(), ended(), JITTER.total_seconds())

    assert first_due(due) == (HOUR + 15 * MINUTE, PortList.HOURLY)


@pytest.mark.parametrize("outcome", [Outcome.BAD_SIGNATURE, Outcome.NOT_PROVED, Outcome.LATE, Outcome.REFUSED])
def test_failures_are_repeated_after_ten_minutes_doubling_to_six_hours(outcome):
    """The lamp does not wait for it: age decides there."""
    due, waits = Due(), []
    for _ in range(8):
        due = after(due, ended(outcome))
        waits.append(round(first_due(due, 5)[0] / MINUTE))

    assert waits == [10, 20, 40, 80, 160, 320, 360, 360]


def test_where_nothing_was_reached_the_next_try_is_soon():
    """After a power cut the box needs five minutes; the sentinel is up before it."""
    due, waits = Due(), []
    for _ in range(8):
        due = after(due, ended(Outcome.UNREACHABLE))
        waits.append(round(first_due(due, 5)[0] / MINUTE))

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_family_without_a_route_is_looked_for_every_ten_minutes():
    """It costs no packet; the day IPv6 comes, its doors are checked."""
    due = Due()
    for _ in range(9):
        due = after(due, ended(Outcome.NO_ROUTE))

    assert first_due(due, 5)[0] == 10 * MINUTE


def test_a_quota_says_itself_when_it_is_over():
    """Longer or shorter than our own patience; a nonsense wait is bounded."""
    assert first_due(after(Due(), ended(Outcome.QUOTA, retry=timedelta(minutes=3))), 5)[0] == 3 * MINUTE
    assert first_due(after(Due(), ended(Outcome.QUOTA, retry=timedelta(days=99))), 5)[0] == 6 * HOUR
    assert first_due(after(Due(), ended(Outcome.QUOTA, retry=timedelta(0))), 5)[0] == 30


def test_an_echo_that_asks_for_time_gets_at_least_that():
    """Busy for an hour."""
    assert first_due(after(Due(), ended(Outcome.BUSY, retry=timedelta(hours=1))), 5)[0] == HOUR


def test_a_proof_ends_the_patience():
    """The next failure begins at ten minutes again."""
    due = after(after(after(Due(), ended(Outcome.LATE)), ended(Outcome.LATE)), ended())

    assert due.failures == 0


def test_a_failure_leaves_the_full_list_due_when_it_was():
    """An hourly check that failed is repeated as an hourly one."""
    due = after(after(Due(), ended()), ended(Outcome.LATE, HOUR, PortList.HOURLY))

    assert first_due(due, HOUR + 5) == (10 * MINUTE, PortList.HOURLY)


def test_a_full_list_that_failed_is_asked_again_in_full():
    """Nothing is proved by trying."""
    assert first_due(after(Due(), ended(Outcome.LATE)), 5) == (10 * MINUTE, PortList.FULL)


def test_a_new_address_or_the_button_makes_everything_due_at_once():
    """Whatever was waited for."""
    assert after(Due(), ended()).at_once().ports(moment(10)) is PortList.FULL


def test_jitter_of_a_repeated_try_is_a_minute_at_most():
    """Enough for a thousand, short for one."""
    due = after(Due(), ended(Outcome.LATE), JITTER.total_seconds())

    assert first_due(due, 5)[0] == 11 * MINUTE
