"""Opening hours and holidays, in the practice's own zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sentinel.config import Practice
from sentinel.signals.hours import in_hours, is_open, on_holiday, until_morning

PARIS = ZoneInfo("Europe/Paris")
AWAY = Practice(holidays=("2026-12-24/2027-01-03",))


@pytest.mark.parametrize(
    ("when", "there"),
    [
        (datetime(2026, 11, 23, 6, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 17, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 18, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), False),
        (datetime(2026, 12, 24, 12, 0, tzinfo=UTC), False),
    ],
)
def test_somebody_is_there_in_opening_hours(when, there):
    """From eight to seven on weekdays by default, French time; never on a holiday."""
    assert is_open(AWAY, when) is there


def test_a_holiday_is_a_day_there_and_not_in_greenwich():
    """Both ends are included."""
    assert on_holiday(AWAY, datetime(2026, 12, 23, 23, 30, tzinfo=UTC))
    assert on_holiday(AWAY, datetime(2027, 1, 3, 22, 30, tzinfo=UTC))
    assert not on_holiday(AWAY, datetime(2027, 1, 3, 23, 30, tzinfo=UTC))
    assert in_hours(AWAY, datetime(2026, 12, 24, 12, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("when", "hours"),
    [
        (datetime(2026, 11, 20, 23, 40, tzinfo=PARIS), 8 + 1 / 3),
        (datetime(2026, 11, 20, 7, 30, tzinfo=PARIS), 24.5),
        (datetime(2026, 10, 24, 20, 0, tzinfo=PARIS), 13),  # a night of an hour more
        (datetime(2027, 3, 27, 20, 0, tzinfo=PARIS), 11),
    ],
)
def test_it_is_eight_o_clock_again_in_so_many_hours(when, hours):
    """An hour at least: nobody is reminded twice before breakfast."""
    assert until_morning(Practice(), when.astimezone(UTC)) == timedelta(hours=hours)
