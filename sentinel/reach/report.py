"""Reading what an echo signed: pure, so that a recorded plan and report can be verified again years later.

A report counts only if it is signed by a key we trust, answers our very question, and proves that this echo can
tell open from closed. Whatever is missing is an `Outcome`. What is open accuses in any case; what is not open
acquits only in a report that counts.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import TypeVar

from sentinel import dsse
from sentinel.dsse import Forged, Garbled, Message
from sentinel.echo import protocol
from sentinel.echo.protocol import ASK_PORTS, Cell, Plan, Report
from sentinel.model.declared import Identify
from sentinel.model.exposure import Application, Exposure, Outcome, PortList, Probe, Reach, Why
from sentinel.model.moment import Address, Moment
from sentinel.reach.application import read_application
from sentinel.services import port_list

M = TypeVar("M", bound=Message)

DEFINITE = frozenset({Reach.OPEN, Reach.CLOSED, Reach.FILTERED, Reach.UNREACHABLE})
CHECK = re.compile(r"[A-Za-z0-9_-]{1,64}")
MARK = re.compile(r"SNT[A-Z2-7]{13}")
PROBES = 128
"""More than the longest list, the extra ports and the decoys."""
WINDOW_MS = 60_000
"""Longer than any plan's window: an echo may not excuse strangers for hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What we asked, as far as an answer must agree with it."""

    nonce: str
    key_id: str
    """Our own."""
    echo: str
    """The echo's name in our facts: the key id of its invitation."""
    echo_keys: tuple[bytes, ...]
    address: Address
    """Our public address, as the echo saw us come."""
    ports: PortList
    extra_ports: tuple[int, ...] = ()
    expect_open: tuple[int, ...] = ()
    identify: Identify = Identify.NONE
    port_share: tuple[int, int] = protocol.ALL_PORTS
    """First and last port of ours, where the address is shared with neighbours."""

    @property
    def doors(self) -> frozenset[int]:
        """Every port that was asked about."""
        return frozenset({*port_list(self.ports), *self.extra_ports, *self.expect_open})

    @property
    def ours(self) -> frozenset[int]:
        """Those that must have their answer: a neighbour's door is none of our business."""
        low, high = self.port_share
        return frozenset(port for port in self.doors if low <= port <= high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A plan that answers our question."""

    check: str
    probes: tuple[Probe, ...]
    decoys: frozenset[int]
    window: timedelta
    asks: tuple[Probe, ...] = ()
    """The connections that may send something."""
    mark: str = ""
    keys: tuple[bytes, ...] = ()
    """The echo's keys from now on, said under the signature of one we trust; empty: as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A report that answers our question; `outcome` says whether it also proves something."""

    check: str
    outcome: Outcome
    """CHECKED, NOT_PROVED, or ADDRESS_DOUBTFUL where the echo has met neighbours at our address."""
    cells: tuple[tuple[Probe, Reach, Why, timedelta], ...]
    tested: int
    decoys_open: bool
    decoys_refused: bool
    control: bool
    """Doors were declared open, and all of them were found open, after everything else."""
    ended: datetime | None
    """By the echo's clock, signed; None when it is no time."""
    applications: Mapping[int, Application] = field(default_factory=dict)
    """What answered, by public port: of open doors that were announced to be asked."""

    def exposures(self, question: Question, at: Moment) -> Iterator[Exposure]:
        """One fact for every port that was asked about."""
        for probe, reach, why, took in (*self.cells, *self._beyond(question)):
            yield Exposure(
                check=self.check,
                echo=question.echo,
                address=probe.target,
                port=probe.target_port,
                reach=reach,
                why=why,
                took=took,
                source=probe.source,
                source_port=probe.source_port,
                at=at,
                app=self.applications.get(probe.target_port),
                open_all=self.decoys_open and reach is Reach.OPEN,
            )

    @staticmethod
    def _beyond(question: Question) -> Iterator[tuple[Probe, Reach, Why, timedelta]]:
        """The doors of our neighbours: nobody knocked, by our own word and not by the echo's."""
        for port in sorted(question.doors - question.ours):
            nobody = Probe(source=question.address, source_port=0, target=question.address, target_port=port)
            yield nobody, Reach.UNTESTED, Why.OUT_OF_RANGE, timedelta(0)


def read_plan(raw: bytes, question: Question) -> Announced | Outcome:
    """The knocks that were announced to us, or why this is no announcement."""
    plan = _unsealed(raw, protocol.PLAN, Plan, question)
    if isinstance(plan, Outcome):
        return plan
    if not CHECK.fullmatch(plan.check):
        return Outcome.NOT_AN_ECHO  # it becomes part of a path
    if plan.nonce != question.nonce or plan.target.addr != str(question.address):
        return Outcome.NOT_OUR_QUESTION
    try:
        probes = tuple(_probes(plan, question.address))
        asks = tuple(_asks(plan, question.address))
    except ValueError:
        return Outcome.NOT_AN_ECHO
    if not _is_asked_for(probes, plan, question) or not _may_be_asked(probes, asks, plan, question):
        return Outcome.NOT_OUR_QUESTION
    return Announced(
        check=plan.check,
        probes=probes,
        decoys=frozenset(plan.decoys),
        window=timedelta(milliseconds=plan.window_ms),
        asks=asks,
        mark=plan.mark if asks else "",
        keys=_renewed(plan, question),
    )


def _renewed(plan: Plan, question: Question) -> tuple[bytes, ...]:
    """Current and next, of which one is known: after two rotations we slept through we must enrol again."""
    told = tuple(plan.keys[:2])
    well_formed = len(set(told)) == 2 and all(len(key) == 32 for key in told)
    if not well_formed or set(told) == set(question.echo_keys) or not set(told) & set(question.echo_keys):
        return ()
    return told


def _probes(plan: Plan, address: Address) -> Iterator[Probe]:
    for planned in plan.probes[: PROBES + 1]:
        if planned.addr != protocol.SELF:
            raise ValueError("not a knock at our address")
        yield _probe(planned.from_, planned.sport, planned.port, address)


def _asks(plan: Plan, address: Address) -> Iterator[Probe]:
    for planned in plan.asks[: PROBES + 1]:
        for sport in planned.sports[: ASK_PORTS + 1]:
            yield _probe(planned.from_, sport, planned.port, address)


def _probe(source: str, sport: int, port: int, address: Address) -> Probe:
    origin = ip_address(source)
    if not 1 <= sport <= 65535 or not 1 <= port <= 65535 or origin.version != address.version:
        raise ValueError("not a knock at our address")
    return Probe(source=origin, source_port=sport, target=address, target_port=port)


def _is_asked_for(probes: tuple[Probe, ...], plan: Plan, question: Question) -> bool:
    """A plan that announces more than we asked for would excuse strangers."""
    allowed = question.ours | set(plan.decoys[:2])
    return (
        len(probes) <= PROBES
        and len(plan.decoys) <= 2
        and 0 < plan.window_ms <= WINDOW_MS
        and len({probe.target_port for probe in probes}) == len(probes)
        and all(probe.target_port in allowed for probe in probes)
    )


def _may_be_asked(probes: tuple[Probe, ...], asks: tuple[Probe, ...], plan: Plan, question: Question) -> bool:
    """Whoever may send is excused for more: only if we wanted it, at our doors, from ports of their own."""
    if not plan.asks:
        return True
    ends = [(probe.source, probe.source_port) for probe in (*probes, *asks)]
    return (
        question.identify is not Identify.NONE
        and MARK.fullmatch(plan.mark) is not None
        and len({ask.port for ask in plan.asks}) == len(plan.asks) <= PROBES
        and all(ask.port in question.doors and len(ask.sports) <= ASK_PORTS for ask in plan.asks)
        and len(set(ends)) == len(ends)
    )


def read_report(raw: bytes, question: Question, announced: Announced) -> Proof | Outcome:
    """What the echo found, or why this says nothing about us."""
    report = _unsealed(raw, protocol.REPORT, Report, question)
    if isinstance(report, Outcome):
        return report
    if not _answers(report, question, announced):
        return Outcome.NOT_OUR_QUESTION
    counts = _counts(report, question, announced)
    cells = tuple(_cells(report, announced, counts))
    tested = sum(reach in DEFINITE for _, reach, _, _ in cells)
    complete = tested == len(cells) and {probe.target_port for probe, *_ in cells} == question.ours
    ended = _time(report.ended)  # a clock that nobody can confirm would leave every age in doubt
    return Proof(
        check=announced.check,
        outcome=_outcome(report, question, proved=counts and complete and ended is not None),
        cells=cells,
        tested=tested,
        decoys_open=_decoys_all(report, announced, Reach.OPEN),
        decoys_refused=_decoys_all(report, announced, Reach.CLOSED),
        control=counts and bool(question.ours.intersection(question.expect_open)),
        ended=ended,
        applications=_applications(report, announced, cells),
    )


def _outcome(report: Report, question: Question, *, proved: bool) -> Outcome:
    """Neighbours at our address whom nobody has declared are told as what they are."""
    shared = {cell.port for cell in report.cells[:PROBES] if _why(cell.why) is Why.SHARED_ADDRESS}
    if shared & question.ours:
        return Outcome.ADDRESS_DOUBTFUL
    return Outcome.CHECKED if proved else Outcome.NOT_PROVED


def _answers(report: Report, question: Question, announced: Announced) -> bool:
    """Signed is not enough: it must be for this nonce, this key, this address and this plan."""
    ours = (question.nonce, question.key_id, str(question.address), announced.check)
    return (report.nonce, report.aud, report.target.addr, report.check) == ours


def _counts(report: Report, question: Question, announced: Announced) -> bool:
    """The echo's own check is good and fresh, the decoys were tried, and the declared doors read open."""
    vantage = report.vantage
    fresh = vantage.selftest == protocol.SELFTEST_OK and 0 <= vantage.age_s <= protocol.FRESH_S
    tried = {decoy.port for decoy in report.decoys if _reach(decoy.state) in DEFINITE}
    opened = {control.port for control in report.control if _reach(control.state) is Reach.OPEN}
    declared = question.ours.intersection(question.expect_open)
    return fresh and bool(tried) and tried == announced.decoys and declared <= opened


def _decoys_all(report: Report, announced: Announced, reach: Reach) -> bool:
    """Every decoy met the same."""
    met = {decoy.port for decoy in report.decoys if _reach(decoy.state) is reach}
    return bool(announced.decoys) and announced.decoys <= met


def _cells(report: Report, announced: Announced, counts: bool) -> Iterator[tuple[Probe, Reach, Why, timedelta]]:
    """The cells that were announced, each once; of several answers for one port the worst."""
    told: dict[int, Cell] = {}
    for cell in report.cells[:PROBES]:
        if cell.port not in told or _reach(cell.state) is Reach.OPEN:
            told[cell.port] = cell
    for probe in announced.probes:
        answer = told.get(probe.target_port)
        if answer is None or answer.sport != probe.source_port or probe.target_port in announced.decoys:
            continue
        reach = _reach(answer.state)
        doubtful = not counts and reach in DEFINITE and reach is not Reach.OPEN
        yield probe, Reach.UNKNOWN if doubtful else reach, _why(answer.why), _took(answer.ms)


def _applications(
    report: Report, announced: Announced, cells: tuple[tuple[Probe, Reach, Why, timedelta], ...]
) -> dict[int, Application]:
    """Who answered at the doors that are open and were to be asked; whatever else is told is nobody's answer."""
    opened = {probe.target_port for probe, reach, _, _ in cells if reach is Reach.OPEN}
    wanted = opened & {probe.target_port for probe in announced.asks}
    return {
        cell.port: read_application(cell.app)
        for cell in report.cells[:PROBES]
        if cell.app is not None and cell.port in wanted
    }


def _unsealed(raw: bytes, kind: str, wanted: type[M], question: Question) -> M | Outcome:
    try:
        body = dsse.unseal(raw, kind, protocol.REPORT_BYTES, question.echo_keys)
        return protocol.read(body, wanted)
    except Garbled:
        return Outcome.NOT_AN_ECHO
    except Forged:
        return Outcome.BAD_SIGNATURE


def _reach(word: str) -> Reach:
    """A word from a later protocol proves nothing."""
    try:
        return Reach(word)
    except ValueError:
        return Reach.UNKNOWN


def _why(word: str) -> Why:
    try:
        return Why(word)
    except ValueError:
        return Why.UNKNOWN


def _took(milliseconds: float) -> timedelta:
    if not math.isfinite(milliseconds):
        return timedelta(0)
    return timedelta(milliseconds=min(max(milliseconds, 0.0), 60_000.0))


def _time(text: str) -> datetime | None:
    try:
        ended = datetime.fromisoformat(text)
    except ValueError:
        return None
    return ended if ended.tzinfo else None
