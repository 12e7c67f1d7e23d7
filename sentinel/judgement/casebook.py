"""Findings to incidents: one story, one incident, however often somebody comes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from sentinel.judgement import deeds, drill, merging
from sentinel.judgement.deeds import Deed
from sentinel.judgement.sources import Sources
from sentinel.model.acting import Acceptance, FalseAlarm, Measure
from sentinel.model.finding import Code, Finding, Level, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.passing import Beat, Read, SourceName

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
        self._sources = Sources()
        self._next = next_number
        self._started = started
        self.forgotten = 0
        """Findings that would have begun one story too many."""

    def take(self, finding: Finding) -> Change | None:
        """What a finding changes; None when it says nothing new."""
        known = self._stories.get(finding.story)
        if finding.ends or finding.code is Code.MACHINE_PROBABLE:
            return self._close(known, finding) if finding.ends else _remark(known, finding)
        if known is None or _is_past(known, finding.at):
            if self._is_full(finding):
                self.forgotten += 1
                return None
            return self._keep(merging.begin(self._number(), finding, *self._sources.count(None, finding)), finding)
        if finding.code is Code.DOOR_DORMANT:
            return self._sleep(known, finding)
        if known.state is IncidentState.CLOSED:
            return self._keep(self._merge(merging.reopened(known, finding), finding), finding)
        return self._go_on(known, finding)

    def live(self, fact: object) -> Iterator[Change]:
        """What changes stories without a finding: time, people, and a visitor's name."""
        match fact:
            case Read() | Measure() | FalseAlarm():
                change = self.hear(fact)
                yield from [change] if change else []
            case Acceptance():
                yield from self.accept(fact)
            case SourceName():
                yield from self.name(fact)
            case Beat():
                yield from self.beat(fact.at)

    def hear(self, deed: Deed) -> Change | None:
        """What somebody says or does about a story."""
        known = self.recall(deed.incident)
        if known is None:
            return None
        heard = deeds.after(known, deed)
        if known.state is not IncidentState.CLOSED and deeds.settles(known):
            heard = replace(heard, state=IncidentState.CLOSED, closed=deed.at, last=deed.at)
        self._stories[heard.story] = heard
        return Change(incident=heard, chapter=deeds.line(heard, deed))

    def find(self, number: int) -> Incident | None:
        """The story people call by this number, unless it is over."""
        return next((each for each in self.told() if each.number == number), None)

    def recall(self, number: int) -> Incident | None:
        """The same, or one that ended lately: an alarm nobody had read by then is still to be read."""
        return next((each for each in self.all() if each.number == number), None)

    def accept(self, acceptance: Acceptance) -> Iterator[Change]:
        """Somebody accepts a door: the stories it has are told so, and end when the echo has looked again."""
        for incident in list(self.told()):
            if deeds.is_about(incident, acceptance):
                yield Change(incident=incident, chapter=deeds.acceptance(incident, acceptance))

    def show(self, at: Moment) -> Iterator[Change]:
        """Lamp, pulse and page have just shown every alarm there is: those that they had not shown before."""
        for incident in list(self.told()):
            if incident.level is Level.ALARM and incident.shown is None:
                first = max(at, incident.last, key=lambda each: each.boot)  # never before it was seen red
                shown = self._stories[incident.story] = replace(incident, shown=first)
                yield Change(incident=shown)

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
            elif _is_over(incident, quiet, looked):
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

    def all(self) -> Iterator[Incident]:
        """Every story that is remembered, those that ended lately with them."""
        return iter(self._stories.values())

    def _merge(self, known: Incident, finding: Finding) -> Incident:
        return merging.merge(known, finding, *self._sources.count(known, finding))

    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    def _keep(self, incident: Incident, finding: Finding) -> Change:
        self._stories[incident.story] = incident
        return Change(incident=incident, chapter=merging.chapter(incident, finding))

    def _close(self, known: Incident | None, finding: Finding) -> Change | None:
        if known is None or known.state is IncidentState.CLOSED:
            return None
        closed = replace(known, state=IncidentState.CLOSED, closed=finding.at, last=finding.at)
        return self._keep(closed, finding)

    def _sleep(self, known: Incident, finding: Finding) -> Change | None:
        """One story a door, not one a night: the first time is told, the rest is the same story.

        One that was closed is no graver than what brings it back, whatever was read and done then.
        """
        if known.state is IncidentState.DORMANT:
            return None
        if known.state is IncidentState.CLOSED:
            known = merging.reopened(known, finding)
        return self._keep(replace(known, state=IncidentState.DORMANT, last=finding.at), finding)

    def _go_on(self, known: Incident, finding: Finding) -> Change | None:
        woken = known.state is IncidentState.DORMANT and finding.grade is not None
        merged = self._merge(replace(known, state=IncidentState.OPEN) if woken else known, finding)
        returned = deeds.is_contradicted(merged) and not deeds.is_contradicted(known)
        if woken or returned or merging.climbs(known, finding) or merging.is_new_source(known, finding):
            return self._keep(merged, finding)
        same = replace(known, last=finding.at, last_visit=merged.last_visit, proved_open=merged.proved_open)
        if finding.story.kind is StoryKind.CONDITION or merged == same:
            return None
        self._stories[merged.story] = merged
        return Change(incident=merged)


def _remark(known: Incident | None, finding: Finding) -> Change | None:
    """A line in a story that is being told; the story stays what it is, and names nobody by it."""
    if known is None or known.state is IncidentState.CLOSED or known.machine is not None:
        return None
    line = replace(merging.chapter(known, finding), source=finding.machine)
    return Change(incident=known, chapter=line)


def _is_past(known: Incident, at: Moment) -> bool:
    return known.state is IncidentState.CLOSED and at.since(known.last) > REOPENS


def _is_over(incident: Incident, quiet: timedelta, looked: timedelta) -> bool:
    if incident.story.kind is StoryKind.DRILL:  # nobody has to have looked: nothing was there
        return quiet > drill.LASTS
    return min(quiet, looked) > _patience(incident)


def _patience(incident: Incident) -> timedelta:
    if incident.story.kind is StoryKind.VISITS:
        return VISITS_END
    if incident.story.kind is StoryKind.DOOR and incident.outside_port is None:
        return QUIET
    if incident.code is Code.DICOM_IN_CLEAR:
        return QUIET
    if incident.story.kind is StoryKind.SERVICE:
        return QUIET  # nobody asks it again, and a service taken away never comes back
    return timedelta.max
