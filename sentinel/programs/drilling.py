"""Who begins a drill: the calendar, or somebody on the page; and what keeps it from beginning."""

from collections.abc import Callable
from datetime import timedelta

from sentinel.config import Config
from sentinel.model.acting import Drill
from sentinel.model.finding import Code, Level
from sentinel.model.moment import Moment
from sentinel.model.verdict import Verdict
from sentinel.pipeline import Street
from sentinel.signals.exercise import is_due
from sentinel.wire.requests import Reply

LOOKS = timedelta(seconds=30)
AGAIN = timedelta(minutes=10)
"""Between two drills by the button: each of them rings somebody's telephone."""


class Drilling:
    """The drills of one street; lives in its thread.

    Args:
        street: walks the drill as it walks anything.
        settled: the settings as they hold at a moment.
    """

    def __init__(self, street: Street, settled: Callable[[Moment], Config]) -> None:
        self._street = street
        self._settled = settled
        self._last = street.archive.last_drill()
        self._began: Moment | None = None
        self._looked: Moment | None = None

    def ask(self, who: str, at: Moment) -> Reply:
        """Somebody wants one now.

        Returns:
            NOT_ALLOWED while something real stands or the sentinel does not know, BUSY while there is one.
        """
        if is_kept(self._street.verdict(at)):
            return Reply.NOT_ALLOWED
        recent = self._began is not None and at.since(self._began) < AGAIN
        if recent or any(each.code is Code.DRILL for each in self._street.casebook.told()):
            return Reply.BUSY
        self._begin(who, at)
        return Reply.DONE

    def look(self, verdict: Verdict | None) -> None:
        """Whether the calendar's hour has come; twice a minute is enough."""
        if verdict is None or (self._looked and verdict.at.since(self._looked) < LOOKS):
            return
        self._looked = verdict.at
        config = self._settled(verdict.at)
        if is_due(config.notices, config.practice, verdict.at.wall, self._last) and not is_kept(verdict):
            self._begin("", verdict.at)

    def _begin(self, who: str, at: Moment) -> None:
        self._last, self._began = at.wall, at
        self._street.walk(Drill(who=who, at=at))


def is_kept(verdict: Verdict) -> bool:
    """Whether a drill would stand in the way of something real."""
    return any(each.level >= Level.UNSURE and each.code is not Code.DRILL for each in verdict.reasons)
