"""One incident in sentences for paper: what is read years later carries whole dates and a year."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sentinel.evidence.facts import Case, Letterhead
from sentinel.model.declared import View
from sentinel.model.exposure import Reach
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import Chapter, IncidentState, is_proved_closed
from sentinel.model.moment import Moment
from sentinel.text import say
from sentinel.text.deadline import CAME, LASTS
from sentinel.text.outside import endpoint, route
from sentinel.text.points import (
    Audience,
    machine_name,
    point_of_chapter,
    point_of_incident,
    record,
    sentence,
)
from sentinel.text.times import dated, size

YEARS = timedelta(days=10 * 366)
YOUNG = timedelta(days=1)
"""A door found so soon after installation may well be older than the sentinel."""


def on_paper(audience: Audience) -> Audience:
    """Whoever reads this much later: no « hier », no weekday alone, the year always."""
    return replace(audience, now=audience.now + YEARS)


class Telling:
    """A case, in the words of its letterhead's language."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.head: Letterhead = case.head
        self._audience = on_paper(case.head.audience)
        self._language = case.head.audience.language
        self._record = record(case.incident, case.chapters)

    def say(self, key: str, **blanks: object) -> str:
        """The words of `key`."""
        return say(self._language, key, **blanks)

    def at(self, when: Moment | datetime | None) -> str:
        """A whole date and hour; of nothing, nothing."""
        wall = when.wall if isinstance(when, Moment) else when
        return dated(self._language, wall, self._audience.zone) if wall else ""

    # -- what happened ---------------------------------------------------------------------------------------

    @property
    def machine(self) -> str:
        """The practice's own name for the machine, or its address."""
        return machine_name(point_of_incident(self._record), self._audience)

    @property
    def headline(self) -> str:
        """What happened, as the page says it."""
        return sentence(point_of_incident(self._record), self._audience).text(self._language)

    def summary(self) -> str:
        """What happened, in one plain paragraph."""
        return " ".join([self.headline, self.since, *self._visits(), self.ended])

    @property
    def since(self) -> str:
        """First seen, and whether it may be older."""
        first, installed = self.case.incident.first.wall, self.case.installed
        if installed is None or not self.is_old:
            return self.say("paper.since", first=self.at(first))
        return self.say("paper.since.older", first=self.at(first), installed=self.at(installed))

    @property
    def is_old(self) -> bool:
        """Whether it may have been so before anybody looked."""
        first, installed = self.case.incident.first.wall, self.case.installed
        is_young = installed is not None and first - installed < YOUNG
        return self.case.incident.installation or (is_young and not self._was_refused)

    @property
    def _was_refused(self) -> bool:
        """A check before it was first seen found that door closed."""
        first = self.case.incident.first.wall
        return any(each.reach is Reach.CLOSED and each.at < first for each in self.case.proofs)

    def _visits(self) -> Iterator[str]:
        incident = self.case.incident
        if self.has_come:
            sources = len(incident.sources)
            yield self.say("paper.came", count=max(incident.count, 1))
            if sources > 1:
                yield self.say("paper.came.sources", count=sources)
            if incident.bytes_out:
                yield self.say("paper.came.size", size=size(self._language, incident.bytes_out))
        elif self.head.view is View.LIMITED:
            yield self.say("paper.came.unknown")
        elif incident.grade is not None:
            yield self.say("paper.came.nobody")

    @property
    def has_come(self) -> bool:
        """Somebody from outside was seen to connect."""
        return self.case.incident.code in CAME or (self.case.incident.grade or 0) >= Grade.CONNECTED

    @property
    def ended(self) -> str:
        """Whether it is over, and how that is known."""
        incident = self.case.incident
        if incident.state is IncidentState.DORMANT:
            return self.say("paper.ended.dormant")
        if incident.state is IncidentState.OPEN or incident.closed is None:
            return self.say("paper.ended.open", made=self.at(self.head.audience.now))
        return self.say(
            "paper.ended.proved" if self.is_proved_closed else "paper.ended", at=self.at(incident.closed)
        )

    @property
    def is_proved_closed(self) -> bool:
        """A check proved it, and it did not merely grow quiet."""
        return is_proved_closed(self.case.chapters)

    # -- where -----------------------------------------------------------------------------------------------

    @property
    def route(self) -> str:
        """Internet, box, machine; empty where no public port was learnt."""
        incident = self.case.incident
        if incident.outside_port is None:
            return ""
        label = self._audience.labels.get((incident.mac or "").lower(), "")
        machine = str(incident.machine) if incident.machine else None
        place = endpoint(label, machine, incident.port) if machine or label else ""
        return route(self._language, incident.outside_port, place)

    # -- the three times and the clock -----------------------------------------------------------------------

    @property
    def shown(self) -> datetime | None:
        """When people were first told; an older store knows the first alarm only."""
        shown = self.case.incident.shown
        return shown.wall if shown else self._record.alarmed

    def clock(self) -> list[str]:
        """The 72 hours, as far as they can run for such an incident."""
        shown = self.shown
        if self.case.incident.level < Level.ALARM or shown is None:
            return [self.say("paper.clock.none")]
        kind = "came" if self.has_come else "limited" if self.head.view is View.LIMITED else "open"
        until = self.at(shown + LASTS)
        return [
            self.say("paper.clock", shown=self.at(shown), until=until),
            self.say(f"paper.clock.{kind}"),
            self.say("paper.clock.yours"),
        ]

    # -- what was done ---------------------------------------------------------------------------------------

    def done(self) -> list[str]:
        """Read, measures, false alarm, closing; what was not done is said as well."""
        incident = self.case.incident
        read, measured = incident.read, incident.measured
        who = incident.read_by or self.say("who.somebody")
        lines = [self.say("paper.done.read", at=self.at(read), who=who) if read else self.say("paper.done.unread")]
        if measured and incident.measure:
            by = incident.measured_by or self.say("who.somebody")
            lines.append(self.say(f"paper.measure.{incident.measure.value}", at=self.at(measured), who=by))
        if incident.false_alarm:
            lines.append(self.say("paper.done.false_alarm", at=self.at(incident.false_alarm)))
        return [*lines, self.ended]

    # -- its timeline ----------------------------------------------------------------------------------------

    def told(self, chapter: Chapter) -> str:
        """One line of the timeline: what, who said it, in which words."""
        incident = self.case.incident
        over = (
            incident.closed is not None and chapter.at == incident.closed and chapter.code is not Code.DOOR_CLOSED
        )
        phrase = sentence(point_of_chapter(chapter, incident), self._audience).text(self._language)
        words = [self.say("paper.chapter.over") if over else phrase]
        if chapter.source and chapter.code is not Code.MACHINE_PROBABLE:  # nobody came from there
            words.append(self.say("paper.chapter.source", source=str(chapter.source)))
        if chapter.calling:
            words.append(self.say("paper.chapter.calling", calling=chapter.calling))
        if chapter.said:
            words.append(self.say("paper.chapter.said", said=chapter.said))
        return " ".join(words)
