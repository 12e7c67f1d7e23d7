"""The two witnesses: what the echoes say of each public port, and what the mirror saw of their knocks.

Open at any echo counts; closed needs every echo whose word is fresh (`echoes`). `doors` holds the rules; this
remembers what they need.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sentinel import services
from sentinel.judgement import conditions, doors
from sentinel.judgement.behind import Behind
from sentinel.judgement.box import Box
from sentinel.judgement.conditions import Sight
from sentinel.judgement.door import Door, led_to
from sentinel.judgement.echoes import Echoes
from sentinel.judgement.excused import Excused
from sentinel.judgement.expected import Accepted, Terms, is_firewall
from sentinel.judgement.granted import Granted
from sentinel.judgement.itself import Itself
from sentinel.judgement.knocks import Heard, Knocks
from sentinel.judgement.machines import Machines
from sentinel.model.connection import Connection
from sentinel.model.exposure import AfterProbe, Exposure, Nature, Outcome, PortList, Reach, ReachOutcome
from sentinel.model.finding import Code, Finding, Level, Story, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.moment import Address, Moment
from sentinel.services import DOOR_TEST_PORT, Alarm, alarm


class Outside:
    """Known doors, and what each check makes of them.

    Args:
        sight: whether the mirror is proved.
        knocks: what was heard of the echoes' knocks inside.
        machines: who was alive when.
        box: what the box says of itself.
        terms: what was declared.
        granted: doors somebody accepted, as they stand at each moment.
        itself: which machine is this very one; nobody can want its page open.
    """

    def __init__(
        self,
        sight: Sight,
        knocks: Knocks,
        machines: Machines,
        box: Box,
        terms: Terms,
        granted: Granted,
        itself: Itself,
    ) -> None:
        self._sight = sight
        self._knocks = knocks
        self._machines = machines
        self._box = box
        self._terms = terms
        self._excused = Excused(granted)
        self._itself = itself
        self.addresses: dict[int, Address] = {}
        """For each family our public address, as the last check was told it."""
        self._doors: dict[tuple[int, int], Door] = {}
        self.echoes = Echoes()
        self.behind = Behind()
        self._gone: dict[tuple[int, int], Story] = {}
        """Services that stopped after our question, by family and public port."""
        self._broad: set[tuple[int, int]] = set()
        """Accepted doors where something red was recognised under a number that is not."""
        self._spoken = ""
        """The last check in which everything was open and some door said what it is."""

    def remember(self, incidents: Iterable[Incident]) -> None:
        """After a restart: doors known from the store."""
        for incident in incidents:
            if incident.story.kind is StoryKind.SERVICE and incident.state is not IncidentState.CLOSED:
                self._gone[(incident.story.family, incident.story.port)] = incident.story
            if incident.story.kind is not StoryKind.DOOR or incident.state is IncidentState.CLOSED:
                continue
            if incident.outside_port is not None:
                self._doors[(incident.story.family, incident.outside_port)] = Door(
                    story=incident.story,
                    machine=incident.machine,
                    mac=incident.mac,
                    port=incident.port,
                    nature=incident.nature,
                    is_box=incident.code is Code.BOX_ANSWERS,
                )

    def exposure(self, exposure: Exposure) -> Iterator[Finding]:
        """One cell of the echo's report."""
        heard = self._knocks.heard(exposure.check, exposure.port)
        key = (exposure.address.version, exposure.port)
        if exposure.port == DOOR_TEST_PORT:
            self._box.tested(exposure)
            yield from doors.door_test(exposure)
        elif doors.contradicts(exposure, heard):
            yield self.echoes.contradict(exposure)
        elif exposure.reach is Reach.OPEN or exposure.reach in doors.SAID_NO:
            self.echoes.hear(exposure)
            if exposure.reach is Reach.OPEN:
                self._box.found_open(exposure)
                yield from self._serves(exposure, heard, key)
                yield from self._open(exposure, heard, key)
            elif not self.echoes.is_open_to_another(exposure):
                self._excused.forget(key)
                yield from self._widen(key, exposure.at, broad=False)
                yield from self._shut(exposure, heard, key)
                yield from self._box.shut(exposure)

    def _serves(self, exposure: Exposure, heard: Heard | None, key: tuple[int, int]) -> Iterator[Finding]:
        """Whether the service has outlived our question."""
        if exposure.app is not None and exposure.app.after_probe is AfterProbe.GONE:
            finding = doors.gone(exposure, heard)
            self._gone[key] = finding.story
            yield finding
        elif key in self._gone:
            yield doors.back(self._gone.pop(key), exposure)

    def _open(self, exposure: Exposure, heard: Heard | None, key: tuple[int, int]) -> Iterator[Finding]:
        known = self._doors.get(key)
        mirrored = self._sight.is_mirrored(exposure.at, self._knocks.opened(exposure.check))
        if exposure.open_all and known is None and not self._stands_alone(exposure, heard, mirrored=mirrored):
            return  # told of the whole, once the check has ended
        nature = services.nature(exposure.app)
        if known is not None and (heard is None or known.is_at(heard)):
            heard = heard or known.as_heard()  # a knock we missed does not unname a door
            nature = nature or known.nature
        if exposure.app is None and heard is not None:  # opened anew: nobody is asked twice a day who he is
            nature = nature or self._machines.nature(heard.mac or str(heard.machine), heard.port)
        finding = doors.opened(
            exposure,
            heard,
            mirrored=mirrored,
            seconded=self.echoes.is_open_to_another(exposure),
            nature=nature,
        )
        is_ours = self._itself.is_behind(exposure, heard)
        is_accepted = not is_ours and self._is_accepted(exposure, heard, nature)
        if is_accepted or (not is_ours and self._is_declared(exposure, heard, nature)):
            if is_accepted:
                self._excused.note(key, finding)
            if known is not None:
                del self._doors[key]
                if not self._is_open_elsewhere(key, known):
                    yield doors.granted(exposure, known)
            stays = exposure.app is None and key in self._broad  # nobody was asked: it is what it was
            yield from self._widen(key, exposure.at, broad=nature is not None or stays)
            return
        self._excused.forget(key)
        yield from self._widen(key, exposure.at, broad=False)
        self._machines.learn(finding)
        if known is not None and known.story != finding.story and not self._is_open_elsewhere(key, known):
            yield doors.moved(exposure, known)
        self._doors[key] = led_to(finding)
        yield finding

    def _widen(self, key: tuple[int, int], at: Moment, *, broad: bool) -> Iterator[Finding]:
        """An accepted door where imaging, storage or a screen was recognised is open to everybody all the same."""
        before = bool(self._broad)
        self._broad = self._broad | {key} if broad else self._broad - {key}
        if bool(self._broad) != before:
            yield conditions.condition(Code.EXPECTED_BROAD, at, holds=not before, level=Level.ATTENTION)

    def _stands_alone(self, exposure: Exposure, heard: Heard | None, *, mirrored: bool) -> bool:
        """Where everything is open only a door that leads elsewhere than all the others is one of its own."""
        if doors.speaks(exposure.app) and not mirrored:
            self._spoken = exposure.check
        everywhere = self._knocks.sent_all(exposure.check)
        return heard is not None and (everywhere is None or everywhere.machine != heard.machine)

    def _shut(self, exposure: Exposure, heard: Heard | None, key: tuple[int, int]) -> Iterator[Finding]:
        door = self._doors.get(key)
        if door is None:
            finding = doors.sleeping(exposure)
        else:
            door = self._doors[key] = door.refused_at(exposure.at, is_open=self._terms.is_open(exposure.at.wall))
            seen = self._machines.seen(door.mac or str(door.machine))
            unmapped = self._box.has_unmapped(exposure, door.machine, door.port)
            finding = doors.shut(exposure, door, heard, seen, unmapped=unmapped)
        if finding is None:
            return
        if finding.ends and key in self._gone:
            yield doors.back(self._gone.pop(key), exposure)
        if finding.ends:
            del self._doors[key]
        elif door is None:
            self._doors[key] = led_to(finding)
        if door is None or not self._is_open_elsewhere(key, door):
            yield finding

    def _is_open_elsewhere(self, key: tuple[int, int], door: Door) -> bool:
        """Another public port leads to the same inside door: closing one of them closes nothing."""
        return any(
            other != key and each.story == door.story and each.refused is None
            for other, each in self._doors.items()
        )

    def _is_declared(self, exposure: Exposure, heard: Heard | None, nature: Nature | None) -> bool:
        """A public port declared open; never one that has come to lead to a red door under another number.

        Nor one where something red was recognised under a number that is not: a VPN was declared, and no archive.
        """
        if exposure.port not in self._terms.expect_open:
            return False
        if nature is not None and alarm(exposure.port) is not Alarm.OPEN:
            return False
        return heard is None or heard.port == exposure.port or alarm(heard.port) is not Alarm.OPEN

    def _is_accepted(self, exposure: Exposure, heard: Heard | None, nature: Nature | None) -> bool:
        machine, mac, port = (heard.machine, heard.mac, heard.port) if heard else (None, None, exposure.port)
        if nature is None and self.is_guarded(machine, mac, port):
            return True
        return self._excused.accepts(machine, mac, port, exposure.at)

    def over(self, ended: Accepted, at: Moment) -> Iterator[Finding]:
        """An acceptance has ended: what it excused is a door like any other."""
        for key, finding in self._excused.over(ended, at):
            self._doors[key] = led_to(finding)
            yield finding

    def is_guarded(self, machine: Address | None, mac: str | None, port: int) -> bool:
        """At the declared firewall, by a port that is red nowhere: what is behind it is judged there."""
        return is_firewall(self._terms.firewall, machine, mac) and alarm(port) is not Alarm.OPEN

    def is_at_firewall(self, connection: Connection) -> bool:
        """Whether a visit ends at the declared firewall, as it may."""
        guarded = self.is_guarded(connection.target, connection.target_mac, connection.target_port)
        return guarded and connection.dicom is None

    def nature_at(self, connection: Connection) -> Nature | None:
        """What is known to stand where a connection leads."""
        place = Heard(
            machine=connection.target,
            mac=connection.target_mac,
            port=connection.target_port,
            state=connection.state,
        )
        return next(
            (door.nature for door in self._doors.values() if door.nature and door.machine and door.is_at(place)),
            None,
        )

    def public_ports(self, story: Story) -> tuple[int, ...]:
        """The public ports by which a story's door was reached, as far as they are known."""
        found = {port for (family, port), door in self._doors.items() if door.story == story}
        return tuple(sorted(found - {doors.EVERY_PORT}))

    def outcome(self, outcome: ReachOutcome) -> Iterator[Finding]:
        """A check has ended: where do all the knocks go, and is a contradiction over?"""
        # Only what an echo has signed and knocked at: it is what excuses our own machines.
        if outcome.address is not None and outcome.outcome is Outcome.CHECKED:
            self.addresses[outcome.family] = outcome.address
        if outcome.ports is not PortList.RETEST:
            yield from self._everything(outcome)
        if outcome.outcome is Outcome.CHECKED:
            yield from self.echoes.checked(outcome)
            yield from self._guess(outcome)

    def _guess(self, outcome: ReachOutcome) -> Iterator[Finding]:
        """Whom the box looked for, where no knock was seen inside."""
        knock = self._knocks.announced(outcome.check or "")
        if knock is not None:
            yield from self.behind.checked(knock, outcome.opened, self._doors, outcome.at)

    def _everything(self, outcome: ReachOutcome) -> Iterator[Finding]:
        """Whether the box sends every knock to one machine, or something answers them all."""
        complete, key = outcome.outcome is Outcome.CHECKED, (outcome.family, doors.EVERY_PORT)
        if outcome.check is None or not (complete or outcome.decoys_open):
            return
        # Over IPv6 nothing is forwarded: every knock is meant for us, and the door test tells whether it came in.
        heard = self._knocks.sent_all(outcome.check) if outcome.family == 4 else None
        spoken = outcome.decoys_open and self._spoken == outcome.check
        guarded = heard is not None and is_firewall(self._terms.firewall, heard.machine, heard.mac)
        sent = (heard is not None or spoken) and not guarded
        door = self._doors.get(key)
        if sent:
            finding = doors.forwarded(outcome, heard or (door.as_heard() if door else None))
            if door is not None and door.story != finding.story:
                yield replace(finding, code=Code.DOOR_CLOSED, story=door.story, level=Level.ATTENTION, ends=True)
            self._doors[key] = led_to(finding)
            yield finding
        elif door is not None and complete:
            yield self._no_longer(outcome, door, key, guarded=guarded)
        yield conditions.condition(
            Code.OPEN_ALL,
            outcome.at,
            holds=outcome.decoys_open and not sent,
            level=Level.ATTENTION,
            family=outcome.family,
        )

    def _no_longer(self, outcome: ReachOutcome, door: Door, key: tuple[int, int], *, guarded: bool) -> Finding:
        door = self._doors[key] = door.refused_at(outcome.at, is_open=self._terms.is_open(outcome.at.wall))
        finding = doors.no_longer_forwarded(outcome, door, self._machines.seen(door.mac or str(door.machine)))
        if guarded:  # declared since: it is still sent everything, and may be
            finding = replace(finding, code=Code.EXPECTED_BROAD, ends=True)
        if finding.ends:
            del self._doors[key]
        return finding
