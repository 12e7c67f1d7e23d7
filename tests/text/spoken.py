"""Verdicts and stories to put into words, all seen at one moment of a Monday morning."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from zoneinfo import ZoneInfo

from sentinel.model.declared import View
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.verdict import Assurance, Reason, Verdict
from sentinel.text.points import Audience, Record, record
from sentinel.text.sentences import Words, verdict_words

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MAC = "00:11:22:33:44:55"
MACHINE = ip_address("192.168.77.20")
AUDIENCE = Audience(
    language="fr",
    named=True,
    now=NOW,
    zone=ZoneInfo("Europe/Paris"),
    contact="Sophie (01 23 45 67 89)",
    labels={MAC: "RADIO-PC"},
)


def moment(hours: float = 0) -> Moment:
    return Moment(wall=NOW - timedelta(hours=hours), boot=timedelta(days=3, hours=-hours))


def reason(code: Code, level: Level, **more: object) -> Reason:
    return Reason(**{"code": code, "level": level, "since": moment(1), **more})


def at_door(code: Code, level: Level = Level.ALARM, port: int = 4242) -> Reason:
    return reason(code, level, machine=MACHINE, mac=MAC, port=port, incident=1)


def verdict(*reasons: Reason, level: Level | None = None, view: View = View.MIRROR) -> Verdict:
    return Verdict(
        level=level or (reasons[0].level if reasons else Level.CALM),
        reasons=reasons,
        at=moment(),
        view=view,
        assurance=Assurance.B,
        checked=moment(2.3),
        doors=48,
    )


def incident(**more: object) -> Incident:
    facts = {
        "number": 1,
        "story": Story(kind=StoryKind.DOOR, about=MAC, port=4242),
        "code": Code.STRANGER_ASSOCIATED,
        "level": Level.ALARM,
        "grade": Grade.ASSOCIATED,
        "state": IncidentState.OPEN,
        "first": moment(1),
        "last": moment(0.5),
        "machine": MACHINE,
        "mac": MAC,
        "port": 4242,
        "outside_port": 11112,
    }
    return Incident(**{**facts, **more})


def told(said: Verdict, audience: Audience = AUDIENCE, **more: object) -> tuple[str, str]:
    """Sentence and gesture, with ordinary spaces."""
    words = verdict_words(said, audience, **more)
    return plain(words.sentence.text(audience.language)), plain(words.gesture.text(audience.language))


def plain(words: str) -> str:
    return words.replace("\u00a0", " ").replace("\u202f", " ")


UNNAMED = replace(AUDIENCE, named=False)


def chapters(*told: tuple[Code, Level, float]) -> list[Chapter]:
    return [Chapter(incident=1, code=code, grade=None, level=level, at=moment(ago)) for code, level, ago in told]


def known(story: Incident) -> dict[int, Record]:
    """The story with a timeline: a milder beginning three hours ago, the alarm two hours ago."""
    timeline = chapters((Code.DOOR_ANSWERED, Level.ATTENTION, 3), (story.code, Level.ALARM, 2))
    return {1: record(story, timeline)}


def deadline(words: Words) -> str:
    return plain(words.deadline.text("fr")) if words.deadline else ""
