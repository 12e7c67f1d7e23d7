"""Every fact of the street to its findings. What must be remembered between facts is remembered here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network

from sentinel.judgement import conditions, doors, visits
from sentinel.judgement.box import Box
from sentinel.judgement.conditions import Sight, Time
from sentinel.judgement.doors import Door
from sentinel.judgement.expected import Accepted
from sentinel.judgement.knocks import Heard, Knocks
from sentinel.judgement.machines import Machines
from sentinel.judgement.visits import Seen, Thresholds
from sentinel.model.connection import Attempts, Connection
from sentinel.model.exposure import Exposure, Knock, Outcome, PortList, Reach, ReachOutcome
from sentinel.model.finding import Code, Finding, Grade, Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.machine import Coverage, HostSighting
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import Network, Networks
from sentinel.model.passing import Beat, Health, NetworkAnswer
from sentinel.model.standing import Standing
from sentinel.model.verdict import View
from sentinel.services import DOOR_TEST_PORT, Alarm, alarm

REMEMBERED = 20_000
"""Connections whose grade is remembered, so that one told again is not counted again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was declared: the configuration's part of judgement."""

    view: View = View.MIRROR
    accepted: tuple[Accepted, ...] = ()
    known: tuple[Network, ...] = ()
    """Private networks that may connect."""
    expect_open: frozenset[int] = frozenset()
    """Public ports declared open."""
    thresholds: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What was last told of one connection."""

    grade: Grade
    bytes_out: int


class Judge:
    """Remembers what facts alone do not carry: announced knocks, known doors, who was alive when."""

    def __init__(self, networks: Networks, terms: Terms, started: Moment) -> None:
        self.networks = networks
        self.time = Time(started)
        self.sight = Sight(terms.view, started)
        self.coverage: Coverage | None = None
        self._terms = terms
        self._knocks = Knocks()
        self._known = set(terms.known)
        self._machines = Machines()
        self.box = Box(self._machines, terms.accepted, terms.expect_open)
        self._doors: dict[tuple[int, int], Door] = {}
        self._denied: dict[int, set[int]] = {}
        """For each family the public ports of which the echo last denied what we saw."""
        self._visits: dict[int, Visit] = {}
        self._sums: dict[tuple[str, str, int], Attempts] = {}

    def remember(self, incidents: Iterable[Incident]) -> None:
        """After a restart: doors known from the store."""
        for incident in incidents:
            self._machines.learn(incident)
            self.box.remember(incident)
            if incident.story.kind is not StoryKind.DOOR or incident.state is IncidentState.CLOSED:
                continue
            if incident.outside_port is not None:
                self._doors[(incident.story.family, incident.outside_port)] = Door(
                    story=incident.story,
                    machine=incident.machine,
                    mac=incident.mac,
                    port=incident.port,
                    is_box=incident.code is Code.BOX_ANSWERS,
                )

    def recognise_network(self, network: Network) -> None:
        """A private network somebody said is ours."""
        self._known.add(network)

    # -- connections ---------------------------------------------------------------------------------------

    def standing(self, connection: Connection) -> Standing:
        """Who came, as it is written beside the row."""
        if not visits.is_inbound(connection):
            return Standing.INSIDE
        if self._knocks.recognise(connection):
            return Standing.OWN_CHECK
        if any(each.excuses(connection) for each in self._terms.accepted):
            return Standing.EXPECTED
        standing = visits.whose(connection.source, self.networks, self._knocks.hiding)
        if standing is Standing.PRIVATE and self._is_known(connection.source):
            return Standing.KNOWN_NETWORK
        return standing

    def connection(self, connection: Connection, standing: Standing) -> Iterator[Finding]:
        """A visit, told the first time and whenever it climbs."""
        reached = visits.grade(connection, self._terms.thresholds)
        known = self._visits.get(connection.serial)
        grown = connection.bytes_out - (known.bytes_out if known else 0)
        if known is not None and reached <= known.grade and grown <= 0:
            return
        seen = Seen(new=known is None, grown=max(0, grown))
        if standing in (Standing.STRANGER, Standing.BOX):
            self._remember(connection, reached)
            yield visits.stranger_at_a_door(connection, reached, seen)
        elif standing is Standing.PRIVATE and reached >= Grade.ANSWERED:
            self._remember(connection, reached)
            yield visits.private_network(connection, _network(connection.source), seen)

    def attempts(self, more: Attempts) -> Iterator[Finding]:
        """Sums are told with growing counts; what is new since the last time is judged."""
        key = (more.source_network, str(more.target), more.target_port)
        before = self._sums.get(key)
        if before is not None and before.hour != more.hour:
            before = None
        self._sums[key] = more
        while len(self._sums) > REMEMBERED:
            del self._sums[next(iter(self._sums))]
        if any(each.excuses_all(more) for each in self._terms.accepted):
            return
        source = ip_network(more.source_network).network_address
        if visits.whose(source, self.networks, self._knocks.hiding) is Standing.PRIVATE:
            if not self._is_known(source):
                yield from visits.summed_network(more, before)
        else:  # from inside there are no sums: whoever comes from our own network came through the box
            yield from visits.summed(more, before)

    def _is_known(self, source: Address) -> bool:
        return any(source in network for network in self._known)

    def _remember(self, connection: Connection, reached: Grade) -> None:
        self._visits[connection.serial] = Visit(grade=reached, bytes_out=connection.bytes_out)
        if len(self._visits) > REMEMBERED:
            del self._visits[next(iter(self._visits))]

    def forget_run(self) -> None:
        """`listen` began anew: its serials, sums and totals start over."""
        self._visits.clear()
        self._sums.clear()
        self.sight.forget_run()

    # -- outside -------------------------------------------------------------------------------------------

    def knock(self, knock: Knock) -> tuple[Finding, ...]:
        """The echo is about to knock: no finding, but what it excuses is known from here on."""
        self._knocks.announce(knock)
        return ()

    def heard(self, exposure: Exposure) -> Heard | None:
        """What the mirror saw of the knock behind one cell."""
        return self._knocks.heard(exposure.check, exposure.port)

    def exposure(self, exposure: Exposure) -> Iterator[Finding]:
        """One cell of the echo's report."""
        heard = self.heard(exposure)
        key = (exposure.address.version, exposure.port)
        if exposure.port == DOOR_TEST_PORT:
            self.box.tested(exposure)
            yield from doors.door_test(exposure)
        elif doors.contradicts(exposure, heard):
            self._denied.setdefault(key[0], set()).add(exposure.port)
            yield conditions.condition(Code.ECHO_CONTRADICTED, exposure.at, holds=True, family=key[0])
        elif exposure.reach is Reach.OPEN:
            self._denied.get(key[0], set()).discard(exposure.port)
            yield from self._open(exposure, heard, key)
        elif exposure.reach in doors.SAID_NO:
            self._denied.get(key[0], set()).discard(exposure.port)
            yield from self._shut(exposure, heard, key)
            yield from self.box.shut(exposure)

    def _open(self, exposure: Exposure, heard: Heard | None, key: tuple[int, int]) -> Iterator[Finding]:
        known = self._doors.get(key)
        mirrored = self.sight.is_mirrored(exposure.at, self._knocks.opened(exposure.check))
        if heard is None and known is not None:
            heard = known.as_heard()  # a knock we missed does not unname a door
        if self._is_declared(exposure, heard) or self._is_accepted(exposure, heard):
            if known is not None:
                del self._doors[key]
                if not self._is_open_elsewhere(key, known):
                    yield doors.granted(exposure, known)
            return
        finding = doors.opened(exposure, heard, mirrored=mirrored)
        self._machines.learn(finding)
        if known is not None and known.story != finding.story and not self._is_open_elsewhere(key, known):
            yield doors.moved(exposure, known)
        self._doors[key] = doors.led_to(finding)
        yield finding

    def _shut(self, exposure: Exposure, heard: Heard | None, key: tuple[int, int]) -> Iterator[Finding]:
        door = self._doors.get(key)
        if door is None:
            finding = doors.sleeping(exposure)
        else:
            door = self._doors[key] = door.refused_at(exposure.at)
            seen = self._machines.seen(door.mac or str(door.machine))
            finding = doors.shut(exposure, door, heard, seen, unmapped=self.box.has_unmapped(exposure))
        if finding is None:
            return
        if finding.ends:
            del self._doors[key]
        elif door is None:
            self._doors[key] = doors.led_to(finding)
        if door is None or not self._is_open_elsewhere(key, door):
            yield finding

    def _is_open_elsewhere(self, key: tuple[int, int], door: Door) -> bool:
        """Another public port leads to the same inside door: closing one of them closes nothing."""
        return any(
            other != key and each.story == door.story and each.refused is None
            for other, each in self._doors.items()
        )

    def _is_declared(self, exposure: Exposure, heard: Heard | None) -> bool:
        """A public port declared open; never one that has come to lead to a red door under another number."""
        if exposure.port not in self._terms.expect_open:
            return False
        return heard is None or heard.port == exposure.port or alarm(heard.port) is not Alarm.OPEN

    def _is_accepted(self, exposure: Exposure, heard: Heard | None) -> bool:
        machine, mac, port = (heard.machine, heard.mac, heard.port) if heard else (None, None, exposure.port)
        today = exposure.at.wall.date()
        return any(each.accepts_door(machine, mac, port, today) for each in self._terms.accepted)

    def outcome(self, outcome: ReachOutcome) -> Iterator[Finding]:
        """A check has ended: does the mirror show it, and does the clock agree?"""
        self.sight.checked(outcome)
        yield from self.time.checked(outcome)
        yield from self.box.checked(outcome)
        if outcome.outcome is Outcome.CHECKED:
            yield conditions.condition(
                Code.OPEN_ALL,
                outcome.at,
                holds=outcome.decoys_open,
                level=Level.ATTENTION,
                family=outcome.family,
            )
            yield from self._agree(outcome)

    def _agree(self, outcome: ReachOutcome) -> Iterator[Finding]:
        """A contradiction ends when the echo agrees about the same door; a full list asks about them all."""
        denied = self._denied.get(outcome.family)
        if denied or (denied is None and outcome.ports is not PortList.FULL):
            return
        self._denied.pop(outcome.family, None)
        yield conditions.condition(Code.ECHO_CONTRADICTED, outcome.at, holds=False, family=outcome.family)

    # -- itself --------------------------------------------------------------------------------------------

    def sighting(self, sighting: HostSighting) -> tuple[Finding, ...]:
        """A machine was alive: no finding by itself, but the living proof that a closing needs."""
        self._machines.see(sighting)
        return ()

    def see(self, coverage: Coverage) -> Iterator[Finding]:
        """What the capture could see."""
        self.coverage = coverage
        yield from self.sight.take(coverage)

    def health(self, health: Health) -> Iterator[Finding]:
        """A part of the sentinel reports."""
        yield conditions.health(health)

    def beat(self, beat: Beat) -> Iterator[Finding]:
        """Time passes."""
        yield from self.sight.beat(beat.at)
        yield from self.time.beat(beat.at)

    def answer(self, answer: NetworkAnswer) -> Iterator[Finding]:
        """Somebody said whose a private network is."""
        network = ip_network(answer.network)
        if answer.ours:
            self.recognise_network(network)
        else:
            self._known.discard(network)
        yield visits.answered_network(answer)


def _network(source: Address) -> str:
    return str(ip_network(f"{source}/{24 if source.version == 4 else 64}", strict=False))
