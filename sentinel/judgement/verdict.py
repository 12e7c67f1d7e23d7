"""Incidents and the age of proof to the one value shown everywhere.

Calm is never a default: it is what remains when every reason against it has been looked for and none was found.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sentinel.model.exposure import Outcome, PortList, ReachOutcome
from sentinel.model.finding import Code, Level
from sentinel.model.incident import Incident
from sentinel.model.moment import Address, Moment
from sentinel.model.verdict import Assurance, Reason, Verdict, View

STARTING = timedelta(minutes=3)
HOURLY_FRESH = timedelta(hours=3)
COMPLETE_FRESH = timedelta(hours=12)
READ_LASTS = timedelta(hours=24)

REASONS = 50
"""As many as a page can show; the gravest come first."""

SETTLING = (Code.NOT_CHECKED, Code.VIEW_UNPROVED)
"""What is normal in the first minutes, and told as « starting »."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One complete check of one family: every port asked about has a definite answer."""

    asked: Moment
    decoys_open: bool
    doors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is known of the outside, beyond incidents."""

    started: Moment
    view: View
    echo: bool
    """There is an echo to ask: one is enrolled, or an invitation waits to be used."""
    families: tuple[int, ...] = (4,)
    """Families by which the practice can be reached."""
    proofs: dict[tuple[int, PortList], Proof] = field(default_factory=dict)
    addresses: dict[int, Address] = field(default_factory=dict)
    """For each family the public address the last answer was about."""
    broad: bool = False
    """A red door is accepted for anybody."""

    def learn(self, outcome: ReachOutcome) -> "Outlook":
        """After one attempt: only a complete check is a proof, and no failure replaces one."""
        known = replace(self._move(outcome), echo=True)
        if outcome.outcome is not Outcome.CHECKED:
            return known
        proof = Proof(asked=outcome.asked, decoys_open=outcome.decoys_open, doors=outcome.tested)
        return replace(known, proofs={**known.proofs, (outcome.family, outcome.ports): proof})

    def _move(self, outcome: ReachOutcome) -> "Outlook":
        """What was proved of another public address is no proof of this one."""
        if outcome.address is None:
            return self
        before = self.addresses.get(outcome.family, outcome.address)
        addresses = {**self.addresses, outcome.family: outcome.address}
        if _is_one_place(before, outcome.address):
            return replace(self, addresses=addresses)
        proofs = {key: proof for key, proof in self.proofs.items() if key[0] != outcome.family}
        return replace(self, addresses=addresses, proofs=proofs)

    def complete(self, family: int) -> Proof | None:
        """The last check of the full list."""
        return self.proofs.get((family, PortList.FULL))

    def hourly(self, family: int) -> Proof | None:
        """The last check that covered the hourly list; the full list does."""
        both = [self.proofs.get((family, each)) for each in (PortList.HOURLY, PortList.FULL)]
        return max((proof for proof in both if proof), key=lambda proof: proof.asked.boot, default=None)

    def assurance(self) -> Assurance:
        """B for one honest echo; nothing without a complete check; C when decoys answered."""
        proofs = [self.complete(family) for family in self.families]
        if not proofs or any(proof is None for proof in proofs):
            return Assurance.NONE
        return Assurance.C if any(proof and proof.decoys_open for proof in proofs) else Assurance.B


def _is_one_place(one: Address, other: Address) -> bool:
    """Over IPv6 a privacy address changes daily; what the box lets in is the same for the whole /64."""
    if one.version == 4:
        return one == other
    return int(one) >> 64 == int(other) >> 64


def weigh(incidents: Iterable[Incident], outlook: Outlook, at: Moment) -> Verdict:
    """The verdict at one moment."""
    told = [*_from_incidents(incidents, at), *_from_outside(outlook, at)]
    reasons = sorted(_settling(told, outlook, at), key=lambda each: (-each.level, each.since.boot))
    complete = [outlook.complete(family) for family in outlook.families]
    return Verdict(
        level=reasons[0].level if reasons else Level.CALM,
        reasons=tuple(reasons[:REASONS]),
        at=at,
        view=outlook.view,
        assurance=outlook.assurance(),
        checked=min((p.asked for p in complete if p), key=lambda asked: asked.boot, default=None),
        doors=min((p.doors for p in complete if p), default=0),
        fresh=_fresh(reasons),
    )


def _from_incidents(incidents: Iterable[Incident], at: Moment) -> Iterator[Reason]:
    ranked = sorted(incidents, key=lambda each: -(each.grade or 0))
    for incident in ranked:
        code, level = _present(incident, at)
        if level >= Level.ATTENTION:
            yield Reason(
                code=code,
                level=level,
                since=incident.first,
                incident=incident.number,
                machine=incident.machine,
                mac=incident.mac,
                port=incident.port or incident.outside_port,
            )


def _present(incident: Incident, at: Moment) -> tuple[Code, Level]:
    """How an incident counts now: an alarm that was read is quiet for a day, unless somebody came since."""
    read = incident.read
    if incident.level is not Level.ALARM or read is None:
        return incident.code, incident.level
    came_since = incident.last_visit is not None and incident.last_visit.since(read) > timedelta(0)
    if came_since or at.since(read) > READ_LASTS:
        return incident.code, incident.level
    return Code.ALARM_READ, Level.ATTENTION


def _from_outside(outlook: Outlook, at: Moment) -> Iterator[Reason]:
    if outlook.broad:
        yield Reason(code=Code.EXPECTED_BROAD, level=Level.ATTENTION, since=outlook.started)
    if not outlook.echo:
        yield Reason(code=Code.NO_ECHO, level=Level.UNSURE, since=outlook.started)
        return
    if not outlook.families:
        yield Reason(code=Code.NOT_CHECKED, level=Level.UNSURE, since=outlook.started)
    for family in outlook.families:
        yield from _age(outlook, family, at)
    answered = [
        proof.asked for each in outlook.families if (proof := outlook.complete(each)) and proof.decoys_open
    ]
    if answered:
        since = min(answered, key=lambda asked: asked.boot)
        yield Reason(code=Code.WEAK_ASSURANCE, level=Level.ATTENTION, since=since)


def _age(outlook: Outlook, family: int, at: Moment) -> Iterator[Reason]:
    """How old the proofs of one family are."""
    complete, hourly = outlook.complete(family), outlook.hourly(family)
    if complete is None or hourly is None:
        yield Reason(code=Code.NOT_CHECKED, level=Level.UNSURE, since=outlook.started)
    elif at.since(complete.asked) > COMPLETE_FRESH:
        yield Reason(code=Code.NOT_CHECKED, level=Level.UNSURE, since=complete.asked)
    elif at.since(hourly.asked) > HOURLY_FRESH:
        yield Reason(code=Code.CHECK_AGEING, level=Level.ATTENTION, since=hourly.asked)


def _settling(reasons: list[Reason], outlook: Outlook, at: Moment) -> Iterator[Reason]:
    """In the first minutes what is not known yet is one word: starting."""
    if at.since(outlook.started) > STARTING:
        yield from reasons
        return
    waiting = [reason for reason in reasons if reason.code in SETTLING]
    yield from (reason for reason in reasons if reason.code not in SETTLING)
    if waiting:
        yield Reason(code=Code.STARTING, level=Level.UNSURE, since=outlook.started)


def _fresh(reasons: Iterable[Reason]) -> dict[str, bool]:
    codes = {reason.code for reason in reasons}
    outside = {Code.NO_ECHO, Code.NOT_CHECKED, Code.STARTING, Code.ECHO_CONTRADICTED}
    view = {Code.VIEW_LOST, Code.VIEW_UNPROVED, Code.STARTING}
    return {
        "outside": not codes & outside,
        "view": not codes & view,
        "capture": Code.CAPTURE_LOST not in codes,
        "store": not codes & {Code.STORE_FAILING, Code.DISK_FULL},
        "clock": Code.CLOCK_WRONG not in codes,
    }
