"""Doors whose acceptance has ended and of which the echo has said nothing since: asked about again until it has.
And those of which somebody has told a measure: the echo may have been busy then, so they are asked about again.

An echo that was asked a moment ago makes us wait, and a re-test that was refused teaches nothing: without this the
door would stay unknown until its list is due, which is hours.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta

from sentinel.model.finding import Code, Story
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.moment import Moment

OVER = (Code.ACCEPTANCE_OVER, Code.WINDOW_OVER)
AGAIN = timedelta(seconds=10)
LASTS = timedelta(minutes=10)
"""After this the timetable does what is left."""
ONCE_MORE = timedelta(minutes=1)
"""After a measure was told: by then the cable is pulled, and a box has forgotten the rule."""


class Unanswered:
    """When these doors were last asked about.

    Args:
        public_ports: those by which a story's door was reached.
    """

    def __init__(self, public_ports: Callable[[Story], tuple[int, ...]]) -> None:
        self._public_ports = public_ports
        self._asked: Moment | None = None

    def due(self, told: Iterable[Incident], at: Moment) -> list[tuple[int, tuple[int, ...]]]:
        """Families and public ports to ask about now."""
        if self._asked is not None and at.since(self._asked) < AGAIN:
            return []
        ports: dict[int, set[int]] = {}
        for each in told:
            if _is_over(each, at) or _is_measured(each, at):
                ports.setdefault(each.story.family, set()).update(self._public_ports(each.story))
        wanted = [(family, tuple(sorted(found))) for family, found in sorted(ports.items()) if found]
        if wanted:
            self._asked = at
        return wanted


def _is_over(story: Incident, at: Moment) -> bool:
    return story.code in OVER and story.state is IncidentState.OPEN and at.since(story.last) <= LASTS


def _is_measured(story: Incident, at: Moment) -> bool:
    """For as long as nothing is asked twice: once."""
    told = story.measure_told
    return told is not None and ONCE_MORE <= at.since(told) < ONCE_MORE + AGAIN
