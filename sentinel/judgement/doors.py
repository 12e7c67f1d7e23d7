"""What the echo saw, and what the mirror saw of it: the two witnesses.

A door is `reachable` when the echo says open and nothing contradicts it; it is closed only on living proof:
the echo says not open, and the machine behind it was seen alive, or the box has stopped listing the mapping that
led there, or a week of checks found it shut. Otherwise it is `dormant`, which is neither.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from sentinel.judgement.conditions import condition
from sentinel.judgement.knocks import Heard
from sentinel.model.connection import ConnectionState
from sentinel.model.exposure import CellVerdict, Exposure, Reach, Why
from sentinel.model.finding import Code, Finding, Grade, Level, Story, StoryKind
from sentinel.model.moment import Address, Moment
from sentinel.services import Alarm, alarm

ALIVE = timedelta(seconds=90)
"""A machine seen within this time before the report was awake at the check: it lasts seconds, and sightings are
told once a minute."""
SLEEPING = timedelta(milliseconds=2500)
"""A router that says « no such host » this late has looked for the machine first: the door leads to one asleep."""
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SAID_NO = (Reach.CLOSED, Reach.FILTERED, Reach.UNREACHABLE)
SAID_YES = (ConnectionState.ANSWERED, ConnectionState.CONNECTED, ConnectionState.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A public port once found open, and where it led."""

    story: Story
    machine: Address | None
    mac: str | None
    port: int | None
    is_box: bool = False
    """The box itself answered: it is alive whenever a check passes through it."""
    refused: tuple[Moment, Moment] | None = None
    """From when to when every check, at least one a day, found it not open."""

    def as_heard(self) -> Heard | None:
        """Where it led when its knock was last seen; nothing when it never was."""
        if self.machine is None:
            return None
        port = self.port or self.story.port
        return Heard(machine=self.machine, mac=self.mac, port=port, state=ConnectionState.ANSWERED)

    def refused_at(self, at: Moment) -> "Door":
        """The same, not open once more; a day without any check begins the count anew."""
        if self.refused is None or at.since(self.refused[1]) > DAY:
            return replace(self, refused=(at, at))
        return replace(self, refused=(self.refused[0], at))

    def is_given_up(self) -> bool:
        """Not open in every check of a week."""
        return self.refused is not None and self.refused[1].since(self.refused[0]) >= WEEK


def led_to(finding: Finding) -> Door:
    """The door a finding tells of."""
    return Door(
        story=finding.story,
        machine=finding.machine,
        mac=finding.mac,
        port=finding.port,
        is_box=finding.code is Code.BOX_ANSWERS,
    )


def opened(exposure: Exposure, heard: Heard | None, *, mirrored: bool) -> Finding:
    """The echo says open. The knock seen inside names the machine; unseen on a proved mirror, the box answers."""
    if heard is None and mirrored:
        return _finding(exposure, Code.BOX_ANSWERS, Level.ATTENTION, None)
    inside_port = heard.port if heard else exposure.port
    code, level = {
        Alarm.OPEN: (Code.DOOR_REACHABLE, Level.ALARM),
        Alarm.IDENTIFIED: (Code.WEB_UNIDENTIFIED, Level.ATTENTION),
        Alarm.ATTENTION: (Code.DOOR_ATTENTION, Level.ATTENTION),
    }[alarm(inside_port)]
    return _finding(exposure, code, level, heard)


def shut(
    exposure: Exposure, door: Door, heard: Heard | None, seen: Moment | None, *, unmapped: bool = False
) -> Finding:
    """A known door is no longer open: closed if its machine is alive or its mapping is gone, else dormant."""
    refused_inside = heard is not None and heard.state is ConnectionState.REFUSED
    awake = refused_inside or door.is_box or (seen is not None and exposure.at.since(seen) <= ALIVE)
    # Nobody answers for a machine that sleeps: where it was never named, a refusal is the box's own and proves it.
    awake = awake or (door.machine is None and exposure.reach is Reach.CLOSED)
    asleep = exposure.why is Why.ICMP_HOST and not refused_inside
    closed = ((awake or unmapped) and not asleep) or door.is_given_up()
    return Finding(
        code=Code.DOOR_CLOSED if closed else Code.DOOR_DORMANT,
        story=door.story,
        level=Level.ATTENTION,
        ends=closed,
        at=exposure.at,
        machine=door.machine,
        mac=door.mac,
        port=door.port,
        outside_port=exposure.port,
        count=0,
    )


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
    if exposure.reach is Reach.OPEN:
        return CellVerdict.EXPECTED
    return CellVerdict.NOT_SEEN if exposure.reach in SAID_NO else CellVerdict.UNKNOWN


def _finding(exposure: Exposure, code: Code, level: Level, heard: Heard | None) -> Finding:
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
        at=exposure.at,
        machine=machine,
        mac=mac,
        port=port,
        outside_port=exposure.port,
        count=0,
    )
