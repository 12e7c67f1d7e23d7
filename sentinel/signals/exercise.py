"""When the monthly drill is: the first such weekday of the month on which the practice is open. Pure.

Where it cannot be at its hour (an alarm stands, the sentinel does not know or is off), the next such weekday of
the same month is tried. One a month, whoever asked for it.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sentinel.config import Notices, Practice
from sentinel.signals.hours import is_opening_day, local

WITHIN = timedelta(hours=1)
"""How long after its hour it may still begin; later it would surprise people at work."""
AHEAD = 100
"""Days that are looked through: the longest holidays, and a month already drilled."""


def next_drill(notices: Notices, practice: Practice, now: datetime, last: datetime | None) -> datetime | None:
    """When the next one is, or should have begun less than an hour ago; None where none is planned.

    `last`: when the last drill was, by the calendar or by a button.
    """
    done = local(practice, last) if last else None
    return next(
        (
            begins
            for begins in _hours(notices, practice, now)
            if now < begins + WITHIN and not (done and (done.year, done.month) == (begins.year, begins.month))
        ),
        None,
    )


def is_due(notices: Notices, practice: Practice, now: datetime, last: datetime | None) -> bool:
    """Whether it is to begin now, if nothing real stands."""
    begins = next_drill(notices, practice, now, last)
    return begins is not None and begins <= now


def _hours(notices: Notices, practice: Practice, now: datetime) -> Iterator[datetime]:
    if not notices.drill:
        return
    today = local(practice, now).date()
    for day in (today + timedelta(days=each) for each in range(AHEAD)):
        if _may_be(notices, practice, day):
            yield datetime.combine(day, notices.drill_at, ZoneInfo(practice.time_zone))


def _may_be(notices: Notices, practice: Practice, day: date) -> bool:
    return day.isoweekday() == notices.drill_weekday and is_opening_day(practice, day)
