"""What a verdict says, as sentences: pure, from a verdict to keys and blanks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.verdict import Reason, Verdict
from sentinel.text import times
from sentinel.text.deadline import STRANGERS, deadline
from sentinel.text.missed import missed
from sentinel.text.points import (
    Audience,
    Phrase,
    Point,
    Record,
    blanks,
    contact,
    gesture,
    point_of_incident,
    sentence,
    title,
)

BLIND = frozenset(
    {Code.VIEW_LOST, Code.VIEW_UNPROVED, Code.VIEW_WRAPPED, Code.CAPTURE_LOST, Code.CAPTURE_INCOMPLETE}
)
"""Blindness inside, which takes nothing from what was proved from outside."""


WALKED_BY = frozenset({Code.STRANGER_CONNECTED, Code.STRANGER_ASSOCIATED})
"""What a research scanner does; one that asks for images or takes them is told as a stranger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A verdict in words."""

    sentence: Phrase
    gesture: Phrase
    also: tuple[tuple[Reason, Phrase], ...]
    """Every reason with its own sentence, gravest first; the first is told by `sentence` already."""
    deadline: Phrase | None = None
    """The 72-hour clock, where it runs."""
    missed: tuple[Phrase, ...] = ()
    """Checks from outside that failed, also while an older one still counts: when, and why."""


def _point_of_reason(reason: Reason, verdict: Verdict, known: Record | None) -> Point:
    """What a reason tells, with what its incident adds to it."""
    checked = verdict.checked.wall if verdict.checked else None
    told = point_of_incident(known) if known else Point(code=reason.code, at=reason.since.wall)
    own_code = known is None or reason.code is not known.incident.code
    return replace(
        told,
        code=reason.code if own_code else told.code,
        at=reason.since.wall if reason.code is Code.UNPLUGGED else told.at,
        read_by=reason.who or told.read_by,
        until=reason.until,
        machine=reason.machine or told.machine,
        mac=reason.mac or told.mac,
        port=reason.port or told.port,
        checked=checked,
        closed_outside=checked is not None and all(each.code in BLIND for each in verdict.reasons),
        alarm=reason.level is Level.ALARM,
        nature=reason.nature or told.nature,
        outcome=reason.outcome,
    )


def verdict_words(
    verdict: Verdict,
    audience: Audience,
    records: Mapping[int, Record] | None = None,
    accepted: tuple[str, ...] = (),
) -> Words:
    """A verdict in words: the first reason decides the sentence, all are told.

    `records` are the incidents its reasons point at and the alarms that ended not long ago, `accepted` who may
    come in through a declared door.
    """
    known = records or {}
    points = [(each, _point_of_reason(each, verdict, known.get(each.incident or 0))) for each in verdict.reasons]
    also = tuple((reason, sentence(point, audience)) for reason, point in points)
    if points and verdict.level > Level.CALM:
        said, todo = _headline(verdict, points[0][1], audience)
    else:
        said, todo = _calm(verdict, audience, accepted)
    clock = deadline(verdict, known, audience)
    if clock and verdict.level <= Level.CALM:  # the door is closed; what came of it is not over
        todo = Phrase(key="verdict.after.gesture", blanks={"contact": contact(audience)})
    return Words(sentence=said, gesture=todo, also=also, deadline=clock, missed=missed(verdict, audience))


def _calm(verdict: Verdict, audience: Audience, accepted: tuple[str, ...]) -> tuple[Phrase, Phrase]:
    filled: dict[str, object] = {"contact": contact(audience), "who": ", ".join(accepted)}
    if verdict.checked is None or verdict.level > Level.CALM:  # `weigh` never does this; nothing was proved
        return Phrase(key="verdict.unproved.sentence"), Phrase(key="verdict.wait.gesture", blanks=filled)
    filled["count"] = verdict.doors
    filled["at"] = times.at(audience.language, verdict.checked.wall, audience.now, audience.zone)
    view = "full" if verdict.view is View.MIRROR else "limited"
    but = "" if not accepted else ".except" if audience.named else ".except_unnamed"
    said = Phrase(key=f"verdict.calm.{view}{but}.sentence", blanks=filled)
    if verdict.not_ours:
        said = Phrase(key="verdict.calm.shared.sentence", blanks={"said": said.text(audience.language)})
    return said, Phrase(key=f"verdict.calm.{view}.gesture", blanks=filled)


def _headline(verdict: Verdict, first: Point, audience: Audience) -> tuple[Phrase, Phrase]:
    """The sentence that stands over the page, and what to do now."""
    subject = title(first.code).text(audience.language)
    filled = {**blanks(first, audience), "subject": subject, "count": _matters(verdict)}
    key = _verdict_key(verdict, first, named=audience.named)
    if key is None:
        return sentence(first, audience), gesture(first, audience)
    return Phrase(key=f"{key}.sentence", blanks=filled), Phrase(key=f"{key}.gesture", blanks=filled)


def _matters(verdict: Verdict) -> int:
    return sum(reason.level >= Level.ATTENTION for reason in verdict.reasons)


def _verdict_key(verdict: Verdict, first: Point, *, named: bool) -> str | None:
    """The verdict's own words; nothing where the finding's are better."""
    if verdict.level is Level.ATTENTION and first.code not in (Code.ALARM_READ, Code.CHECK_TROUBLED):
        return "verdict.attention"
    if verdict.level is not Level.ALARM:
        return None
    if first.code in STRANGERS:
        return "verdict.alarm.robot" if named and first.robot and first.code in WALKED_BY else "verdict.alarm.came"
    if first.code is Code.DOOR_REACHABLE:
        if first.machine or first.mac:
            return "verdict.alarm.open"
        return "verdict.alarm.limited" if verdict.view is View.LIMITED else "verdict.alarm.unknown"
    return None
