"""How often something unforeseen may lead to a full check: an echo allows 60 a day, and the button must still find
some left.

Strangers cause doubts at will, so these are counted. The end of an acceptance is the practice's own doing: however
many doubts there were, it is never refused, and only not asked about anew every ten seconds.
"""

from datetime import timedelta

from sentinel.clock import Clock
from sentinel.model.moment import Moment

DOUBTS = 2
DOUBT_LASTS = timedelta(hours=1)
"""So many early checks within this time."""
END_LASTS = timedelta(minutes=5)
"""As long as a full check and its wait may take; until then an end is not asked about anew."""


class Rations:
    """What was asked early, and when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._doubts: list[Moment] = []
        self._end: Moment | None = None

    def doubt(self) -> bool:
        """Whether one doubt more is asked about."""
        at = self._clock()
        self._doubts = [each for each in self._doubts if at.since(each) < DOUBT_LASTS]
        if len(self._doubts) >= DOUBTS:
            return False
        self._doubts.append(at)
        return True

    def end(self) -> bool:
        """Whether an end that no re-test has answered is asked about once more."""
        at = self._clock()
        if self._end is not None and at.since(self._end) < END_LASTS:
            return False
        self._end = at
        return True
