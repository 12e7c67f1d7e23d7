"""The box as a witness: what it says of itself when asked from inside, and whether it is still the same one."""

from collections.abc import Iterable, Iterator

from sentinel.judgement.conditions import condition
from sentinel.judgement.doors import ALIVE, SAID_NO
from sentinel.judgement.expected import Accepted
from sentinel.judgement.itself import Itself
from sentinel.judgement.line import Line
from sentinel.judgement.machines import Machines
from sentinel.judgement.mappings import Mappings
from sentinel.model.box import BoxReading, Mapping, Reading, Transport
from sentinel.model.exposure import Exposure, Outcome, PortList, Reach, ReachOutcome
from sentinel.model.finding import Code, Finding, Level
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import HomeNetwork
from sentinel.services import Alarm, alarm


class Box:
    """What the box has said, and what of it was granted.

    Args:
        machines: who is behind an address of the LAN.
        accepted: doors somebody accepted, as they stand at each moment.
        expect_open: public ports declared open.
        itself: which machine is this very one; nobody can want its page open.
    """

    def __init__(
        self, machines: Machines, accepted: Iterable[Accepted], expect_open: frozenset[int], itself: Itself
    ) -> None:
        self._itself = itself
        self._machines = machines
        self._accepted = accepted
        self._expect_open = expect_open
        self._mappings = Mappings()
        self._lets_in: bool | None = None
        """What it said of its IPv6 firewall when it was last heard."""
        self._proved: bool | None = None
        """What our own listener proved of it."""
        self._families: tuple[int, ...] = (4, 6)
        """By which the practice can be reached; both until the kernel has told."""
        self._mac: str | None = None
        self.line = Line()
        self._changed: Moment | None = None
        """Since when it is another one, until everything was checked anew."""

    def remember(self, incident: Incident) -> None:
        """After a restart: a story told before."""
        if incident.state is not IncidentState.CLOSED:
            self._mappings.remember(incident)

    # -- what it says --------------------------------------------------------------------------------------

    def take(self, reading: BoxReading) -> Iterator[Finding]:
        """One look from inside."""
        yield from self.line.take(reading)
        yield from self._mappings.take(reading, self)
        offered = _offers(reading)
        if offered is not None:
            yield condition(Code.UPNP_OFFERED, reading.at, holds=offered, level=Level.NOTE)
        yield from self._hear_of_ipv6(reading)

    def _hear_of_ipv6(self, reading: BoxReading) -> Iterator[Finding]:
        """Its word alone accuses; a knock from outside settles it, and is not outdone by the same word again."""
        has_ipv6 = 6 in self._families  # without it nothing stands open
        said = reading.ipv6_inbound if has_ipv6 else None
        told = reading.reading in (Reading.READ, Reading.PARTLY) and (said is not None or not has_ipv6)
        if not told or said is self._lets_in:
            return
        before, self._lets_in = self._lets_in, said
        if self._lets_in:
            yield condition(Code.IPV6_LETS_IN, reading.at, holds=True, level=Level.ATTENTION)
        elif before and not self._proved:
            yield condition(Code.IPV6_LETS_IN, reading.at, holds=False, level=Level.ATTENTION)

    def tested(self, exposure: Exposure) -> None:
        """Our own listener was knocked at over IPv6."""
        if exposure.reach is Reach.OPEN or exposure.reach in SAID_NO:
            self._proved = exposure.reach is Reach.OPEN

    # -- what that proves of doors -------------------------------------------------------------------------

    def has_unmapped(self, exposure: Exposure, machine: Address | None = None, port: int | None = None) -> bool:
        """Whether the mapping that led from this public port to that machine was listed once and is gone."""
        return exposure.address.version == 4 and self._mappings.is_gone(exposure.port, machine, port)

    def found_open(self, exposure: Exposure) -> None:
        """The echo found a public port open: a mapping that went before proves nothing of it any more."""
        if exposure.address.version == 4:
            self._mappings.found_open(exposure.port)

    def shut(self, exposure: Exposure) -> Iterator[Finding]:
        """The echo found a public port not open."""

        def is_awake(address: Address) -> bool:
            seen = self._machines.seen(str(address))
            return seen is not None and exposure.at.since(seen) <= ALIVE

        if exposure.address.version == 4:
            yield from self._mappings.found_shut(exposure.port, exposure.at, is_awake)

    # -- what mappings ask ---------------------------------------------------------------------------------

    def mac(self, address: Address) -> str | None:
        """Its hardware address, if it was seen."""
        return self._machines.mac(address)

    def is_imaging(self, address: Address) -> bool:
        """Whether imaging was recognised there."""
        return self._machines.is_imaging(address)

    def is_granted(self, mapping: Mapping, at: Moment) -> bool:
        """Whether somebody declared or accepted that door."""
        mac = self.mac(mapping.machine)
        if self._itself.is_us(mapping.machine, mac) and mapping.transport is Transport.TCP:
            return False  # the page is TCP
        if any(each.accepts_door(mapping.machine, mac, mapping.inside_port, at) for each in self._accepted):
            return True
        declared = mapping.transport is Transport.TCP and mapping.outside_port in self._expect_open
        is_same = mapping.inside_port == mapping.outside_port or alarm(mapping.inside_port) is not Alarm.OPEN
        return declared and is_same

    # -- whether it is the same one ------------------------------------------------------------------------

    def adopt(self, home: HomeNetwork) -> Iterator[Finding]:
        """The kernel's view of the box: another hardware address is another box."""
        self._families = home.families
        if home.box_mac is None:
            return
        before, self._mac = self._mac, home.box_mac
        if before is not None and before != home.box_mac:
            self._changed = home.at
            yield from self.line.replaced(home.at)
            yield condition(Code.BOX_CHANGED, home.at, holds=True, level=Level.ATTENTION)

    def checked(self, outcome: ReachOutcome) -> Iterator[Finding]:
        """A complete check that began after the change: what was proved of the old box holds of the new one."""
        yield from self.line.checked(outcome)
        full = outcome.outcome is Outcome.CHECKED and outcome.ports is PortList.FULL
        if full and self._changed is not None and outcome.asked.boot > self._changed.boot:
            self._changed = None
            yield condition(Code.BOX_CHANGED, outcome.at, holds=False, level=Level.ATTENTION)


def _offers(reading: BoxReading) -> bool | None:
    """Whether the box opens doors to any program that asks; None when nothing was learnt.

    It is noted and never yellow by itself, although it is a weak point: the boxes of three of the four French
    providers come so, and a practice that is yellow for life looks at its lamp no more. The first door somebody
    opens that way is what turns it yellow, or red where it leads to imaging (`mappings`); its gesture says to
    switch this off.
    """
    if reading.igd is not None or reading.natpmp or reading.pcp:
        return True
    return None if reading.reading is Reading.FAILED else False
