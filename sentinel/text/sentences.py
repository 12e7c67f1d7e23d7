"""What a verdict says, as sentences: pure, from a verdict to keys and blanks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sentinel.model.finding import Code, Level
from sentinel.model.incident import Incident
from sentinel.model.verdict import Reason, Verdict, View
from sentinel.text import times
from sentinel.text.points import Audience, Phrase, Point, blanks, contact, gesture, sentence, title

STRANGERS = frozenset({Code.STRANGER_CONNECTED, Code.STRANGER_ASSOCIATED, Code.STRANGER_QUERIED, Code.IMAGES_LEFT})
BLIND = frozenset({Code.VIEW_LOST, Code.VIEW_UNPROVED, Code.CAPTURE_LOST, Code.CAPTURE_INCOMPLETE})
"""Blindness inside, which takes nothing from what was proved from outside."""
AGED = frozenset({Code.NOT_CHECKED, Code.CHECK_AGEING})
"""What began with the last proof, and not with its being noticed."""
DEADLINE = timedelta(hours=72)
"""GDPR article 33(1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A verdict in words."""

    sentence: Phrase
    gesture: Phrase
    also: tuple[tuple[Reason, Phrase], ...]
    """Every reason with its own sentence, gravest first; the first is told by `sentence` already."""
    deadline: Phrase | None = None
    """The 72-hour clock, where it runs."""


def _point_of_reason(reason: Reason, verdict: Verdict, story: Incident | None) -> Point:
    checked = verdict.checked.wall if verdict.checked else None
    blind_only = all(other.code in BLIND for other in verdict.reasons)
    since = story.first.wall if story and reason.code is Code.ALARM_READ else reason.since.wall
    return Point(
        code=reason.code,
        at=checked if checked and reason.code in AGED else since,
        story_code=story.code if story else None,
        machine=reason.machine or (story.machine if story else None),
        mac=reason.mac or (story.mac if story else None),
        port=reason.port,
        outside_port=story.outside_port if story else None,
        count=max(story.count, 1) if story else 1,
        bytes_out=story.bytes_out if story else 0,
        read=story.read.wall if story and story.read else None,
        read_by=story.read_by if story else None,
        checked=checked,
        closed_outside=checked is not None and blind_only,
    )


def verdict_words(
    verdict: Verdict,
    audience: Audience,
    stories: Mapping[int, Incident] | None = None,
    accepted: tuple[str, ...] = (),
) -> Words:
    """A verdict in words: the first reason decides the sentence, all are told.

    `stories` are the incidents its reasons point at, `accepted` who may come in through a declared door.
    """
    known = stories or {}
    points = [(each, _point_of_reason(each, verdict, known.get(each.incident or 0))) for each in verdict.reasons]
    also = tuple((reason, sentence(point, audience)) for reason, point in points)
    if not points or verdict.level <= Level.CALM:
        said, todo = _calm(verdict, audience, accepted)
    else:
        said, todo = _headline(verdict, points[0][1], audience)
    return Words(sentence=said, gesture=todo, also=also, deadline=_deadline(verdict, points, audience))


def _calm(verdict: Verdict, audience: Audience, accepted: tuple[str, ...]) -> tuple[Phrase, Phrase]:
    if verdict.checked is None:  # `weigh` never does this; if it did, nothing was proved
        return Phrase(key="verdict.unproved.sentence"), Phrase(key="verdict.wait.gesture")
    view = "full" if verdict.view is View.MIRROR else "limited"
    filled: dict[str, object] = {
        "count": verdict.doors,
        "at": times.at(audience.language, verdict.checked.wall, audience.now, audience.zone),
        "contact": contact(audience),
        "who": ", ".join(accepted),
    }
    except_for = "" if not accepted else ".except" if audience.named else ".except_unnamed"
    return (
        Phrase(key=f"verdict.calm.{view}{except_for}.sentence", blanks=filled),
        Phrase(key=f"verdict.calm.{view}.gesture", blanks=filled),
    )


def _headline(verdict: Verdict, first: Point, audience: Audience) -> tuple[Phrase, Phrase]:
    """The sentence that stands over the page, and what to do now."""
    subject = title(first.code).text(audience.language)
    filled = {**blanks(first, audience), "subject": subject, "count": _matters(verdict)}
    key = _verdict_key(verdict, first)
    if key is None:
        return sentence(first, audience), gesture(first, audience)
    return Phrase(key=f"{key}.sentence", blanks=filled), Phrase(key=f"{key}.gesture", blanks=filled)


def _matters(verdict: Verdict) -> int:
    return sum(reason.level >= Level.ATTENTION for reason in verdict.reasons)


def _verdict_key(verdict: Verdict, first: Point) -> str | None:
    """The verdict's own words; nothing where the finding's are better."""
    if verdict.level is Level.ATTENTION and first.code is not Code.ALARM_READ:
        return "verdict.attention"
    if verdict.level is not Level.ALARM:
        return None
    if first.code in STRANGERS:
        return "verdict.alarm.came"
    if first.code is Code.DOOR_REACHABLE:
        if first.machine or first.mac:
            return "verdict.alarm.open"
        return "verdict.alarm.limited" if verdict.view is View.LIMITED else "verdict.alarm.unknown"
    return None


def _deadline(verdict: Verdict, points: list[tuple[Reason, Point]], audience: Audience) -> Phrase | None:
    """The 72 hours, counted from the oldest alarm behind which somebody came, or could have come unseen."""
    running = [point for reason, point in points if _runs(verdict, reason, point)]
    if not running:
        return None
    point = min(running, key=lambda each: each.at)
    language, now, zone = audience.language, audience.now, audience.zone
    filled = {
        "shown": times.at(language, point.at, now, zone),
        "until": times.at(language, point.at + DEADLINE, now, zone),
        "read_at": times.at(language, point.read or point.at, now, zone),
    }
    return Phrase(key="deadline.read" if point.read else "deadline", blanks=filled)


def _runs(verdict: Verdict, reason: Reason, point: Point) -> bool:
    if reason.code in STRANGERS or (reason.code is Code.ALARM_READ and point.story_code in STRANGERS):
        return True
    return reason.level is Level.ALARM and verdict.view is View.LIMITED
