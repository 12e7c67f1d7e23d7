"""What is known of the outside beyond incidents: each echo's proofs and their age, and what attempts have met.

Assurance of « nothing open » is A where two echoes agree, or one has found open what is declared open; B for
one honest echo; C for anything less. A shared address is never A: some of it, or all, was not asked about.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from sentinel.model.declared import View
from sentinel.model.exposure import Outcome, PortList, ReachOutcome
from sentinel.model.moment import Address, Moment
from sentinel.model.verdict import Assurance, Missed

HOURLY_FRESH = timedelta(hours=3)
COMPLETE_FRESH = timedelta(hours=12)

TROUBLE = (
    Outcome.NOT_AN_ECHO,
    Outcome.BAD_SIGNATURE,
    Outcome.NOT_OUR_QUESTION,
    Outcome.TLS_INTERCEPTED,
)
"""Somebody answers in an echo's place: told at once, and until that echo answers again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One complete check of one family by one echo: every port of ours has a definite answer."""

    asked: Moment
    decoys_open: bool
    doors: int
    opened: frozenset[int] = frozenset()
    """Public ports found open: two echoes agree when these are the same."""
    control: bool = False
    """A door declared open was found open at the end."""
    whole: bool = True
    """The address is ours alone."""
    is_ours: bool = True
    """False: the address is the neighbours', nothing was asked, and it counts as closed."""

    def is_fresh(self, at: Moment, lasts: timedelta) -> bool:
        """Young enough."""
        return at.since(self.asked) <= lasts


Key = tuple[str, int, PortList]
"""Key id of an echo, family, list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is known of the outside, beyond incidents."""

    started: Moment
    view: View
    echo: bool
    """There is an echo to ask: one is enrolled, or an invitation waits to be used."""
    families: tuple[int, ...] = (4,)
    """Families by which the practice can be reached."""
    proofs: dict[Key, Proof] = field(default_factory=dict)
    missed: dict[tuple[str, int], Missed] = field(default_factory=dict)
    """For each echo and family the last attempt, where it failed."""
    troubles: dict[tuple[str, int], Missed] = field(default_factory=dict)
    """For each echo and family the first attempt, since its last proof, that somebody else answered."""
    addresses: dict[int, Address] = field(default_factory=dict)
    """For each family the public address the last answer was about."""

    def learn(self, outcome: ReachOutcome, *, denied: bool = False) -> "Outlook":
        """After one attempt: only a complete check is a proof, and no failure replaces one.

        `denied`: this echo denies what we saw inside, so that nothing it said is a proof until it agrees.
        """
        known = replace(self._move(outcome), echo=True)._forget_strangers(outcome)
        pair = (outcome.echo, outcome.family)
        if denied:
            known = replace(known, proofs={key: each for key, each in known.proofs.items() if key[:2] != pair})
        if outcome.outcome in (Outcome.CHECKED, Outcome.NOT_OURS):
            return known if outcome.ports is PortList.RETEST else known._prove(outcome, denied=denied)
        return known._miss(outcome)

    def _prove(self, outcome: ReachOutcome, *, denied: bool) -> "Outlook":
        pair, is_ours = (outcome.echo, outcome.family), outcome.outcome is Outcome.CHECKED
        proof = Proof(
            asked=outcome.asked,
            decoys_open=outcome.decoys_open,
            doors=outcome.tested,
            opened=outcome.opened,
            control=outcome.control,
            whole=outcome.whole and is_ours,
            is_ours=is_ours,
        )
        key = (*pair, outcome.ports if is_ours else PortList.FULL)
        return replace(
            self,
            proofs=self.proofs if denied else {**self.proofs, key: proof},
            missed={each: missed for each, missed in self.missed.items() if each != pair},
            troubles={each: missed for each, missed in self.troubles.items() if each != pair},
        )

    def _miss(self, outcome: ReachOutcome) -> "Outlook":
        pair = (outcome.echo, outcome.family)
        missed = Missed(echo=pair[0], family=pair[1], outcome=outcome.outcome, at=outcome.asked)
        known = self
        if outcome.ports is not PortList.RETEST:  # it has a budget and a moment of its own
            known = replace(known, missed={**known.missed, pair: missed})
        before = known.troubles.get(pair)
        if outcome.outcome not in TROUBLE or (before and before.outcome is outcome.outcome):
            return known
        return replace(known, troubles={**known.troubles, pair: missed})

    def _move(self, outcome: ReachOutcome) -> "Outlook":
        """What was proved of another public address is no proof of this one."""
        if outcome.address is None:
            return self
        before = self.addresses.get(outcome.family, outcome.address)
        addresses = {**self.addresses, outcome.family: outcome.address}
        if _is_one_place(before, outcome.address):
            return replace(self, addresses=addresses)
        proofs = {key: proof for key, proof in self.proofs.items() if key[1] != outcome.family}
        return replace(self, addresses=addresses, proofs=proofs)

    def _forget_strangers(self, outcome: ReachOutcome) -> "Outlook":
        """An address is the neighbours' or it is ours: what was said of the one says nothing of the other."""
        is_ours, doubtful = outcome.outcome is not Outcome.NOT_OURS, outcome.outcome is Outcome.ADDRESS_DOUBTFUL
        proofs = {
            key: proof
            for key, proof in self.proofs.items()
            if key[1] != outcome.family or (proof.is_ours is is_ours and not doubtful)
        }
        return replace(self, proofs=proofs)

    def of(self, family: int, *lists: PortList) -> list[Proof]:
        """Every echo's last check of these lists."""
        return [proof for (_, of, ports), proof in self.proofs.items() if of == family and ports in lists]

    def complete(self, family: int) -> Proof | None:
        """The last check of the full list, by whichever echo."""
        return max(self.of(family, PortList.FULL), key=lambda proof: proof.asked.boot, default=None)

    def hourly(self, family: int) -> Proof | None:
        """The last check that covered the hourly list; the full list does."""
        both = self.of(family, PortList.FULL, PortList.HOURLY)
        return max(both, key=lambda proof: proof.asked.boot, default=None)

    def not_ours(self) -> tuple[int, ...]:
        """Families whose address is the neighbours'."""
        last = [(family, self.complete(family)) for family in self.families]
        return tuple(family for family, proof in last if proof and not proof.is_ours)

    def assurance(self, at: Moment) -> Assurance:
        """How much stands behind « nothing open »: as much as behind the weakest family.

        C also where every family is the neighbours': it counts as closed, but nobody has looked.
        """
        if not self.families or any(self.complete(family) is None for family in self.families):
            return Assurance.NONE
        asked = [family for family in self.families if family not in self.not_ours()]
        found = [self._assurance(family, at) for family in asked]
        if not found or Assurance.C in found:
            return Assurance.C
        return Assurance.A if set(found) == {Assurance.A} and asked == list(self.families) else Assurance.B

    def _assurance(self, family: int, at: Moment) -> Assurance:
        """A: two echoes agree, or one has found open what is open. C: whatever is knocked at answers."""
        full = self.of(family, PortList.FULL)
        recent = [proof for proof in full if proof.is_fresh(at, COMPLETE_FRESH)]
        if any(proof.decoys_open for proof in recent or full):
            return Assurance.C
        fresh = [proof for proof in recent if self._is_followed(family, proof, at)]
        agree = len(fresh) > 1 and len({proof.opened for proof in fresh}) == 1
        proved = agree or any(proof.control for proof in fresh)
        return Assurance.A if proved and all(proof.whole for proof in fresh) else Assurance.B

    def _is_followed(self, family: int, full: Proof, at: Moment) -> bool:
        """Whether the echo that made this check has made one of the hourly list in time."""
        echoes = {key[0] for key, proof in self.proofs.items() if proof is full and key[1] == family}
        return any(
            proof.is_fresh(at, HOURLY_FRESH)
            for (echo, of, _), proof in self.proofs.items()
            if of == family and echo in echoes
        )


def _is_one_place(one: Address, other: Address) -> bool:
    """Over IPv6 a privacy address changes daily; what the box lets in is the same for the whole /64."""
    if one.version == 4:
        return one == other
    return int(one) >> 64 == int(other) >> 64
