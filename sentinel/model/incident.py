"""One story as people read it: opened, graded, counted, closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sentinel.model.acting import MeasureKind
from sentinel.model.exposure import Nature
from sentinel.model.finding import Code, Grade, Level, Story
from sentinel.model.moment import Address, Moment

TO_THE_MINUTE = timedelta(minutes=1)
"""People say « 20 h 05 »: what was seen within that minute came before."""


class IncidentState(StrEnum):
    """Where a story stands."""

    OPEN = "open"
    DORMANT = "dormant"
    """The door leads to a machine that is off: neither open nor closed."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One story: made and changed by the casebook, and by nothing else."""

    number: int
    """As people call it; counts up for the life of the store."""
    story: Story
    code: Code
    """The gravest finding so far."""
    level: Level
    grade: Grade | None
    state: IncidentState
    first: Moment
    last: Moment
    last_visit: Moment | None = None
    """When somebody last came; a check or a nap of the machine does not move it."""
    closed: Moment | None = None
    machine: Address | None = None
    mac: str | None = None
    port: int | None = None
    outside_port: int | None = None
    count: int = 0
    sources: tuple[tuple[str, int], ...] = ()
    """Up to 20 sources and how often each came, most frequent first; the rest of `count` came from others."""
    other_sources: int = 0
    """At least so many sources more: after a restart those that are not named are counted anew."""
    robots: tuple[tuple[str, str], ...] = ()
    """Of these sources the known research scanners, by their proved names: source and organisation."""
    calling: str | None = None
    bytes_out: int = 0
    read: Moment | None = None
    read_by: str | None = None
    nature: Nature | None = None
    """What the door leads to, once something that answered there was recognised."""
    shown: Moment | None = None
    """When it was first shown as an alarm: lamp, pulse and page; the 72 hours are counted from here."""
    installation: bool = False
    """Found by the first complete check ever: it may be older than the sentinel."""
    measured: Moment | None = None
    """When somebody last said that a cable was pulled or a rule removed; not a closing."""
    measure_told: Moment | None = None
    """When somebody said so; it may have been done before."""
    measure: MeasureKind | None = None
    measured_by: str | None = None
    false_alarm: Moment | None = None
    """When somebody said that this was none, and why is in the timeline."""
    proved_open: Moment | None = None
    """When a knock or a visitor last told something new by which the door is open; after a measure, the first one
    that shows it still is, or is again."""
    asks_nobody: bool = False
    """The echo's own association was accepted, or a page answered it without asking who it is: anybody may
    look."""

    @property
    def measure_holds(self) -> Moment | None:
        """Whatever is seen of the door after this came after the measure, and speaks against it.

        The minute that somebody names is left to him, but not beyond the moment in which he told it: what was
        asked for then was asked to see whether it is so.
        """
        if self.measured is None:
            return None
        given = Moment(wall=self.measured.wall + TO_THE_MINUTE, boot=self.measured.boot + TO_THE_MINUTE)
        return min(given, self.measure_told or given, key=lambda each: each.boot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One line of an incident's timeline."""

    incident: int
    code: Code
    grade: Grade | None
    level: Level
    at: Moment
    source: Address | None = None
    outside_port: int | None = None
    calling: str | None = None
    who: str | None = None
    said: str = ""
    """What a person wrote about it: a reason, a remark; 400 characters at most."""
    done: datetime | None = None
    """When a measure was taken, as the person says; `at` is when it was told."""


HEARD = frozenset({Code.ALARM_READ, Code.UNPLUGGED, Code.RULE_REMOVED, Code.SERVICE_STOPPED, Code.MEASURE_TAKEN})
"""Lines of people, who may read a story or tell what they did when it is over already."""


def is_late(chapter: Chapter, incident: Incident) -> bool:
    """Whether a line was written when its story was over."""
    return incident.closed is not None and chapter.at.wall > incident.closed.wall


def is_proved_closed(chapters: Sequence[Chapter]) -> bool:
    """A check proved it, and it did not merely grow quiet; chapters oldest first."""
    return [each.code for each in chapters if each.code not in HEARD][-1:] == [Code.DOOR_CLOSED]
