"""Which doors may be accepted, and for how long: one rule for `sentinel.toml` and for the page (design, section
3).

A year at most, 90 days where a red door is opened to everybody, 7 days for a maintenance window; and none ends
from Friday to Sunday, when nobody is there to prolong it or to look at the lamp. The file carries no date of its
own, so its entries count from the day the store first read them, and one that reaches further ends when it must.
"""

from datetime import date, datetime, time, timedelta, tzinfo

from sentinel.config import FRIDAY
from sentinel.model.networks import Network
from sentinel.services import Alarm, alarm

YEAR, BROAD = timedelta(days=366), timedelta(days=90)
"""Counted in dates: the last day is this many days after the one on which it was accepted."""
WINDOW = timedelta(days=7)
HOURS = (1, 2, 4, 8, 24)
"""How long a maintenance window may be opened for on the page."""


def end_of(day: date, zone: tzinfo) -> datetime:
    """The moment an acceptance ends that holds through this day."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


def last_day(until: datetime, zone: tzinfo) -> date:
    """The last day on which it holds, as the practice counts days."""
    return (until - timedelta(microseconds=1)).astimezone(zone).date()


def is_manned(until: datetime, zone: tzinfo) -> bool:
    """Whether it ends from Monday to Thursday."""
    return last_day(until, zone).isoweekday() < FRIDAY


def is_short_enough(
    until: datetime, made: datetime, zone: tzinfo, *, port: int, source: Network | None, window: bool
) -> bool:
    """Whether it ends in the future, and within what may be accepted."""
    if window:
        return made < until <= made + WINDOW
    return made < until and last_day(until, zone) - made.astimezone(zone).date() <= _longest(port, source)


def at_most(until: datetime, made: datetime, zone: tzinfo, *, port: int, source: Network | None) -> datetime:
    """The same end, or the last one that may be accepted."""
    last = latest(made.astimezone(zone).date(), _longest(port, source))
    return min(until, end_of(last, zone))


def latest(today: date, longest: timedelta) -> date:
    """The last day from Monday to Thursday within so long."""
    last = today + longest
    return last - timedelta(days=max(0, last.isoweekday() - FRIDAY + 1))


def _longest(port: int, source: Network | None) -> timedelta:
    return BROAD if source is None and alarm(port) is Alarm.OPEN else YEAR
