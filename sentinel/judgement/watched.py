"""Which machines pass the watched port, and which are only heard: those hang on the box's own ports or its Wi-Fi.

A machine asks everybody where the box is before it sends anything out, and everybody hears that. Whatever it
sends then crosses the link between box and switch, if it is behind that link. One that asks, and of which nothing
has passed for an hour while others passed, is elsewhere: worth attention, since nobody sees who comes to it. One
that is heard for a day and never asks may be a printer that wants nothing of the internet, or hang where the box
alone can reach it: that is noted and no more, for it is the same from here.

An address that a device made up for itself (IEEE 802c, second bit) is a telephone's: staff and patients are not
watched, and an imaging machine is not built so. What is known here is forgotten when the sentinel restarts, but
for the stories themselves.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sentinel.judgement.itself import Itself
from sentinel.model.finding import Code, Finding, Level, Story, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.machine import HostSighting, SeenBy, is_made_up
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import Networks, Place

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
MOST = 512
"""Machines remembered; a practice has a few dozen."""
TOLD = 50
"""Stories at once: a neighbour may invent machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A machine of which nothing has passed."""

    first: Moment
    last: Moment
    address: Address
    asked: Moment | None = None
    """Since when it wants something of the box."""


class Watched:
    """What of each machine was heard, and what passed.

    Args:
        mirrored: a mirror is declared: without one nothing passes of anybody.
        itself: our own cards.
    """

    def __init__(self, itself: Itself, *, mirrored: bool) -> None:
        self._itself = itself
        self._mirrored = mirrored
        self._heard: dict[str, Heard] = {}
        self._passed: dict[str, Moment] = {}
        self._told: dict[str, Level] = {}

    def remember(self, incident: Incident) -> None:
        """After a restart: a machine told of before, heard last when its story was."""
        is_told = incident.code is Code.NOT_WATCHED and incident.state is not IncidentState.CLOSED
        if is_told and incident.mac and incident.machine:
            self._told[incident.mac] = incident.level
            asked = incident.first if incident.level is Level.ATTENTION else None
            self._heard[incident.mac] = Heard(
                first=incident.first, last=incident.last, address=incident.machine, asked=asked
            )

    def see(self, sighting: HostSighting, networks: Networks) -> Iterator[Finding]:
        """A machine was alive, and how that showed."""
        mac, is_box = sighting.mac, networks.place(sighting.address) is Place.BOX
        if not self._mirrored or is_box or self._itself.is_us(sighting.address, mac):
            return
        if sighting.seen_by is SeenBy.PASSING:
            yield from self._pass(sighting)
        elif not is_made_up(mac) and not self.has_passed(mac, sighting.at):
            yield from self._hear(sighting)

    def beat(self, at: Moment) -> Iterator[Finding]:
        """A machine that was not heard for a week is not there any more."""
        for mac in [mac for mac in self._told if at.since(self._heard[mac].last) > WEEK]:
            yield self._end(mac, at)

    def _pass(self, sighting: HostSighting) -> Iterator[Finding]:
        self._passed.pop(sighting.mac, None)
        self._passed[sighting.mac] = sighting.at
        _limit(self._passed)
        if sighting.mac in self._told:
            yield self._end(sighting.mac, sighting.at)
        self._heard.pop(sighting.mac, None)

    def has_passed(self, mac: str, at: Moment) -> bool:
        """Whether something of it has passed the watched port within a week."""
        passed = self._passed.get(mac)
        return passed is not None and at.since(passed) <= WEEK

    def _hear(self, sighting: HostSighting) -> Iterator[Finding]:
        before = self._heard.pop(sighting.mac, None) or Heard(
            first=sighting.at, last=sighting.at, address=sighting.address
        )
        asked = before.asked or (sighting.at if sighting.seen_by is SeenBy.ASKING else None)
        known = self._heard[sighting.mac] = replace(
            before, last=sighting.at, address=sighting.address, asked=asked
        )
        _limit(self._heard, keep=self._told.keys())
        level = self._level(known)
        if level is not None and level > self._told.get(sighting.mac, -1):
            yield from self._tell(sighting, level)

    def _level(self, known: Heard) -> Level | None:
        """Only where others have passed since: while nobody works nothing passes of anybody."""
        last = max(self._passed.values(), key=lambda each: each.boot, default=None)
        if last is None:
            return None
        for since, lasts, level in ((known.asked, HOUR, Level.ATTENTION), (known.first, DAY, Level.NOTE)):
            if since is not None and known.last.since(since) >= lasts and last.since(since) >= lasts / 2:
                return level
        return None

    def _tell(self, sighting: HostSighting, level: Level) -> Iterator[Finding]:
        if sighting.mac in self._told or len(self._told) < TOLD:
            self._told[sighting.mac] = level
            yield _finding(sighting.mac, sighting.at, level, sighting.address)

    def _end(self, mac: str, at: Moment) -> Finding:
        level = self._told.pop(mac)
        return replace(_finding(mac, at, level, self._heard[mac].address), ends=True)


def _finding(mac: str, at: Moment, level: Level, address: Address) -> Finding:
    return Finding(
        code=Code.NOT_WATCHED,
        story=Story(kind=StoryKind.WEAK_POINT, about=f"{mac} {Code.NOT_WATCHED.value}"),
        level=level,
        at=at,
        machine=address,
        mac=mac,
        count=0,
    )


def _limit(known: dict[str, Any], keep: Collection[str] = ()) -> None:
    """Forget whoever was silent longest, and no story's machine."""
    while len(known) > MOST:
        del known[next(each for each in known if each not in keep)]
