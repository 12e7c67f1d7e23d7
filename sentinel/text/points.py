"""One thing to tell, and its words: findings, incidents and chapters as keys and blanks, pure.

The people who may see `/` without the code read the same sentences with « un poste du cabinet » in place of the
machine; whatever else could name one (address, port, source, title of a DICOM peer) is no blank of any sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from sentinel.model.exposure import Nature, Outcome
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import Chapter, Incident, IncidentState, is_late
from sentinel.model.moment import Address
from sentinel.services import service
from sentinel.text import times
from sentinel.text.catalogue import has, say
from sentinel.text.robots import only_robots, organisation

KINDS = {
    "dicom": "imaging",
    "imaging-web": "imaging",
    "imaging-vendor": "imaging",
    "remote-access": "remote",
    "file-share": "share",
    "database": "database",
}
NATURES = {Nature.IMAGING: "imaging", Nature.REMOTE: "remote", Nature.STORAGE: "share"}
UNSET = 2020
"""A clock that shows an earlier year was never set: a board without a battery starts in 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One sentence, not yet said: the page may still turn a blank into a link."""

    key: str
    blanks: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """The sentence as plain text."""
        return say(language, self.key, **self.blanks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who reads, and what they may know."""

    language: str
    named: bool
    """They gave the code: machines may be named."""
    now: datetime
    zone: tzinfo
    contact: str = ""
    """Name and phone of the person to call; empty: « votre informaticien »."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """MAC address, lower case, to the name the practice gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing to tell: what reasons, incidents and chapters have in common."""

    code: Code
    at: datetime
    machine: Address | None = None
    mac: str | None = None
    port: int | None = None
    """Inside port."""
    outside_port: int | None = None
    count: int = 1
    bytes_out: int = 0
    read: datetime | None = None
    read_by: str | None = None
    checked: datetime | None = None
    """The last complete check from outside, where the verdict knows it."""
    closed_outside: bool = False
    """That check is fresh and found nothing open."""
    alarm: bool = False
    over: datetime | None = None
    """When it ended."""
    late: bool = False
    """Somebody said it when it was over."""
    nature: Nature | None = None
    """What was recognised behind the door."""
    outcome: Outcome | None = None
    """What the last attempt to ask from outside met, where that is why."""
    until: datetime | None = None
    """When an acceptance ends, where it is about that."""
    robot: str = ""
    """The organisations, where only known research scanners came."""
    in_timeline: bool = False
    """It is one line among others, so it says nothing of what came after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An incident and the two moments its timeline adds to it."""

    incident: Incident
    began: datetime
    """When its gravest finding was first made: its first event may have been milder."""
    alarmed: datetime | None
    """When it first was shown as an alarm."""


def record(incident: Incident, chapters: Sequence[Chapter]) -> Record:
    """An incident as its chapters, oldest first, tell it."""
    gravest = [each.at.wall for each in chapters if each.code is incident.code]
    alarms = [each.at.wall for each in chapters if each.level is Level.ALARM]
    return Record(
        incident=incident,
        began=gravest[0] if gravest else incident.first.wall,
        alarmed=incident.shown.wall if incident.shown else alarms[0] if alarms else None,
    )


def told_as(incident: Incident) -> Code:
    """The code whose words fit: a door whose machine sleeps is told as such, unless somebody came."""
    asleep = incident.state is IncidentState.DORMANT and (incident.grade or 0) <= Grade.REACHABLE
    return Code.DOOR_DORMANT if asleep else incident.code


def point_of_incident(known: Record) -> Point:
    """What an incident tells."""
    incident = known.incident
    return Point(
        code=told_as(incident),
        at=known.began,
        machine=incident.machine,
        mac=incident.mac,
        port=incident.port,
        outside_port=incident.outside_port,
        count=max(incident.count, 1),
        bytes_out=incident.bytes_out,
        read=incident.read.wall if incident.read else None,
        read_by=incident.read_by,
        alarm=incident.level is Level.ALARM,
        over=incident.closed.wall if incident.closed else None,
        nature=incident.nature,
        robot=only_robots(incident),
    )


def point_of_chapter(chapter: Chapter, incident: Incident) -> Point:
    """What one line of an incident's timeline tells."""
    drilled = incident.code is Code.DRILL and chapter.code is Code.ALARM_READ  # no door is open, and it is over
    return Point(
        code=Code.DRILL if drilled else chapter.code,
        at=incident.first.wall if drilled else chapter.done or chapter.at.wall,
        machine=chapter.source if chapter.code is Code.MACHINE_PROBABLE else incident.machine,
        mac=incident.mac,
        port=incident.port,
        outside_port=chapter.outside_port or incident.outside_port,
        bytes_out=incident.bytes_out,
        read=chapter.at.wall if chapter.code is Code.ALARM_READ else None,
        read_by=chapter.who,
        late=is_late(chapter, incident),
        alarm=chapter.level is Level.ALARM,
        nature=incident.nature,
        robot=organisation(str(chapter.source), incident) if chapter.source else "",
        in_timeline=True,
    )


def title(code: Code) -> Phrase:
    """A finding's name, as a noun without its article."""
    return Phrase(key=f"finding.{code.value}.title")


def sentence(point: Point, audience: Audience) -> Phrase:
    """What happened, in one or two sentences."""
    return Phrase(key=_key(point, audience, "sentence"), blanks=blanks(point, audience))


def gesture(point: Point, audience: Audience) -> Phrase:
    """What to do about it."""
    return Phrase(key=_key(point, audience, "gesture"), blanks=blanks(point, audience))


def _key(point: Point, audience: Audience, what: str) -> str:
    """The most particular key the catalogues have for this point."""
    for variant in _variants(point, audience.named):
        key = f"finding.{point.code.value}.{variant}.{what}"
        if has(audience.language, key):
            return key
    return f"finding.{point.code.value}.{what}"


def _variants(point: Point, named: bool) -> list[str]:
    """What is particular about a point, most telling first."""
    known = point.machine is not None or point.mac is not None
    services = [service(port) for port in (point.port, point.outside_port) if port]
    kinds = [NATURES[point.nature]] if point.nature else []
    kinds += [KINDS[each.category] for each in services if each and each.category in KINDS]
    return [
        *([point.outcome.value, "why"] if point.outcome else []),
        *(["late"] if point.late else []),
        *([] if named else ["unnamed"]),
        *(["line.robot"] if named and point.robot and point.in_timeline else []),
        *(["robot"] if named and point.robot else []),
        *(["line"] if point.in_timeline else []),
        *(["unset"] if point.at.year < UNSET else []),
        *(["unknown"] if not known else []),
        *(kinds if named and known else []),
        "alarm" if point.alarm else "mild",
        *(["closed"] if point.closed_outside else []),
        *(["read"] if point.read else []),
        *(["over"] if point.over else []),
        *(["measured"] if point.bytes_out else []),
    ]


def blanks(point: Point, audience: Audience) -> dict[str, object]:
    """Everything a finding's words may ask for."""
    language, now, zone = audience.language, audience.now, audience.zone
    read, checked = point.read or point.at, point.checked or point.at
    last = (point.until or point.at) - timedelta(microseconds=1)  # midnight ends the day before
    return {
        **machine_blanks(point, audience),
        "contact": contact(audience),
        "count": point.count,
        "robot": point.robot,
        "why": say(language, f"miss.{point.outcome.value}") if point.outcome else "",
        "size": times.size(language, point.bytes_out),
        "at": times.at(language, point.at, now, zone),
        "since": times.since(language, point.at, now, zone),
        "read_at": times.at(language, read, now, zone),
        "until": times.day(language, last, now, zone),
        "checked_at": times.at(language, checked, now, zone),
        "took": times.lasting(language, max((point.read or point.over or point.at) - point.at, timedelta(0))),
        "who": (audience.named and point.read_by) or say(language, "who.somebody"),
    }


def machine_blanks(point: Point, audience: Audience) -> dict[str, str]:
    """The machine's name in the places a sentence needs it: plain, capital, after « de », and pointed at."""
    language = audience.language
    if not audience.named:
        return {
            name: say(language, f"machine.unnamed.{name}")
            for name in ("machine", "Machine", "of_machine", "this_machine", "of_this_machine")
        }
    name = machine_name(point, audience)
    of_name = say(language, "machine.of_vowel" if name[:1].lower() in "aeiouyéèêâîô" else "machine.of", name=name)
    return {
        "machine": name,
        "Machine": name[:1].upper() + name[1:],
        "of_machine": of_name,
        "this_machine": name,
        "of_this_machine": of_name,
    }


def machine_name(point: Point, audience: Audience) -> str:
    """The name the practice gave, else the address, else that it is not known."""
    label = audience.labels.get(point.mac.lower()) if point.mac else None
    return label or str(point.machine or point.mac or say(audience.language, "machine.unknown"))


def contact(audience: Audience) -> str:
    """Whom to call."""
    return audience.contact or say(audience.language, "contact.none")
