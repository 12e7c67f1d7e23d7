"""What the box forwards, as it says itself: a door to somebody's machine is told before anyone knocks at it.

The box is believed when it accuses. When it acquits it is believed only about what it told before: a mapping it
listed and no longer lists is gone. One it never listed may exist all the same.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from sentinel.model.box import BoxReading, Mapping, Reading, Transport
from sentinel.model.finding import Code, Finding, Level, Story, StoryKind
from sentinel.model.incident import Incident
from sentinel.model.moment import Address, Moment
from sentinel.services import Alarm, alarm

TELEVISION = ("STB TR069", "STB Remote PVR rule")
"""What a French provider's box names the mappings of its own television box: shown, and no concern of ours."""
UNHEARD = timedelta(days=1)
"""A box without UPnP for so long forwards no UDP for it any more; whether it forwards TCP, the echo finds out."""
UDP = " udp"
GONE = 1024
"""Public ports remembered as mapped once."""

TOLD = 256
"""Mappings remembered while the box tells only a part of its list."""

Key = tuple[Address, int, Transport]
"""Machine and inside port: what a mapping leads to."""


class Known(Protocol):
    """What is known of the machines that mappings lead to, and of what somebody granted."""

    def mac(self, address: Address) -> str | None:
        """Its hardware address, if it was seen."""

    def is_imaging(self, address: Address) -> bool:
        """Whether imaging was recognised there."""

    def is_granted(self, mapping: Mapping, at: Moment) -> bool:
        """Whether somebody declared or accepted that door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A mapping that is a story."""

    story: Story
    mapping: Mapping
    ports: frozenset[int]
    """Public ports that lead there and have not been found closed since the box fell silent."""


class Mappings:
    """The mappings the box was last seen to have, and the public ports it once mapped and maps no more."""

    def __init__(self) -> None:
        self._told: dict[Key, Told] = {}
        self._gone: dict[int, tuple[Address, int]] = {}
        """Where a public port led that is mapped no more, and was not found open since."""
        self._unheard: Moment | None = None
        """Since when no UPnP answers."""

    def remember(self, incident: Incident) -> None:
        """After a restart: a mapping told before."""
        if incident.story.kind is not StoryKind.MAPPING:
            return
        machine, port, outside = incident.machine, incident.port, incident.outside_port
        if machine is None or port is None or outside is None:
            return
        transport = Transport.UDP if is_udp(incident.story) else Transport.TCP
        mapping = Mapping(transport=transport, outside_port=outside, machine=machine, inside_port=port)
        self._told[machine, port, transport] = Told(
            story=incident.story, mapping=mapping, ports=frozenset({outside})
        )

    def take(self, reading: BoxReading, known: Known) -> Iterator[Finding]:
        """One look at the box."""
        if reading.reading not in (Reading.READ, Reading.PARTLY):
            yield from self._hear_nothing(reading)
            return
        self._unheard = None
        before, complete = self._told, reading.reading is Reading.READ
        groups = dict(_grouped(reading.mappings))
        granted = {
            key for key, group in groups.items() if all(known.is_granted(each, reading.at) for each in group)
        }
        listed = {key: self._tell(key, group, known, reading.at) for key, group in groups.items()}
        self._count(listed.values(), before.values(), complete=complete)
        self._told = {key: each for key, each in listed.items() if key not in granted}
        if not complete:
            self._told = {**{key: each for key, each in before.items() if key not in granted}, **self._told}
        going_on = {each.story for each in self._told.values()}
        self._told = dict([*self._told.items()][-TOLD:])  # a box that never tells its list to the end
        for each in before.values():
            if each.story not in going_on:
                yield _gone(each, reading.at)
        for key, each in listed.items():
            if key not in granted:
                yield _opened(each, reading.at, known)

    def _tell(self, key: Key, group: list[Mapping], known: Known, at: Moment) -> Told:
        """Of several mappings to one place the worst is told; one that is granted covers no other."""
        before = self._told.get(key)
        open_to_question = [each for each in group if not known.is_granted(each, at)] or group
        mapping = max(open_to_question, key=lambda each: (_level(each, known), -each.outside_port))
        story = before.story if before else _story(mapping, known.mac(mapping.machine))
        return Told(story=story, mapping=mapping, ports=frozenset(each.outside_port for each in group))

    def _count(self, listed: Iterable[Told], before: Iterable[Told], *, complete: bool) -> None:
        now = _tcp_places(listed)
        if complete:
            self._gone |= _tcp_places(before)
        self._gone = {port: place for port, place in [*self._gone.items()][-GONE:] if port not in now}

    def is_gone(self, port: int, machine: Address | None, inside_port: int | None) -> bool:
        """Whether the box mapped this public TCP port to that place, and does not list it any more.

        `machine`: None where it was never named; then the box's word for where the port led is all there is.
        """
        place = self._gone.get(port)
        return place is not None and (machine is None or place == (machine, inside_port))

    def found_open(self, port: int) -> None:
        """Whatever led in here before, something else does now."""
        self._gone.pop(port, None)

    def _hear_nothing(self, reading: BoxReading) -> Iterator[Finding]:
        if reading.reading is not Reading.SILENT:
            return
        self._unheard = self._unheard or reading.at
        if reading.at.since(self._unheard) > UNHEARD:
            yield from self._end((key for key in self._told if key[2] is Transport.UDP), reading.at)

    def found_shut(self, port: int, at: Moment, is_awake: Callable[[Address], bool]) -> Iterator[Finding]:
        """The echo found this public port not open.

        While the box lists its mappings it knows better. Once it has stopped listing any (somebody has turned
        UPnP off, as we advise) this is what ends the story.
        """
        if self._unheard is None:
            return
        for key, each in self._told.items():
            if key[2] is Transport.TCP and port in each.ports and is_awake(key[0]):
                self._told[key] = replace(each, ports=each.ports - {port})
        yield from self._end((key for key, each in self._told.items() if not each.ports), at)

    def _end(self, keys: Iterable[Key], at: Moment) -> Iterator[Finding]:
        for key in list(keys):
            yield _gone(self._told.pop(key), at)


def _grouped(mappings: Iterable[Mapping]) -> Iterator[tuple[Key, list[Mapping]]]:
    groups: dict[Key, list[Mapping]] = {}
    for each in mappings:
        if each.enabled:
            groups.setdefault((each.machine, each.inside_port, each.transport), []).append(each)
    yield from groups.items()


def _tcp_places(told: Iterable[Told]) -> dict[int, tuple[Address, int]]:
    tcp = [each for each in told if each.mapping.transport is Transport.TCP]
    return {port: (each.mapping.machine, each.mapping.inside_port) for each in tcp for port in sorted(each.ports)}


def _story(mapping: Mapping, mac: str | None) -> Story:
    about = mac or str(mapping.machine)
    return Story(
        kind=StoryKind.MAPPING,
        about=about if mapping.transport is Transport.TCP else about + UDP,
        port=mapping.inside_port,
        family=4,
    )


def is_udp(story: Story) -> bool:
    """Whether a mapping's story is about UDP, which no echo knocks at."""
    return story.about.endswith(UDP)


def _level(mapping: Mapping, known: Known) -> Level:
    """Red at once where it leads to imaging or to another red door; a door for one address only never is."""
    if alarm(mapping.inside_port) is Alarm.OPEN or known.is_imaging(mapping.machine):
        is_for_anybody = mapping.transport is Transport.TCP and mapping.remote is None
        return Level.ALARM if is_for_anybody else Level.ATTENTION
    return Level.NOTE if mapping.text in TELEVISION else Level.ATTENTION


def _opened(told: Told, at: Moment, known: Known) -> Finding:
    mapping = told.mapping
    return Finding(
        code=Code.MAPPING_OPENED,
        story=told.story,
        level=_level(mapping, known),
        at=at,
        machine=mapping.machine,
        mac=known.mac(mapping.machine),
        port=mapping.inside_port,
        outside_port=mapping.outside_port,
        count=0,
    )


def _gone(told: Told, at: Moment) -> Finding:
    return Finding(
        code=Code.MAPPING_OPENED,
        story=told.story,
        level=Level.NOTE,
        at=at,
        ends=True,
        machine=told.mapping.machine,
        port=told.mapping.inside_port,
        outside_port=told.mapping.outside_port,
        count=0,
    )
