"""Findings to incidents: one story, one incident, however often somebody comes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from sentinel.model.finding import Code, Finding, Grade, Level, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.passing import Read, SourceName

SOURCES = 20
REOPENS = timedelta(days=7)
"""A story that returns within this time goes on under its old number."""
VISITS_END = timedelta(hours=24)
"""Knocks in vain are one story until a day has passed without any."""
QUIET = timedelta(days=7)
"""A door whose public port was never learnt is given up after this long without a visit, seen by open eyes."""
STORIES = 500
"""Stories at once that a stranger may begin at will; alarms have as many places again, a condition always one."""
BLINDNESS = (Code.CAPTURE_LOST, Code.VIEW_LOST, Code.VIEW_UNPROVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One incident as it now stands, and the line of its timeline if there is one."""

    incident: Incident
    chapter: Chapter | None = None

    @property
    def is_urgent(self) -> bool:
        """Must be on disk at once: something began, ended, or climbed; a mere count can wait."""
        return self.chapter is not None


class Casebook:
    """Every story still told, and those closed not long ago.

    Args:
        incidents: from the store, after a restart.
        next_number: the number the next new incident gets.
        started: before this nobody looked.
    """

    def __init__(
        self, incidents: Iterable[Incident] = (), next_number: int = 1, started: Moment | None = None
    ) -> None:
        self._stories = {incident.story: incident for incident in incidents}
        self._next = next_number
        self._started = started
        self.forgotten = 0
        """Findings that would have begun one story too many."""

    def take(self, finding: Finding) -> Change | None:
        """What a finding changes; None when it says nothing new."""
        known = self._stories.get(finding.story)
        if finding.ends:
            return self._close(known, finding)
        if known is None or _is_past(known, finding.at):
            if self._is_full(finding):
                self.forgotten += 1
                return None
            return self._keep(_begin(self._number(), finding), finding)
        if finding.code is Code.DOOR_DORMANT:
            return self._sleep(known, finding)
        if known.state is IncidentState.CLOSED:
            return self._keep(_merge(_reopened(known, finding), finding), finding)
        return self._go_on(known, finding)

    def read(self, fact: Read) -> Change | None:
        """« J'ai vu »."""
        for incident in self._stories.values():
            if incident.number == fact.incident and incident.state is not IncidentState.CLOSED:
                seen = replace(incident, read=fact.at, read_by=fact.who)
                self._stories[incident.story] = seen
                return Change(
                    incident=seen,
                    chapter=Chapter(
                        incident=seen.number,
                        code=Code.ALARM_READ,
                        grade=seen.grade,
                        level=seen.level,
                        at=fact.at,
                        who=fact.who,
                    ),
                )
        return None

    def name(self, fact: SourceName) -> Iterator[Change]:
        """A visitor is a known scanner: its stories say so, and stay what they are."""
        for incident in list(self._stories.values()):
            told = dict(incident.robots)
            if str(fact.source) in dict(incident.sources) and str(fact.source) not in told:
                told[str(fact.source)] = fact.organisation
                named = self._stories[incident.story] = replace(incident, robots=tuple(told.items()))
                yield Change(incident=named)

    def beat(self, at: Moment) -> Iterator[Change]:
        """Stories that end by themselves, once nothing has happened for long enough."""
        looked = self._has_looked(at)
        for incident in list(self._stories.values()):
            quiet = at.since(incident.last)
            if incident.state is IncidentState.CLOSED:
                if quiet > REOPENS:
                    del self._stories[incident.story]
            elif min(quiet, looked) > _patience(incident):
                ended = Finding(
                    code=incident.code, story=incident.story, level=incident.level, at=at, ends=True, count=0
                )
                change = self._close(incident, ended)
                if change is not None:
                    yield change

    def _has_looked(self, at: Moment) -> timedelta:
        """For how long, without a break, somebody who came would have been seen."""
        blind = [each for each in self._stories.values() if each.code in BLINDNESS]
        began = [each.closed or at for each in blind] + ([self._started] if self._started else [])
        return min((at.since(each) for each in began), default=timedelta.max)

    def _is_full(self, finding: Finding) -> bool:
        """Whoever answers at every port, or forges every address, must not grow the book for ever.

        What is over makes room first. So an alarm is turned away only where hundreds of them are told already.
        """
        places = 2 * STORIES if finding.level is Level.ALARM else STORIES
        if finding.story.kind is StoryKind.CONDITION or len(self._stories) < places:
            return False
        over = [each for each in self._stories.values() if each.state is IncidentState.CLOSED]
        if over:
            del self._stories[min(over, key=lambda each: each.last.boot).story]
        return not over

    def told(self) -> Iterator[Incident]:
        """The stories that are not over."""
        return (each for each in self._stories.values() if each.state is not IncidentState.CLOSED)

    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    def _keep(self, incident: Incident, finding: Finding) -> Change:
        self._stories[incident.story] = incident
        return Change(incident=incident, chapter=_chapter(incident, finding))

    def _close(self, known: Incident | None, finding: Finding) -> Change | None:
        if known is None or known.state is IncidentState.CLOSED:
            return None
        closed = replace(known, state=IncidentState.CLOSED, closed=finding.at, last=finding.at)
        return self._keep(closed, finding)

    def _sleep(self, known: Incident, finding: Finding) -> Change | None:
        """One story a door, not one a night: the first time is told, the rest is the same story."""
        if known.state is IncidentState.DORMANT:
            return None
        return self._keep(replace(known, state=IncidentState.DORMANT, last=finding.at, closed=None), finding)

    def _go_on(self, known: Incident, finding: Finding) -> Change | None:
        woken = known.state is IncidentState.DORMANT and finding.grade is not None
        merged = _merge(replace(known, state=IncidentState.OPEN) if woken else known, finding)
        if woken or _climbs(known, finding) or _is_new_source(known, finding):
            return self._keep(merged, finding)
        if finding.story.kind is StoryKind.CONDITION or merged == replace(
            known, last=finding.at, last_visit=merged.last_visit
        ):
            return None
        self._stories[merged.story] = merged
        return Change(incident=merged)


def _is_past(known: Incident, at: Moment) -> bool:
    return known.state is IncidentState.CLOSED and at.since(known.last) > REOPENS


def _patience(incident: Incident) -> timedelta:
    if incident.story.kind is StoryKind.VISITS:
        return VISITS_END
    if incident.story.kind is StoryKind.DOOR and incident.outside_port is None:
        return QUIET
    if incident.story.kind is StoryKind.SERVICE:
        return QUIET  # nobody asks it again, and a service taken away never comes back
    return timedelta.max


def _begin(number: int, finding: Finding) -> Incident:
    return Incident(
        number=number,
        story=finding.story,
        code=finding.code,
        level=finding.level,
        grade=finding.grade,
        state=IncidentState.DORMANT if finding.code is Code.DOOR_DORMANT else IncidentState.OPEN,
        first=finding.at,
        last=finding.at,
        last_visit=finding.at if _came_in(finding) else None,
        machine=finding.machine,
        mac=finding.mac,
        port=finding.port,
        outside_port=finding.outside_port,
        count=finding.count,
        sources=_counted((), finding),
        calling=finding.calling,
        bytes_out=finding.bytes_out,
        nature=finding.nature,
    )


def _reopened(known: Incident, finding: Finding) -> Incident:
    """The same story again: what was read before was read of the past; a part that fails again fails since now."""
    return replace(
        known,
        first=finding.at if known.story.kind is StoryKind.CONDITION else known.first,
        state=IncidentState.OPEN,
        closed=None,
        read=None,
        read_by=None,
        code=finding.code,
        level=finding.level,
        grade=finding.grade,
    )


def _merge(known: Incident, finding: Finding) -> Incident:
    graver = _climbs(known, finding)
    return replace(
        known,
        code=finding.code if graver else known.code,
        level=max(known.level, finding.level),
        grade=max(known.grade or Grade.SCANNED, finding.grade) if finding.grade else known.grade,
        last=finding.at,
        last_visit=finding.at if _came_in(finding) else known.last_visit,
        machine=finding.machine or known.machine,
        mac=finding.mac or known.mac,
        port=finding.port or known.port,
        outside_port=finding.outside_port or known.outside_port,
        count=known.count + finding.count,
        sources=_counted(known.sources, finding),
        calling=finding.calling or known.calling,
        bytes_out=known.bytes_out + finding.bytes_out,
        nature=finding.nature or known.nature,
    )


def _came_in(finding: Finding) -> bool:
    """A visitor who was more than a scanner at the door."""
    return finding.source is not None and (finding.grade or Grade.CONNECTED) >= Grade.CONNECTED


def _climbs(known: Incident, finding: Finding) -> bool:
    if finding.level != known.level:
        return finding.level > known.level
    return (finding.grade or 0) > (known.grade or 0)


def _is_new_source(known: Incident, finding: Finding) -> bool:
    if finding.source is None or finding.level < Level.ATTENTION or len(known.sources) >= SOURCES:
        return False
    return str(finding.source) not in dict(known.sources)


def _counted(sources: tuple[tuple[str, int], ...], finding: Finding) -> tuple[tuple[str, int], ...]:
    if finding.source is None or not finding.count:
        return sources
    tally = dict(sources)
    name = str(finding.source)
    if name not in tally and len(tally) >= SOURCES:
        return sources
    tally[name] = tally.get(name, 0) + finding.count
    return tuple(sorted(tally.items(), key=lambda each: -each[1]))


def _chapter(incident: Incident, finding: Finding) -> Chapter:
    return Chapter(
        incident=incident.number,
        code=finding.code,
        grade=finding.grade,
        level=finding.level,
        at=finding.at,
        source=finding.source,
        outside_port=finding.outside_port,
        calling=finding.calling,
    )
