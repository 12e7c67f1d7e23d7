"""The street's first stretch: what each kind of fact leaves in the archive, and what the judge finds in it."""

import logging
from collections.abc import Iterable
from dataclasses import replace

from sentinel.judgement import drill
from sentinel.judgement.doors import cell_verdict
from sentinel.judgement.judge import Judge
from sentinel.judgement.verdict import Outlook
from sentinel.model.acting import (
    Acceptance,
    Drill,
    FalseAlarm,
    Measure,
    NoticeOutcome,
    Paper,
    Setting,
    Withdrawal,
)
from sentinel.model.box import BoxReading
from sentinel.model.connection import Attempts, Connection
from sentinel.model.coverage import Coverage
from sentinel.model.exposure import Exposure, Knock, Reach, ReachOutcome
from sentinel.model.fact import Answered, Deed, Fact, Heard, Portrayal
from sentinel.model.finding import Finding
from sentinel.model.ledger import Signed
from sentinel.model.machine import HostSighting, Portrait, Sought
from sentinel.model.networks import HomeNetwork
from sentinel.model.passing import Health, NetworkAnswer, Read, SourceName
from sentinel.store.archive import Archive

log = logging.getLogger(__name__)


class Intake:
    """Takes facts in, one at a time, in the street's thread.

    Args:
        judge, archive: the street's.
        outlook: what is known of the outside at the start.
    """

    def __init__(self, judge: Judge, archive: Archive, outlook: Outlook) -> None:
        self.judge = judge
        self.archive = archive
        self.outlook = outlook
        """What is known of the outside now."""
        self.ill: dict[str, str] = {}
        """Parts that report badly, with the console's reason."""

    def take(self, fact: Fact, run: str) -> Iterable[Finding]:
        """What is found in one fact; `run` is that of `listen` in which it was heard."""
        if isinstance(fact, Heard):
            return self._hear(fact, run)
        if isinstance(fact, Portrayal):
            return self._portray(fact)
        if isinstance(fact, Answered):
            return self._learn(fact)
        if isinstance(fact, Deed):
            return self._heed(fact)
        if isinstance(fact, Health):
            self._note(fact)
            return self.judge.health(fact)
        return self.judge.beat(fact)

    def _hear(self, fact: Heard, run: str) -> Iterable[Finding]:
        match fact:
            case Connection():
                standing = self.judge.standing(fact)
                self.archive.connection(run, fact, standing)
                return self.judge.connection(fact, standing)
            case Attempts():
                self.archive.attempts(run, fact)
                return self.judge.attempts(fact)
            case HostSighting():
                self.archive.sighting(fact)
                return self.judge.sighting(fact)
            case Sought():
                return self.judge.sought(fact)
            case Coverage():
                return self.judge.see(fact)

    def _portray(self, fact: Portrayal) -> Iterable[Finding]:
        """What a machine or a switch says of itself accuses nobody."""
        if isinstance(fact, Portrait):
            self.archive.portrait(fact)
        else:
            self.archive.uplink(fact)
        return ()

    def _learn(self, fact: Answered) -> Iterable[Finding]:
        match fact:
            case Knock():
                return self.judge.knock(fact)
            case Exposure():
                return self._expose(fact)
            case ReachOutcome():
                return self._believe(fact)
            case HomeNetwork():
                self.outlook = replace(self.outlook, families=fact.families)
                return self.judge.adopt(fact)
            case BoxReading():
                self.archive.box(fact)
                return self.judge.box.take(fact)
            case Signed():
                self.archive.proofs.hold(fact)
                return ()

    def _expose(self, exposure: Exposure) -> list[Finding]:
        findings = list(self.judge.exposure(exposure))
        heard = self.judge.heard(exposure)
        machine = (heard.machine, heard.mac, heard.port) if heard and exposure.reach is Reach.OPEN else None
        self.archive.exposure(exposure, cell_verdict(exposure, findings), machine)
        return findings

    def _believe(self, outcome: ReachOutcome) -> list[Finding]:
        findings = list(self.judge.outcome(outcome))  # first: whether this echo is believed at all
        denied = self.judge.outside.echoes.denies(outcome.echo, outcome.family)
        self.outlook = self.outlook.learn(outcome, denied=denied)
        self.archive.outcome(outcome)
        return findings

    def _heed(self, deed: Deed) -> Iterable[Finding]:
        match deed:
            case NetworkAnswer():
                self.archive.network(deed)
                return self.judge.answer(deed)
            case Acceptance():
                self.archive.acceptance(deed)
                return self.judge.accept(deed)
            case Withdrawal():
                self.archive.withdrawal(deed)
                return self.judge.withdraw(deed)
            case Setting():
                self.archive.setting(deed)
            case Paper():
                self.archive.paper(deed)
            case Drill():
                return (drill.begun(deed),)
            case Read() | SourceName() | Measure() | FalseAlarm() | NoticeOutcome():
                pass  # the casebook's alone
        return ()

    def _note(self, health: Health) -> None:
        """Log the change, not the state."""
        known = self.ill.get(health.part)
        if health.well:
            if self.ill.pop(health.part, None) is not None:
                log.info("%s works again", health.part)
        elif known != health.detail:
            self.ill[health.part] = health.detail
            log.warning("%s fails: %s", health.part, health.detail)
