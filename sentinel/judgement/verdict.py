"""Incidents and the age of proof to the one value shown everywhere.

Calm is never a default: it is what remains when every reason against it has been looked for and none was found.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from sentinel.judgement import deeds, drill
from sentinel.judgement.mappings import is_udp
from sentinel.judgement.outlook import COMPLETE_FRESH, HOURLY_FRESH, Outlook
from sentinel.model.exposure import Outcome, PortList
from sentinel.model.finding import Code, Level, StoryKind
from sentinel.model.incident import Incident
from sentinel.model.moment import Moment
from sentinel.model.verdict import Assurance, Reason, Verdict

__all__ = ["Outlook", "weigh"]

STARTING = timedelta(minutes=3)
READ_LASTS = timedelta(hours=24)

REASONS = 50
"""As many as a page can show; the gravest come first."""

SETTLING = (Code.NOT_CHECKED, Code.VIEW_UNPROVED)
"""What is normal in the first minutes, and told as « starting »."""


EXPLAINED = (Code.ADDRESS_DOUBTFUL, Code.NOT_CHECKED, Code.CHECK_AGEING, Code.WEAK_ASSURANCE)
"""What a backup line is the cause of, while it lasts."""


def weigh(incidents: Iterable[Incident], outlook: Outlook, at: Moment, accepted: Iterable[Reason] = ()) -> Verdict:
    """The verdict at one moment; `accepted`: what doors that somebody accepted give reason for."""
    stories = list(incidents)
    denied = {each.story.family for each in stories if each.code is Code.ECHO_CONTRADICTED}
    told = [*_from_incidents(stories, at), *_from_outside(outlook, at, denied), *_unchecked(stories, outlook)]
    told = [*_unless_on_backup(told), *accepted]
    reasons = drill.behind(sorted(_settling(told, outlook, at), key=lambda each: (-each.level, each.since.boot)))
    not_ours = outlook.not_ours()
    complete = [outlook.complete(family) for family in outlook.families if family not in not_ours]
    return Verdict(
        level=reasons[0].level if reasons else Level.CALM,
        reasons=tuple(reasons[:REASONS]),
        at=at,
        view=outlook.view,
        assurance=outlook.assurance(at),
        checked=min((p.asked for p in complete if p), key=lambda asked: asked.boot, default=None),
        doors=min((p.doors for p in complete if p), default=0),
        missed=tuple(each for each in outlook.missed.values() if each.family in outlook.families),
        not_ours=not_ours,
        fresh=_fresh(reasons),
    )


def _unless_on_backup(told: list[Reason]) -> list[Reason]:
    """A backup line is why nothing can be checked over IPv4: one reason, and as blue as the others."""
    if not any(reason.code is Code.BACKUP_LINE for reason in told):
        return told
    return [reason for reason in told if reason.code not in EXPLAINED]


def _from_incidents(incidents: Iterable[Incident], at: Moment) -> Iterator[Reason]:
    ranked = sorted(incidents, key=lambda each: -(each.grade or 0))
    for incident in ranked:
        code, level = _present(incident, at)
        if level >= Level.ATTENTION:
            yield Reason(
                code=code,
                level=level,
                since=incident.first if code is not Code.UNPLUGGED else incident.measured or incident.first,
                incident=incident.number,
                machine=incident.machine,
                mac=incident.mac,
                port=incident.port or incident.outside_port or None,
                nature=incident.nature,
                installation=incident.installation,
                who=incident.measured_by if code is Code.UNPLUGGED else None,
            )


def _present(incident: Incident, at: Moment) -> tuple[Code, Level]:
    """How an incident counts now: an alarm that was read is quiet for a day, unless somebody came since.

    Where its cable was pulled as well nobody knows, and that is no green: until the closing is proved, or the door
    is seen open again. A weak point of which somebody has said that it is meant to be so is noted.
    """
    if incident.story.kind is StoryKind.WEAK_POINT and incident.false_alarm is not None:
        return incident.code, Level.NOTE
    read = incident.read
    if incident.level is not Level.ALARM or read is None:
        return incident.code, incident.level
    if deeds.is_unplugged(incident):
        return Code.UNPLUGGED, Level.UNSURE
    if deeds.is_outdated(incident, read) or at.since(read) > READ_LASTS:
        return incident.code, incident.level
    return Code.ALARM_READ, Level.ATTENTION


def _from_outside(outlook: Outlook, at: Moment, denied: set[int]) -> Iterator[Reason]:
    """`denied`: families of which an incident tells already that no echo is believed."""
    if not outlook.echo:
        yield Reason(code=Code.NO_ECHO, level=Level.UNSURE, since=outlook.started)
        return
    if not outlook.families:
        yield Reason(code=Code.NOT_CHECKED, level=Level.UNSURE, since=outlook.started)
    for family in outlook.families:
        if family not in denied or outlook.complete(family):
            yield from _age(outlook, family, at)
    yield from _troubles(outlook)
    if outlook.assurance(at) is Assurance.C:
        yield Reason(code=Code.WEAK_ASSURANCE, level=Level.ATTENTION, since=_weak_since(outlook))


def _unchecked(stories: Iterable[Incident], outlook: Outlook) -> Iterator[Reason]:
    """A door the box has opened since the last complete check, which could not know of it."""
    complete = outlook.complete(4)
    opened = [
        each.last
        for each in stories
        if each.story.kind is StoryKind.MAPPING and each.level >= Level.ATTENTION and not is_udp(each.story)
    ]
    if complete is None or not complete.is_ours:  # nothing is proved, or nothing can be
        return
    since = min(
        (at for at in opened if at.since(complete.asked) > timedelta(0)), key=lambda at: at.boot, default=None
    )
    if since is not None:
        yield Reason(code=Code.NOT_CHECKED, level=Level.UNSURE, since=since)


def _weak_since(outlook: Outlook) -> Moment:
    """When something answered for everything, or else when nobody could look at all."""
    last = [proof for family in outlook.families for proof in outlook.of(family, PortList.FULL)]
    answered = [proof.asked for proof in last if proof.decoys_open] or [proof.asked for proof in last]
    return min(answered, key=lambda asked: asked.boot)


def _troubles(outlook: Outlook) -> Iterator[Reason]:
    """Each kind of interference once, since it began."""
    found = sorted(outlook.troubles.values(), key=lambda each: each.at.boot, reverse=True)
    for each in {trouble.outcome: trouble for trouble in found if trouble.family in outlook.families}.values():
        yield Reason(code=Code.CHECK_TROUBLED, level=Level.ATTENTION, since=each.at, outcome=each.outcome)


def _age(outlook: Outlook, family: int, at: Moment) -> Iterator[Reason]:
    """How old the proofs of one family are, and what the last attempt met."""
    complete, hourly = outlook.complete(family), outlook.hourly(family)
    missed = [each for each in outlook.missed.values() if each.family == family]
    last = max(missed, key=lambda each: each.at.boot, default=None)
    why = last.outcome if last else None
    doubtful = [each.at for each in missed if each.outcome is Outcome.ADDRESS_DOUBTFUL]
    if doubtful:  # whatever was proved, was it of us?
        yield Reason(
            code=Code.ADDRESS_DOUBTFUL, level=Level.UNSURE, since=min(doubtful, key=lambda each: each.boot)
        )
    elif complete is None or hourly is None:
        yield Reason(code=Code.NOT_CHECKED, level=Level.UNSURE, since=outlook.started, outcome=why)
    elif at.since(complete.asked) > COMPLETE_FRESH:
        yield Reason(code=Code.NOT_CHECKED, level=Level.UNSURE, since=complete.asked, outcome=why)
    elif at.since(hourly.asked) > HOURLY_FRESH:
        yield Reason(code=Code.CHECK_AGEING, level=Level.ATTENTION, since=hourly.asked, outcome=why)


def _settling(reasons: list[Reason], outlook: Outlook, at: Moment) -> Iterator[Reason]:
    """In the first minutes what is not known yet is one word: starting."""
    if at.since(outlook.started) > STARTING:
        yield from reasons
        return
    waiting = [reason for reason in reasons if reason.code in SETTLING]
    yield from (reason for reason in reasons if reason.code not in SETTLING)
    if waiting:
        yield Reason(code=Code.STARTING, level=Level.UNSURE, since=outlook.started)


def _fresh(reasons: Iterable[Reason]) -> dict[str, bool]:
    codes = {reason.code for reason in reasons}
    outside = {Code.NO_ECHO, Code.NOT_CHECKED, Code.STARTING, Code.ECHO_CONTRADICTED, Code.ADDRESS_DOUBTFUL}
    outside |= {Code.BACKUP_LINE}
    view = {Code.VIEW_LOST, Code.VIEW_UNPROVED, Code.STARTING}
    return {
        "outside": not codes & outside,
        "view": not codes & view,
        "capture": Code.CAPTURE_LOST not in codes,
        "store": not codes & {Code.STORE_FAILING, Code.DISK_FULL},
        "clock": Code.CLOCK_WRONG not in codes,
    }
