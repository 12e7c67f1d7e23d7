"""What a finding makes of the story it belongs to: how it begins, goes on, and begins again."""

from dataclasses import replace
from datetime import timedelta

from sentinel.judgement.sources import NAMED, Named
from sentinel.model.finding import Code, Finding, Grade, Level, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.moment import Moment

CLOCK = timedelta(hours=72)
"""GDPR art. 33(1): a story that returns while its three days run does not begin them anew."""


def begin(number: int, finding: Finding, sources: Named, others: int) -> Incident:
    """A new story; its sources are counted elsewhere."""
    return Incident(
        number=number,
        story=finding.story,
        code=finding.code,
        level=finding.level,
        grade=finding.grade,
        state=IncidentState.DORMANT if finding.code is Code.DOOR_DORMANT else IncidentState.OPEN,
        first=finding.at,
        last=finding.at,
        last_visit=finding.at if came_in(finding) else None,
        machine=finding.machine,
        mac=finding.mac,
        port=finding.port,
        outside_port=finding.outside_port,
        count=finding.count,
        sources=sources,
        other_sources=others,
        calling=finding.calling,
        bytes_out=finding.bytes_out,
        nature=finding.nature,
        installation=finding.installation,
        proved_open=finding.at if proves_open(finding) else None,
        asks_nobody=finding.asks_nobody,
    )


def reopened(known: Incident, finding: Finding) -> Incident:
    """The same story again: what people read and did before was of the past; a part that fails again fails since
    now."""
    return replace(
        known,
        shown=_shown(known, finding),
        measured=None,
        measure_told=None,
        measure=None,
        measured_by=None,
        false_alarm=None,
        first=finding.at if known.story.kind is StoryKind.CONDITION else known.first,
        state=IncidentState.OPEN,
        closed=None,
        read=None,
        read_by=None,
        code=finding.code,
        level=finding.level,
        grade=finding.grade,
    )


def merge(known: Incident, finding: Finding, sources: Named, others: int) -> Incident:
    """The story with one finding more."""
    graver = climbs(known, finding)
    known = _graver(known, finding) if finding.level > known.level else known
    return replace(
        known,
        code=finding.code if graver else known.code,
        level=max(known.level, finding.level),
        grade=max(known.grade or Grade.SCANNED, finding.grade) if finding.grade else known.grade,
        last=finding.at,
        last_visit=finding.at if came_in(finding) else known.last_visit,
        machine=finding.machine or known.machine,
        mac=finding.mac or known.mac,
        port=finding.port or known.port,
        outside_port=finding.outside_port or known.outside_port,
        count=known.count + finding.count,
        sources=sources,
        other_sources=others,
        calling=finding.calling or known.calling,
        bytes_out=known.bytes_out + finding.bytes_out,
        nature=finding.nature or known.nature,
        installation=known.installation or finding.installation,
        proved_open=finding.at if _proves_anew(known, finding) else known.proved_open,
        asks_nobody=known.asks_nobody or finding.asks_nobody,
    )


def _graver(known: Incident, finding: Finding) -> Incident:
    """What was read, or called meant, was less than what it is now: nobody has seen the red.

    A cable that was pulled stays pulled; it quiets an alarm only once that alarm is read.
    """
    return replace(known, read=None, read_by=None, false_alarm=None, shown=_shown(known, finding))


def _shown(known: Incident, finding: Finding) -> Moment | None:
    """Since when the three days run, where they still do."""
    runs = known.shown is not None and finding.at.since(known.shown) < CLOCK
    return known.shown if runs else None


def _proves_anew(known: Incident, finding: Finding) -> bool:
    """A check that was under way when a cable was pulled tells of before, whenever its report comes."""
    holds, asked = known.measure_holds, finding.asked
    is_of_before = holds is not None and asked is not None and asked.since(holds) <= timedelta(0)
    return proves_open(finding) and not is_of_before


def proves_open(finding: Finding) -> bool:
    """Something inside has answered somebody outside."""
    return finding.story.kind is StoryKind.DOOR and (finding.grade or Grade.SCANNED) >= Grade.ANSWERED


def came_in(finding: Finding) -> bool:
    """A visitor who was more than a scanner at the door."""
    return finding.is_visit and (finding.grade or Grade.CONNECTED) >= Grade.CONNECTED


def climbs(known: Incident, finding: Finding) -> bool:
    """Whether a finding is graver than what is known."""
    if finding.level != known.level:
        return finding.level > known.level
    return (finding.grade or 0) > (known.grade or 0)


def is_new_source(known: Incident, finding: Finding) -> bool:
    """Whether somebody comes who is not among the sources told."""
    if finding.source is None or finding.level < Level.ATTENTION or len(known.sources) >= NAMED:
        return False
    return str(finding.source) not in dict(known.sources)


def chapter(incident: Incident, finding: Finding) -> Chapter:
    """The line a finding adds to the timeline."""
    return Chapter(
        who=finding.who,
        incident=incident.number,
        code=finding.code,
        grade=finding.grade,
        level=finding.level,
        at=finding.at,
        source=finding.source,
        outside_port=finding.outside_port,
        calling=finding.calling,
    )
