"""What the echo saw, and what the mirror saw of it: the two witnesses.

A door is `reachable` when the echo says open and nothing contradicts it; it is closed only on living proof:
the echo says not open, and the machine behind it was seen alive, or the box has stopped listing the mapping that
led there, or checks of seven opening days found it shut. Otherwise it is `dormant`, which is neither.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sentinel.judgement.conditions import condition
from sentinel.judgement.door import Door
from sentinel.judgement.expected import Accepted
from sentinel.judgement.knocks import Heard
from sentinel.model.connection import ConnectionState
from sentinel.model.exposure import (
    Answer,
    Application,
    Auth,
    CellVerdict,
    Exposure,
    Kind,
    Nature,
    Reach,
    ReachOutcome,
    Why,
)
from sentinel.model.finding import Code, Finding, Grade, Level, Story, StoryKind
from sentinel.model.moment import Moment
from sentinel.services import Alarm, alarm, is_red, nature

ALIVE = timedelta(seconds=90)
"""A machine seen within this time before the report was awake at the check: it lasts seconds, and sightings are
told once a minute, or by what a machine says ten seconds after that."""
SLEEPING = timedelta(milliseconds=2500)
"""A router that says « no such host » this late has looked for the machine first: the door leads to one asleep."""
SAID_NO = (Reach.CLOSED, Reach.FILTERED, Reach.UNREACHABLE)
SAID_YES = (ConnectionState.ANSWERED, ConnectionState.CONNECTED, ConnectionState.CLOSED)


def opened(
    exposure: Exposure,
    heard: Heard | None,
    *,
    mirrored: bool,
    seconded: bool = False,
    nature: Nature | None = None,
) -> Finding:
    """The echo says open. The knock seen inside names the machine.

    Unseen on a proved mirror, the box itself answers, or this echo is mistaken: nobody can tell until another one
    agrees (`seconded`), and then what would be red behind the box is red.
    """
    inside_port = heard.port if heard else exposure.port
    red = is_red(inside_port, nature)
    if heard is None and mirrored and not (seconded and red):
        return _finding(exposure, Code.BOX_ANSWERS, Level.ATTENTION, None)
    code, level = {
        Alarm.OPEN: (Code.DOOR_REACHABLE, Level.ALARM),
        Alarm.IDENTIFIED: (Code.WEB_UNIDENTIFIED, Level.ATTENTION),
        Alarm.ATTENTION: (Code.DOOR_ATTENTION, Level.ATTENTION),
    }[Alarm.OPEN if red else alarm(inside_port)]
    return _finding(exposure, code, level, heard, nature)


def shut(
    exposure: Exposure, door: Door, heard: Heard | None, seen: Moment | None, *, unmapped: bool = False
) -> Finding:
    """A known door is no longer open: closed if its machine is alive or its mapping is gone, else dormant."""
    refused_inside = heard is not None and heard.state is ConnectionState.REFUSED
    awake = refused_inside or door.is_box or _is_awake(seen, exposure.at)
    # Nobody answers for a machine that sleeps: where it was never named, a refusal is the box's own and proves it.
    awake = awake or (door.machine is None and exposure.reach is Reach.CLOSED)
    asleep = exposure.why is Why.ICMP_HOST and not refused_inside
    closed = ((awake or unmapped) and not asleep) or door.is_given_up()
    return _ended(door, exposure.at, exposure.port, closed=closed)


def _is_awake(seen: Moment | None, at: Moment) -> bool:
    return seen is not None and at.since(seen) <= ALIVE


def _ended(door: Door, at: Moment, outside_port: int, *, closed: bool) -> Finding:
    return Finding(
        code=Code.DOOR_CLOSED if closed else Code.DOOR_DORMANT,
        story=door.story,
        level=Level.ATTENTION,
        ends=closed,
        at=at,
        machine=door.machine,
        mac=door.mac,
        port=door.port,
        outside_port=outside_port,
        count=0,
    )


EVERY_PORT = 0
"""In place of a public port: the box sends all of them to one machine (DMZ)."""


def forwarded(outcome: ReachOutcome, heard: Heard | None) -> Finding:
    """The box sends everything to one machine: one story, not one for each door that answers.

    Red once even ports that nobody opens answer; where that machine refuses them all it is worth attention, for
    the next program started there is open to everybody.
    """
    machine, mac = (heard.machine, heard.mac) if heard else (None, None)
    return Finding(
        code=Code.ALL_FORWARDED,
        story=Story(
            kind=StoryKind.DOOR,
            about=mac or str(machine or outcome.address or outcome.echo),
            port=EVERY_PORT,
            family=outcome.family,
        ),
        level=Level.ALARM if outcome.decoys_open else Level.ATTENTION,
        grade=Grade.REACHABLE if outcome.decoys_open else None,
        at=outcome.at,
        machine=machine,
        mac=mac,
        outside_port=EVERY_PORT,
        count=0,
    )


def no_longer_forwarded(outcome: ReachOutcome, door: Door, seen: Moment | None) -> Finding:
    """A complete check found no sign of it: closed if that machine is alive, else dormant."""
    awake = _is_awake(seen, outcome.at) or (door.machine is None and outcome.decoys_refused)
    return _ended(door, outcome.at, EVERY_PORT, closed=awake or door.is_given_up())


def gone(exposure: Exposure, heard: Heard | None) -> Finding:
    """A service that answered, was asked who it is, and has not answered since."""
    machine, mac, port = (heard.machine, heard.mac, heard.port) if heard else (None, None, None)
    return Finding(
        code=Code.SERVICE_GONE,
        story=Story(
            kind=StoryKind.SERVICE,
            about=mac or str(machine or exposure.address),
            port=exposure.port,
            family=exposure.address.version,
        ),
        level=Level.ATTENTION,
        at=exposure.at,
        machine=machine,
        mac=mac,
        port=port,
        outside_port=exposure.port,
        count=0,
    )


def back(story: Story, exposure: Exposure) -> Finding:
    """The service answers again, or its door is proved closed."""
    return Finding(code=Code.SERVICE_GONE, story=story, level=Level.ATTENTION, ends=True, at=exposure.at, count=0)


SPEECHLESS = (Kind.SILENT, Kind.CLOSES, Kind.RESETS, Kind.UNKNOWN)


def asks_nobody(app: Application | None) -> bool:
    """Whether what stands there serves whoever comes: it accepted the echo's own association, or showed imaging
    without asking for a name. A page that has a form of its own for that cannot be told apart."""
    if app is None:
        return False
    shown = app.auth is Auth.NONE and app.status == 200 and nature(app) is Nature.IMAGING
    return app.answer is Answer.ACCEPTED or shown


def speaks(app: Application | None) -> bool:
    """Somebody at this door has said what he is: nothing that merely answers for everything does."""
    return app is not None and app.kind not in SPEECHLESS


def moved(exposure: Exposure, door: Door) -> Finding:
    """A public port now leads elsewhere: the story of where it led before is over."""
    return Finding(
        code=Code.DOOR_CLOSED,
        story=door.story,
        level=Level.ATTENTION,
        ends=True,
        at=exposure.at,
        outside_port=exposure.port,
        count=0,
    )


def over(excused: Finding, ended: Accepted, at: Moment) -> Finding:
    """A door that was accepted when it was last found open, and is not any more."""
    return replace(
        excused,
        code=Code.WINDOW_OVER if ended.window else Code.ACCEPTANCE_OVER,
        level=Level.UNSURE,
        grade=None,
        at=at,
        who=ended.who or None,
    )


def granted(exposure: Exposure, door: Door) -> Finding:
    """A known door has been declared or accepted since: its story is over, though it is open."""
    return replace(moved(exposure, door), code=Code.EXPECTED_BROAD)


def sleeping(exposure: Exposure) -> Finding | None:
    """A door never seen open, whose answer betrays a forward to a machine that is off."""
    if exposure.why is not Why.ICMP_HOST or exposure.took < SLEEPING:
        return None
    return _finding(exposure, Code.DOOR_DORMANT, Level.ATTENTION, None)


def door_test(exposure: Exposure) -> Iterator[Finding]:
    """Our own listener, reached from outside without any rule for it: the box lets IPv6 in, to every machine."""
    if exposure.reach is Reach.OPEN or exposure.reach in SAID_NO:
        yield condition(Code.IPV6_LETS_IN, exposure.at, holds=exposure.reach is Reach.OPEN, level=Level.ATTENTION)


def contradicts(exposure: Exposure, heard: Heard | None) -> bool:
    """The echo denies what we saw: its knock was answered inside."""
    return exposure.reach in SAID_NO and heard is not None and heard.state in SAID_YES


CELLS = {
    Code.DOOR_REACHABLE: CellVerdict.EXPOSED,
    Code.WEB_UNIDENTIFIED: CellVerdict.EXPOSED,
    Code.DOOR_ATTENTION: CellVerdict.EXPOSED,
    Code.IPV6_LETS_IN: CellVerdict.EXPOSED,
    Code.BOX_ANSWERS: CellVerdict.BOX_ANSWERS,
    Code.ECHO_CONTRADICTED: CellVerdict.CONTRADICTED,
    Code.DOOR_DORMANT: CellVerdict.DORMANT,
}


def cell_verdict(exposure: Exposure, findings: list[Finding]) -> CellVerdict:
    """One word for one cell, from what was found of it."""
    for finding in findings:
        if not finding.ends and finding.code in CELLS:
            return CELLS[finding.code]
    if exposure.open_all:
        return CellVerdict.EXPOSED if speaks(exposure.app) else CellVerdict.OPEN_ALL
    if exposure.reach is Reach.OPEN:
        return CellVerdict.EXPECTED
    if exposure.why is Why.OUT_OF_RANGE and not exposure.source_port:  # by our own word: nobody knocked
        return CellVerdict.NOT_OURS
    return CellVerdict.NOT_SEEN if exposure.reach in SAID_NO else CellVerdict.UNKNOWN


def _finding(
    exposure: Exposure, code: Code, level: Level, heard: Heard | None, nature: Nature | None = None
) -> Finding:
    machine = heard.machine if heard else None
    mac = heard.mac if heard else None
    port = heard.port if heard else None
    return Finding(
        code=code,
        story=Story(
            kind=StoryKind.DOOR,
            about=mac or str(machine or exposure.address),
            port=port or exposure.port,
            family=exposure.address.version,
        ),
        level=level,
        grade=Grade.REACHABLE if exposure.reach is Reach.OPEN else None,
        nature=nature,
        asks_nobody=asks_nobody(exposure.app),
        at=exposure.at,
        machine=machine,
        mac=mac,
        port=port,
        outside_port=exposure.port,
        count=0,
    )
