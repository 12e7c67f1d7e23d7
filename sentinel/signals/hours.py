"""When somebody is at the practice: opening hours, holidays, and eight o'clock, in its own zone. Pure."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sentinel.config import Practice

MORNING = time(8, 0)
"""When what stands unread is told once more each day."""


def local(practice: Practice, when: datetime) -> datetime:
    """The wall clock of the practice."""
    return when.astimezone(ZoneInfo(practice.time_zone))


def is_holiday(practice: Practice, day: date) -> bool:
    """« Cabinet fermé »: between two declared days, both included."""
    spans = (text.split("/") for text in practice.holidays)
    return any(date.fromisoformat(first) <= day <= date.fromisoformat(last) for first, last in spans)


def on_holiday(practice: Practice, when: datetime) -> bool:
    """Whether the practice is closed for a declared while."""
    return bool(practice.holidays) and is_holiday(practice, local(practice, when).date())


def is_opening_day(practice: Practice, day: date) -> bool:
    """A day of the week on which it opens, and no holiday."""
    return day.isoweekday() in practice.days and not is_holiday(practice, day)


def in_hours(practice: Practice, when: datetime) -> bool:
    """Whether it would be open at this hour of the week, holiday or not: the technician works on."""
    here = local(practice, when)
    return here.isoweekday() in practice.days and practice.opens <= here.time() < practice.closes


def is_open(practice: Practice, when: datetime) -> bool:
    """Whether somebody is there."""
    return in_hours(practice, when) and not on_holiday(practice, when)


def until_morning(practice: Practice, when: datetime) -> timedelta:
    """How long until it is eight o'clock there, an hour at least."""
    zone = ZoneInfo(practice.time_zone)
    here = when.astimezone(zone)
    for days in range(3):
        morning = datetime.combine(here.date() + timedelta(days=days), MORNING, zone)
        wait = morning.astimezone(when.tzinfo) - when  # in one zone, so that a night of 23 hours has 23
        if wait >= timedelta(hours=1):
            return wait
    return timedelta(days=1)
