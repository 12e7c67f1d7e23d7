"""What somebody says or does about a story: the story after it, and the line it adds to the timeline.

Nothing here proves a door closed. A cable that was pulled turns the red of an alarm that was read into « it does
not know », for nobody has looked yet; a door or a visitor seen after that takes it back.

A false alarm is somebody's word against a fact, so it counts as read, and the alarm returns after a day like any
other: an alarm is ended by proof of closing alone. Strangers at a door whose public port nobody knows are no
exception, for a check that found no door has not found theirs, and what they took may have been everything; such a
story is over after a quiet week that was watched. Only an exercise ends by a word.
"""

from dataclasses import replace
from datetime import timedelta

from sentinel.model.acting import Acceptance, FalseAlarm, Measure, MeasureKind
from sentinel.model.finding import Code, Level, StoryKind
from sentinel.model.incident import Chapter, Incident
from sentinel.model.moment import Moment
from sentinel.model.passing import Read

Deed = Read | Measure | FalseAlarm

PULLED = frozenset({MeasureKind.MACHINE_UNPLUGGED, MeasureKind.LINE_UNPLUGGED})
"""Measures after which nothing can answer; after any other something still may."""
CODES = {
    MeasureKind.MACHINE_UNPLUGGED: Code.UNPLUGGED,
    MeasureKind.LINE_UNPLUGGED: Code.UNPLUGGED,
    MeasureKind.RULE_REMOVED: Code.RULE_REMOVED,
    MeasureKind.SERVICE_STOPPED: Code.SERVICE_STOPPED,
    MeasureKind.OTHER: Code.MEASURE_TAKEN,
}


def after(incident: Incident, deed: Deed) -> Incident:
    """The story after it: whoever did something about an alarm has read it."""
    if isinstance(deed, Read):
        return replace(incident, read=deed.at, read_by=deed.who)
    if isinstance(deed, FalseAlarm):
        return replace(incident, read=deed.at, read_by=deed.who, false_alarm=deed.at)
    read, read_by = (incident.read, incident.read_by) if incident.read else (deed.at, deed.who)
    incident = replace(incident, read=read, read_by=read_by)
    if incident.measure in PULLED and deed.kind not in PULLED:
        return incident  # the cable is still pulled
    return replace(incident, measured=_done(deed), measure_told=deed.at, measure=deed.kind, measured_by=deed.who)


def line(incident: Incident, deed: Deed) -> Chapter:
    """The line of its timeline."""
    code = Code.ALARM_READ if isinstance(deed, Read) else Code.FALSE_ALARM
    said = deed.why if isinstance(deed, FalseAlarm) else ""
    if isinstance(deed, Measure):
        code, said = CODES[deed.kind], deed.said
    return Chapter(
        incident=incident.number,
        code=code,
        grade=incident.grade,
        level=incident.level,
        at=deed.at,
        who=deed.who,
        said=said,
        done=deed.done if isinstance(deed, Measure) else None,
    )


def is_about(incident: Incident, accepted: Acceptance) -> bool:
    """Whether a story is about the door that is accepted."""
    kinds, names = (StoryKind.DOOR, StoryKind.MAPPING), (incident.mac, str(incident.machine))
    return incident.story.kind in kinds and accepted.port == incident.port and accepted.machine in names


def acceptance(incident: Incident, accepted: Acceptance) -> Chapter:
    """The line that tells who accepted the door of a story, and why."""
    return Chapter(
        incident=incident.number,
        code=Code.DOOR_ACCEPTED,
        grade=incident.grade,
        level=incident.level,
        at=accepted.at,
        who=accepted.who,
        said=accepted.why,
    )


def settles(incident: Incident) -> bool:
    """Whether anything somebody says ends the story: an exercise asks for nothing but to be seen."""
    return incident.story.kind is StoryKind.DRILL


def is_unplugged(incident: Incident) -> bool:
    """The cable of an alarm that was read is said to be pulled, and nothing seen since says otherwise."""
    if incident.level is not Level.ALARM or incident.read is None:
        return False
    return incident.measure in PULLED and not is_contradicted(incident)


def is_contradicted(incident: Incident) -> bool:
    """The cable is said to be pulled, and the door was proved open since: it is not, or it was put back."""
    holds = incident.measure_holds if incident.measure in PULLED else None
    return holds is not None and _seen_after(incident, holds)


def is_outdated(incident: Incident, read: Moment) -> bool:
    """Somebody has come since it was read; of a cable that was pulled, the echo's knock counts as much."""
    if is_contradicted(incident):
        return _seen_after(incident, read)
    return incident.last_visit is not None and incident.last_visit.since(read) > timedelta(0)


def _seen_after(incident: Incident, then: Moment) -> bool:
    proofs = [each for each in (incident.proved_open, incident.last_visit) if each is not None]
    return any(each.since(then) > timedelta(0) for each in proofs)


def _done(measure: Measure) -> Moment:
    """When it was done, on both clocks."""
    ago = max(timedelta(0), measure.at.wall - measure.done)
    return Moment(wall=measure.at.wall - ago, boot=measure.at.boot - ago)
