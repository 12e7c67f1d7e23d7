"""Since when each alarm has been shown: whoever presses a button has seen what was shown before he did."""

from sentinel.model.finding import Level
from sentinel.model.moment import Moment
from sentinel.model.verdict import Verdict


class Seen:
    """Lives in the street's thread; told of each verdict as it is shown."""

    def __init__(self) -> None:
        self._since: dict[int, Moment] = {}

    def take(self, verdict: Verdict, at: Moment) -> None:
        """This is shown from now on; an alarm that was not, meanwhile, begins anew."""
        alarms = {each.incident for each in verdict.reasons if each.level is Level.ALARM and each.incident}
        self._since = {number: self._since.get(number, at) for number in alarms}

    def before(self, at: Moment, number: int) -> bool:
        """Whether this alarm has been shown since before then."""
        since = self._since.get(number)
        return since is not None and since.boot < at.boot
