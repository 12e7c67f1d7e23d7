"""The line to the internet: another public address, and the backup line a box falls back on when its own is cut.

All that is known of a provider is the address he gives. Another one is noted for a day and no more: many providers
give a new one each night, so it proves no new provider, and whatever was proved of the old address is asked anew
anyway. A backup line (4G, 5G) is known by the box alone: it had the very address strangers meet, and now, being
the same box, it has one that nobody can meet. For a day that is what it says, blue and nobody's fault; what lasts
longer is no backup, and is told as what it is: a shared address, or one that nobody has declared.
"""

from collections.abc import Iterator
from datetime import timedelta

from sentinel.judgement.conditions import condition
from sentinel.model.box import BoxReading, WanAddress, wan_address
from sentinel.model.exposure import Outcome, ReachOutcome
from sentinel.model.finding import Code, Finding, Level
from sentinel.model.moment import Address, Moment

DAY = timedelta(days=1)
HIDDEN = (WanAddress.SHARED, WanAddress.BEHIND_ROUTER)


class Line:
    """Whose the address was, and since when it is another."""

    def __init__(self) -> None:
        self._observed: Address | None = None
        """Our public IPv4 address, as an echo met it last."""
        self._changed: Moment | None = None
        self._was_ours = False
        """This box has had the address strangers meet."""
        self._backup: Moment | None = None

    def take(self, reading: BoxReading) -> Iterator[Finding]:
        """What the box says of its internet side; one that says nothing has changed nothing."""
        whose = wan_address(reading, self._observed)
        if whose is WanAddress.OURS:
            self._was_ours = True
        if whose in HIDDEN and self._was_ours and self._backup is None:
            self._backup = reading.at
            yield condition(Code.BACKUP_LINE, reading.at, holds=True)
        elif self._backup is not None and whose in (WanAddress.OURS, WanAddress.DIFFERENT):
            yield self._return(reading.at)

    def replaced(self, at: Moment) -> Iterator[Finding]:
        """Another box: what was known of the line was known of the old one."""
        self._was_ours = False
        if self._backup is not None:
            yield self._return(at)

    def checked(self, outcome: ReachOutcome) -> Iterator[Finding]:
        """An echo has met our address."""
        if outcome.family != 4 or outcome.outcome is not Outcome.CHECKED or outcome.address is None:
            return
        if self._observed is not None and outcome.address != self._observed:
            self._changed = outcome.at
            yield condition(Code.ADDRESS_CHANGED, outcome.at, holds=True, level=Level.NOTE)
        self._observed = outcome.address

    def beat(self, at: Moment) -> Iterator[Finding]:
        """Time passes: what has lasted a day is not news, and no backup either."""
        if self._backup is not None and at.since(self._backup) > DAY:
            self._was_ours = False
            yield self._return(at)
        if self._changed is not None and at.since(self._changed) > DAY:
            self._changed = None
            yield condition(Code.ADDRESS_CHANGED, at, holds=False, level=Level.NOTE)

    def _return(self, at: Moment) -> Finding:
        self._backup = None
        return condition(Code.BACKUP_LINE, at, holds=False)
