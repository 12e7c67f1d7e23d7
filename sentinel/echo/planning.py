"""Drawing up a plan: which knocks, from which source ports, at which decoys; pure but for the dice."""

from base64 import b32encode
from collections.abc import Collection
from dataclasses import dataclass
from secrets import SystemRandom, token_bytes

from sentinel.echo.neighbours import reaches
from sentinel.echo.protocol import (
    ASK_PORTS,
    SELF,
    WINDOW_MS,
    Plan,
    PlannedAsk,
    PlannedProbe,
    PlannedTarget,
    Request,
    token,
)
from sentinel.echo.settings import SOURCE_PORTS, Source
from sentinel.model.declared import Identify
from sentinel.model.exposure import PortList, Probe
from sentinel.model.moment import Address
from sentinel.services import DOOR_TEST_PORT, known_ports, port_list

NO_PORTS = (1, 0)
"""A share of none."""
DECOYS = 2
DECOY_PORTS = range(30_000, 65_536)
"""High ports nobody has heard of; one that is open by chance is harmless, both open is a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A door that is asked who it is, if it is open."""

    first: Probe
    second: Probe
    """Where the answer to the first question calls for another."""
    again: Probe
    """The look afterwards: does it still answer?"""

    @property
    def port(self) -> int:
        """The door."""
        return self.first.target_port

    def plan(self) -> PlannedAsk:
        """Its announcement."""
        sports = [probe.source_port for probe in (self.first, self.second, self.again)]
        return PlannedAsk(from_=str(self.first.source), port=self.port, sports=sports)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One check, ready to be made."""

    check: str
    nonce: str
    target: Address
    source: Source
    listed: tuple[Probe, ...]
    """The named list and the extra ports, inside the caller's share; without the controls."""
    decoys: tuple[Probe, ...]
    controls: tuple[Probe, ...]
    """Doors declared open; dialled last, because a firewall may ban a prober midway."""
    out_of_share: tuple[int, ...]
    asks: tuple[Ask, ...] = ()
    """The doors that may be asked who they are."""
    mark: str = ""
    """Our calling AE title in this check, and in no other."""
    tls: bool = False
    """Whether a door may be asked inside TLS."""
    shared: tuple[int, ...] = ()
    """Ports of an address that others use too, and that are not the caller's."""
    blocked: tuple[int, ...] = ()
    """Ports the hoster of this echo filters: not dialled, for silence would mean nothing."""
    ledger_head: str = ""
    """As it was sent."""

    @property
    def probes(self) -> tuple[Probe, ...]:
        """Everything that will be dialled."""
        return self.listed + self.decoys + self.controls

    def plan(self) -> Plan:
        """The announcement of this errand."""
        return Plan(
            v=1,
            check=self.check,
            nonce=self.nonce,
            target=PlannedTarget(family=self.target.version, addr=str(self.target)),
            probes=[_planned(probe) for probe in self.probes],
            decoys=[probe.target_port for probe in self.decoys],
            window_ms=WINDOW_MS,
            mark=self.mark,
            asks=[ask.plan() for ask in self.asks],
        )


def _planned(probe: Probe) -> PlannedProbe:
    return PlannedProbe(from_=str(probe.source), sport=probe.source_port, addr=SELF, port=probe.target_port)


def draw(
    request: Request,
    target: Address,
    source: Source,
    *,
    spared: Collection[int] = (),
    others: frozenset[int] = frozenset(),
    blocked: frozenset[int] = frozenset(),
) -> Errand:
    """The errand that answers a request; its list is known and its ports are ports.

    `spared`: doors that are knocked at like all others, and not asked who they are. `others`: quarters of this
    address in which only others were seen (`neighbours`); a share that reaches into one of them is no share.
    `blocked`: ports this vantage cannot test.

    Raises:
        ValueError: nobody knows a port list of that name.
    """
    low, high = NO_PORTS if reaches(*request.port_share, others) else request.port_share
    listing = {*port_list(PortList(request.ports)), *request.extra_ports}
    wanted = sorted(listing - blocked)
    listed, decoys, controls = _doors(request, wanted, (low, high), blocked)
    asked = [port for port in _wants_to_know(request, [*listed, *controls]) if port not in spared]
    doors = [*listed, *decoys, *controls]
    drawn = _probes([*doors, *(port for port in asked for _ in range(ASK_PORTS))], target, source)
    probes, asking = drawn[: len(doors)], drawn[len(doors) :]
    outside = tuple(port for port in wanted if not low <= port <= high)
    return Errand(
        check=token(),
        nonce=request.nonce,
        target=target,
        source=source,
        listed=probes[: len(listed)],
        decoys=probes[len(listed) : len(listed) + len(decoys)],
        controls=probes[len(listed) + len(decoys) :],
        out_of_share=() if others else outside,
        asks=_asks(asking),
        mark=f"SNT{b32encode(token_bytes(10)).decode()[:13]}",
        tls=request.identify in (Identify.NEW, Identify.ALL),
        shared=outside if others else (),
        blocked=tuple(sorted((listing | set(request.expect_open)) & blocked)),
        ledger_head=request.ledger_head,
    )


def _doors(
    request: Request, wanted: list[int], share: tuple[int, int], blocked: frozenset[int]
) -> tuple[list[int], list[int], list[int]]:
    """Ports that will be dialled, all within the share: of the list, of nobody's, and declared open."""
    low, high = share
    controls = [port for port in sorted(set(request.expect_open) - blocked) if low <= port <= high]
    listed = [port for port in wanted if low <= port <= high and port not in controls]
    return listed, _decoys({*known_ports(), *wanted, *request.expect_open, *blocked}, low, high), controls


def _wants_to_know(request: Request, doors: list[int]) -> list[int]:
    """The doors whose service the caller wants named; a word nobody knows asks for none.

    Nor does anybody ask the sentinel's own listener, which it opens to see whether we come in.
    """
    doors = [port for port in doors if port != DOOR_TEST_PORT]
    if request.identify == Identify.ALL:
        return doors
    if request.identify in (Identify.NEW, Identify.NEW_NO_TLS):
        return [port for port in doors if str(port) not in request.known]
    return []


def _asks(probes: tuple[Probe, ...]) -> tuple[Ask, ...]:
    """Three knocks in a row lead to one door."""
    in_threes = zip(*(probes[place::ASK_PORTS] for place in range(ASK_PORTS)), strict=True)
    return tuple(Ask(first=first, second=second, again=again) for first, second, again in in_threes)


def _decoys(taken: set[int], low: int, high: int) -> list[int]:
    high = min(high, DECOY_PORTS.stop - 1)
    high_ones = range(max(low, DECOY_PORTS.start), high + 1)
    free = set(_some(high_ones)) - taken
    if not free:  # a share without high ports, or a narrow one
        free = set(high_ones) - taken or set(range(max(low, 1024), high + 1)) - taken
    return SystemRandom().sample(sorted(free), min(DECOYS, len(free)))


def _some(ports: range) -> list[int]:
    """A few at random: to look at every one of them, check after check, is work for nothing."""
    return SystemRandom().sample(ports, min(64, len(ports)))


def _probes(ports: list[int], target: Address, source: Source) -> tuple[Probe, ...]:
    """Each with a source port of its own: that is how the sentinel tells them apart behind the box."""
    drawn = SystemRandom().sample(SOURCE_PORTS, len(ports))
    return tuple(
        Probe(source=source.seen_as, source_port=sport, target=target, target_port=port)
        for sport, port in zip(drawn, ports, strict=True)
    )
