"""When the monthly drill is, over whole years."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sentinel.config import Notices, Practice
from sentinel.signals.exercise import is_due, next_drill

PARIS = ZoneInfo("Europe/Paris")
NOVEMBER = datetime(2026, 11, 1, 9, 0, tzinfo=PARIS)


def held(practice: Practice, notices: Notices | None = None, *, days: int = 365, deaf: set[str] | None = None):
    """Every drill of a year looked at each ten minutes; on the days of `deaf` something real stands."""
    found: list[datetime] = []
    for minutes in range(0, days * 24 * 60, 10):
        now = (NOVEMBER.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(PARIS)
        if not 12 <= now.hour <= 15 or f"{now:%Y-%m-%d}" in (deaf or ()):
            continue
        if is_due(notices or Notices(), practice, now, found[-1] if found else None):
            found.append(now)
    return [f"{each:%Y-%m-%d %H:%M}" for each in found]


def test_it_is_on_the_first_tuesday_of_each_month_at_one_o_clock():
    """Twelve a year, also over both changes of the clock."""
    assert held(Practice())[:3] == ["2026-11-03 13:00", "2026-12-01 13:00", "2027-01-05 13:00"]
    assert len(held(Practice())) == 12
    assert all(each.endswith("13:00") for each in held(Practice()))


def test_in_the_holidays_it_waits_for_the_next_such_day_of_the_month():
    """Nobody is there to press « J'ai vu »."""
    closed = Practice(holidays=("2026-12-24/2027-01-10", "2027-02-01/2027-02-28"))

    assert held(closed, days=130) == [
        "2026-11-03 13:00",
        "2026-12-01 13:00",
        "2027-01-12 13:00",
        "2027-03-02 13:00",
    ]


def test_while_something_real_stands_it_waits_for_the_next_week():
    """Its hour passes; at another it would surprise people at work."""
    assert held(Practice(), days=29, deaf={"2026-11-03"}) == ["2026-11-10 13:00"]


def test_one_asked_for_by_a_button_is_the_month_s():
    """Once a month is enough to be taken seriously."""
    now = datetime(2026, 11, 3, 13, 5, tzinfo=PARIS)

    assert is_due(Notices(), Practice(), now, None)
    assert not is_due(Notices(), Practice(), now, datetime(2026, 11, 2, 16, 0, tzinfo=PARIS))
    assert is_due(Notices(), Practice(), now, datetime(2026, 10, 31, 23, 30, tzinfo=UTC) - timedelta(days=1))


def test_a_month_is_the_practice_s_own():
    """Half past eleven at night in Paris on 31 October is still October, whatever UTC says."""
    late = datetime(2026, 11, 1, 0, 30, tzinfo=PARIS).astimezone(UTC)  # 31 October in UTC

    assert next_drill(Notices(), Practice(), NOVEMBER, late) == datetime(2026, 12, 1, 13, 0, tzinfo=PARIS)


def test_it_is_set_to_another_hour_or_to_none():
    """Settings."""
    friday = Notices(drill_weekday=5, drill_at=time(8, 30))

    assert next_drill(friday, Practice(), NOVEMBER, None) == datetime(2026, 11, 6, 8, 30, tzinfo=PARIS)
    assert next_drill(Notices(drill=False), Practice(), NOVEMBER, None) is None


def test_where_its_day_is_never_an_opening_day_none_is_planned():
    """And the page says so, instead of naming a day that never comes."""
    assert next_drill(Notices(), Practice(days=(1, 3, 4)), NOVEMBER, None) is None
