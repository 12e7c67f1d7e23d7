"""Which doors may be accepted, and for how long: the same for the file and the page."""

from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from zoneinfo import ZoneInfo

import pytest

from sentinel.accepting import at_most, end_of, is_manned, is_short_enough, last_day

PARIS = ZoneInfo("Europe/Paris")
MADE = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
VPN = ip_network("10.8.0.0/24")


@pytest.mark.parametrize("day", [date(2026, 3, 4), date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)])
def test_a_day_ends_at_midnight_of_the_practice(day):
    """Also on the days that have 23 or 25 hours."""
    end = end_of(day, PARIS)

    assert (end.hour, end.date()) == (0, day + timedelta(days=1))
    assert last_day(end.astimezone(UTC), PARIS) == day


@pytest.mark.parametrize(
    ("until", "manned"),
    [
        (end_of(date(2026, 3, 5), PARIS), True),  # a Thursday, to its end
        (end_of(date(2026, 3, 6), PARIS), False),
        (end_of(date(2026, 3, 7), PARIS), False),
        (end_of(date(2026, 3, 8), PARIS), False),
        (end_of(date(2026, 3, 9), PARIS), True),
        (datetime(2026, 3, 5, 23, 30, tzinfo=UTC), False),  # Friday, half past midnight, in Paris
        (datetime(2026, 3, 8, 23, 30, tzinfo=UTC), True),  # and Monday
    ],
)
def test_no_acceptance_ends_from_friday_to_sunday(until, manned):
    """As the practice counts its days."""
    assert is_manned(until, PARIS) is manned


@pytest.mark.parametrize(
    ("days", "more", "allowed"),
    [
        (366, {"source": VPN}, True),
        (367, {"source": VPN}, False),
        (90, {"source": None}, True),
        (91, {"source": None}, False),
        (91, {"source": None, "port": 443}, True),
        (367, {"source": None, "port": 443}, False),
        (-1, {"source": VPN}, False),
        (7, {"source": None, "window": True}, False),  # to the end of its last day
        (6, {"source": None, "window": True}, True),
    ],
)
def test_a_year_ninety_days_and_a_week(days, more, allowed):
    """A narrow source or a harmless door, a red door open to everybody, a maintenance window."""
    until = end_of(MADE.date() + timedelta(days=days), PARIS)

    assert is_short_enough(until, MADE, PARIS, **{"port": 4242, "window": False, **more}) is allowed


@pytest.mark.parametrize(
    ("until", "source", "last"),
    [
        (date(2026, 3, 10), None, date(2026, 3, 10)),
        (date(2030, 1, 1), None, date(2026, 5, 28)),  # 90 days are a Sunday: the Thursday before
        (date(2030, 1, 1), VPN, date(2027, 3, 3)),  # 366 days are a Wednesday
    ],
)
def test_an_entry_that_reaches_too_far_ends_when_it_must(until, source, last):
    """And never on a day when nobody is there."""
    end = at_most(end_of(until, PARIS), MADE, PARIS, port=4242, source=source)

    assert last_day(end, PARIS) == last
    assert is_manned(end, PARIS)
