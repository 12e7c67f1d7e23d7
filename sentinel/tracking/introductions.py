"""What machines tell of themselves, told on once an hour; bounded, since anybody may invent machines."""

from collections.abc import Hashable
from datetime import timedelta

from sentinel.model.machine import Portrait, Uplink
from sentinel.model.moment import Moment

AGAIN = timedelta(minutes=55)
"""The same words of the same machine are told again after this: what is on disk may be an hour behind."""
HOUR = timedelta(hours=1)
MOST = 2_048
AN_HOUR = 600
"""Facts told in one; a practice has a few dozen machines, each with a handful of services."""


class Introductions:
    """What was told, and when."""

    def __init__(self) -> None:
        self.forgotten = 0
        """Facts that were not told, because there were too many."""
        self._told: dict[Hashable, tuple[Hashable, Moment]] = {}
        self._hour: Moment | None = None
        self._count = 0

    def feed(self, fact: Portrait | Uplink) -> Portrait | Uplink | None:
        """The fact, if it has not just been told."""
        about, words = _told(fact)
        said, last = self._told.get(about, (None, None))
        if last is not None and said == words and fact.at.since(last) < AGAIN:
            return None
        if not self._has_room(fact.at):
            self.forgotten += 1
            return None
        self._told.pop(about, None)
        self._told[about] = words, fact.at
        if len(self._told) > MOST:
            del self._told[next(iter(self._told))]
        return fact

    def _has_room(self, at: Moment) -> bool:
        if self._hour is None or at.since(self._hour) >= HOUR:
            self._hour, self._count = at, 0
        self._count += 1
        return self._count <= AN_HOUR


def _told(fact: Portrait | Uplink) -> tuple[Hashable, Hashable]:
    """About what, and its words. A machine says one thing in one frame and another in the next: each is a subject
    of its own. Of the port we hang on only the last word of each protocol counts: we may be moved, and back."""
    if isinstance(fact, Portrait):
        return (fact.mac, fact.vendor, fact.kinds, fact.offers), None
    return fact.said_by, (fact.switch, fact.port, fact.vlan)
