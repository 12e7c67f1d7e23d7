"""Every fact of the street to its findings. What must be remembered between facts is remembered here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network

from sentinel.judgement import conditions, doors, visits
from sentinel.judgement.box import Box
from sentinel.judgement.conditions import Sight, Time
from sentinel.judgement.expected import Accepted, Terms
from sentinel.judgement.granted import Granted
from sentinel.judgement.in_clear import in_clear
from sentinel.judgement.installation import Installation
from sentinel.judgement.itself import Itself
from sentinel.judgement.knocks import Heard, Knocks
from sentinel.judgement.machines import Machines
from sentinel.judgement.outside import Outside
from sentinel.judgement.visits import Seen
from sentinel.judgement.watched import Watched
from sentinel.model.acting import Acceptance, Withdrawal
from sentinel.model.connection import Attempts, Connection
from sentinel.model.coverage import Coverage
from sentinel.model.declared import View
from sentinel.model.exposure import Exposure, Knock, ReachOutcome
from sentinel.model.finding import Code, Finding, Grade, Level
from sentinel.model.incident import Incident
from sentinel.model.machine import HostSighting, SeenBy, Sought
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import HomeNetwork, Network, Networks
from sentinel.model.passing import Beat, Health, NetworkAnswer
from sentinel.model.standing import Standing

__all__ = ["Judge", "Terms"]

REMEMBERED = 20_000
"""Connections whose grade is remembered, so that one told again is not counted again."""


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
        self.granted = Granted(started, terms.accepted, terms.expect_open)
        self.installation = Installation(started)
        self.itself = Itself()
        self.box = Box(self._machines, self.granted, terms.expect_open, self.itself)
        self.outside = Outside(
            self.sight, self._knocks, self._machines, self.box, terms, self.granted, self.itself
        )
        self.ends = 0
        """Acceptances that have ended."""
        self._watched = Watched(self.itself, mirrored=terms.view is View.MIRROR)
        self._in_clear: set[int] = set()
        """Associations told of in this run, by their serials."""
        self._visits: dict[int, Visit] = {}
        self._sums: dict[tuple[str, str, int], Attempts] = {}

    def adopt(self, home: HomeNetwork) -> Iterator[Finding]:
        """Our place in the network; a card that is without an address for a moment has not moved the practice."""
        if home.networks.own:
            self.networks = home.networks
        self.itself.adopt(home)
        yield from self.box.adopt(home)

    def remember(self, incidents: Iterable[Incident]) -> None:
        """After a restart: doors known from the store."""
        incidents = tuple(incidents)
        for incident in incidents:
            self._machines.learn(incident)
            self.box.remember(incident)
            self._watched.remember(incident)
        self.outside.remember(incidents)

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
        if connection.hairpin is not None and connection.hairpin in self.outside.addresses.values():
            return Standing.INSIDE  # a machine of ours, by way of our own public address
        if any(each.excuses(connection) for each in self.granted) or self.outside.is_at_firewall(connection):
            return Standing.EXPECTED
        standing = visits.whose(connection.source, self.networks, self._knocks.hiding)
        if standing is Standing.PRIVATE and self._is_known(connection.source):
            return Standing.KNOWN_NETWORK
        return standing

    def connection(self, connection: Connection, standing: Standing) -> Iterator[Finding]:
        """A visit, told the first time and whenever it climbs."""
        if standing is Standing.OWN_CHECK and self._knocks.hiding:
            yield conditions.condition(
                Code.BOX_HIDES,
                connection.changed,
                holds=self._knocks.hides(connection),
                level=Level.ATTENTION,
                family=connection.target.version,
            )
        yield from self._tell_in_clear(connection, standing)
        reached = visits.grade(connection, self._terms.thresholds)
        known = self._visits.get(connection.serial)
        grown = connection.bytes_out - (known.bytes_out if known else 0)
        if known is not None and reached <= known.grade and grown <= 0:
            return
        seen = Seen(new=known is None, grown=max(0, grown))
        if standing in (Standing.STRANGER, Standing.BOX):
            self._remember(connection, reached)
            nature = self.outside.nature_at(connection)
            yield self.installation.mark(visits.stranger_at_a_door(connection, reached, seen, nature))
        elif standing is Standing.PRIVATE and reached >= Grade.ANSWERED:
            self._remember(connection, reached)
            yield visits.private_network(connection, _network(connection.source), seen)

    def _tell_in_clear(self, connection: Connection, standing: Standing) -> Iterator[Finding]:
        """Each association once."""
        finding = in_clear(connection, standing, self.networks)
        if finding is not None and connection.serial not in self._in_clear:
            if len(self._in_clear) >= REMEMBERED:
                self._in_clear.clear()
            self._in_clear.add(connection.serial)
            yield finding

    def attempts(self, more: Attempts) -> Iterator[Finding]:
        """Sums are told with growing counts; what is new since the last time is judged."""
        key = (more.source_network, str(more.target), more.target_port)
        before = self._sums.get(key)
        if before is not None and before.hour != more.hour:
            before = None
        self._sums[key] = more
        while len(self._sums) > REMEMBERED:
            del self._sums[next(iter(self._sums))]
        if any(each.excuses_all(more) for each in self.granted) or self.outside.is_guarded(
            more.target, more.target_mac, more.target_port
        ):
            return
        source = visits.come_from(more)
        if source is not None and visits.whose(source, self.networks, self._knocks.hiding) is Standing.PRIVATE:
            if not self._is_known(source):
                yield from visits.summed_network(more, before)
        else:  # from inside there are no sums: whoever comes from our own network came through the box
            yield from map(self.installation.mark, visits.summed(more, before))

    def _is_known(self, source: Address) -> bool:
        return any(source in network for network in self._known)

    def _remember(self, connection: Connection, reached: Grade) -> None:
        self._visits[connection.serial] = Visit(grade=reached, bytes_out=connection.bytes_out)
        if len(self._visits) > REMEMBERED:
            del self._visits[next(iter(self._visits))]

    def forget_run(self) -> None:
        """`listen` began anew: its serials, sums and totals start over."""
        self._visits.clear()
        self._in_clear.clear()
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
        """One cell of an echo's report."""
        if not doors.contradicts(exposure, self.heard(exposure)):
            self.installation.hear(exposure, self._machines)
        asked = self._knocks.opened(exposure.check)
        found = (replace(each, asked=asked) for each in self.outside.exposure(exposure))
        return map(self.installation.mark, found)

    def outcome(self, outcome: ReachOutcome) -> Iterator[Finding]:
        """A check has ended: does the mirror show it, does the clock agree, and where do all the knocks go?"""
        self.sight.checked(outcome)
        yield from self.time.checked(outcome)
        yield from self.box.checked(outcome)
        found = (replace(each, asked=outcome.asked) for each in self.outside.outcome(outcome))
        yield from map(self.installation.mark, found)
        self.installation.learn(outcome)

    # -- itself --------------------------------------------------------------------------------------------

    def sighting(self, sighting: HostSighting) -> tuple[Finding, ...]:
        """A machine was alive: the living proof that a closing needs; and does it pass where we watch?"""
        self._machines.see(sighting)
        if sighting.seen_by is SeenBy.ASKING and self._watched.has_passed(sighting.mac, sighting.at):
            self.sight.asks(sighting.mac, sighting.at)
        return tuple(self._watched.see(sighting, self.networks))

    def sought(self, sought: Sought) -> tuple[Finding, ...]:
        """The box looks for a machine: no finding, but the end of a check asks whom it looked for."""
        self.outside.behind.hear(sought)
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
        yield from self._watched.beat(beat.at)
        yield from self.box.line.beat(beat.at)
        yield from self._end(self.granted.ended(beat.at), beat.at)

    def accept(self, acceptance: Acceptance) -> tuple[Finding, ...]:
        """Somebody accepts a door: no finding, but what it excuses is known from here on."""
        self.granted.take(acceptance)
        return ()

    def withdraw(self, withdrawal: Withdrawal) -> Iterator[Finding]:
        """Somebody does not accept it any more."""
        gone = self.granted.withdraw(withdrawal.number)
        yield from self._end([gone] if gone else [], withdrawal.at)

    def _end(self, ended: list[Accepted], at: Moment) -> Iterator[Finding]:
        for each in ended:
            self.ends += 1
            yield from self.outside.over(each, at)

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
