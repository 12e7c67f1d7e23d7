"""When the next check is due, and of which list: pure, by the boot clock, one value for each echo and family.

An error never shortens a proof's life and never lengthens it: age decides about the lamp, this only about asking.
After a power cut the sentinel is up minutes before the box. So where nothing was reached, it tries again soon;
where an echo was reached and declined, it waits as the protocol says.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from sentinel.model.exposure import Outcome, PortList, ReachOutcome
from sentinel.model.moment import Moment

HOURLY = timedelta(hours=1)
FULL = timedelta(hours=6)
JITTER = timedelta(minutes=15)
"""Largest delay to draw, so that a thousand sentinels do not ask in the same minute."""
SHORTEST = timedelta(seconds=30)
LONGEST = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait after failures in a row: doubled each time, up to a limit."""

    first: timedelta
    longest: timedelta

    def after(self, failures: int) -> timedelta:
        """The wait after so many failures."""
        return min(self.first * (1 << min(failures - 1, 16)), self.longest)


DECLINED = Patience(first=timedelta(minutes=10), longest=LONGEST)
NOT_REACHED = Patience(first=timedelta(minutes=1), longest=timedelta(hours=1))
PATIENCE = {
    Outcome.NO_ROUTE: Patience(first=timedelta(minutes=1), longest=timedelta(minutes=10)),  # sends nothing
    Outcome.UNREACHABLE: NOT_REACHED,
    Outcome.BUSY: NOT_REACHED,
    Outcome.ADDRESS_DOUBTFUL: Patience(first=timedelta(minutes=1), longest=timedelta(minutes=10)),  # the same
}
"""Every other outcome: DECLINED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What to ask next, and when. `Due()` asks for the full list at once."""

    at: timedelta | None = None
    """By the boot clock; None: now."""
    full_at: timedelta | None = None
    """When the full list is due; None: with the next check."""
    failures: int = 0
    """In a row."""

    def ports(self, now: Moment) -> PortList | None:
        """The list to ask about now, or None while nothing is due."""
        if self.at is not None and now.boot < self.at:
            return None
        return PortList.FULL if self.full_at is None or now.boot >= self.full_at else PortList.HOURLY

    def at_once(self) -> "Due":
        """The same with the full list due now: new public address, new mapping, somebody pressed the button."""
        return Due(failures=self.failures)

    def after(self, outcome: ReachOutcome, jitter: timedelta) -> "Due":
        """What is due once an attempt has ended; `jitter` is drawn by the caller, up to JITTER."""
        if outcome.outcome in (Outcome.CHECKED, Outcome.NOT_OURS):
            return self._after_proof(outcome, jitter)
        failures = self.failures + 1
        spread = jitter / 15  # a minute of the fifteen: long enough for a thousand, short enough for one
        return replace(self, at=outcome.at.boot + wait_after(outcome, failures) + spread, failures=failures)

    def _after_proof(self, outcome: ReachOutcome, jitter: timedelta) -> "Due":
        asked = outcome.asked.boot
        full_at = asked + FULL if outcome.ports is PortList.FULL else self.full_at
        return Due(at=asked + HOURLY + jitter, full_at=full_at)


def wait_after(outcome: ReachOutcome, failures: int) -> timedelta:
    """How long not to ask again: a quota says itself when it is over, all else waits at least as the echo asks."""
    wait = PATIENCE.get(outcome.outcome, DECLINED).after(failures)
    if outcome.retry is not None:
        wait = outcome.retry if outcome.outcome is Outcome.QUOTA else max(wait, outcome.retry)
    return min(max(wait, SHORTEST), LONGEST)
