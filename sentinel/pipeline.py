"""The street, from fact to signal. Read this first.

    fact ──intake──▶ findings ──casebook──▶ incidents ──weigh──▶ verdict ──▶ lamp, pulse
      └───────────────────────────────────────┴──────────────────▶ archive

One thread walks it, one fact at a time. Every part is handed in, built once in `programs/watch.py`; what becomes
of each kind of fact is told in `intake.py`. The lamp comes before the disk: red never waits for a write.
"""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from sentinel.intake import Intake
from sentinel.judgement.casebook import Casebook, Change
from sentinel.judgement.conditions import condition
from sentinel.judgement.judge import Judge
from sentinel.judgement.unanswered import Unanswered
from sentinel.judgement.verdict import Outlook, weigh
from sentinel.model.coverage import Coverage
from sentinel.model.exposure import Exposure, ReachOutcome
from sentinel.model.fact import AT_ONCE, SAID, Fact, when
from sentinel.model.finding import Code, Finding, Level, StoryKind
from sentinel.model.incident import IncidentState
from sentinel.model.moment import Moment
from sentinel.model.networks import HomeNetwork
from sentinel.model.passing import Beat, Health, Part
from sentinel.model.verdict import Verdict
from sentinel.store.archive import Archive
from sentinel.wire.facts import Parcel, Renewed

DOUBTS = (
    Code.DOOR_ANSWERED,
    Code.STRANGER_CONNECTED,
    Code.STRANGER_ASSOCIATED,
    Code.STRANGER_QUERIED,
    Code.IMAGES_LEFT,
    Code.CLOCK_WRONG,
    Code.ECHO_CONTRADICTED,
    Code.MAPPING_OPENED,
    Code.BOX_CHANGED,
)
"""Findings after which the echo is asked at once: is the door open to everybody, is our clock right?"""

SLOW = 0.2
"""Seconds a commit may take before it is a finding of its own."""

MANY = 2_000
"""Rows that do not wait for the batch: `listen` keeps 10,000 facts that nobody has acknowledged, and no more."""

log = logging.getLogger(__name__)


class Street:
    """Walks facts, one at a time, in one thread.

    Args:
        judge, casebook, archive: the rooms of the street, in its order.
        outlook: what is known of the outside at the start.
        signal: shows a verdict: lamp and pulse.
        acknowledge: tells `listen` how far its facts are on disk.
        ask_soon: asks for an early check.
        batch: how long routine rows wait for a common write.
        retest: asks whether doors, by family and public ports, are open now.
        ask_all: asks for an early check that no number of doubts can use up.
    """

    def __init__(
        self,
        *,
        judge: Judge,
        casebook: Casebook,
        archive: Archive,
        outlook: Outlook,
        signal: Callable[[Verdict, Coverage | None], None],
        acknowledge: Callable[[str, int], None],
        ask_soon: Callable[[], object],
        batch: timedelta,
        retest: Callable[[int, tuple[int, ...]], object] = lambda *_: None,
        ask_all: Callable[[], object] | None = None,
    ) -> None:
        self.judge = judge
        self.casebook = casebook
        self.archive = archive
        self._intake = Intake(judge, archive, outlook)
        self._unanswered = Unanswered(self.judge.outside.public_ports)
        self._signal = signal
        self._acknowledge = acknowledge
        self._ask_soon = ask_soon
        self._retest = retest
        self._ask_all = ask_all or ask_soon
        self._batch = batch
        self._last_write: Moment | None = None
        self._last_beat: Moment | None = None
        self._run = ""

    def walk(self, fact: Fact, parcel: Parcel | None = None) -> None:
        """One fact, all the way; what has been committed before is not walked twice."""
        if parcel is not None and not self._is_new(parcel, fact):
            return
        if isinstance(fact, Beat):
            self._last_beat = fact.at
        at, proofs, ends = when(fact), self._intake.outlook.proofs.keys(), self.judge.ends
        findings = [self.judge.itself.told(finding) for finding in self._intake.take(fact, self._run)]
        changes = self._tell_stories(fact, findings)
        if changes or isinstance(fact, (Beat, ReachOutcome, HomeNetwork, *SAID)):
            changes += self._show(at)
        self._keep(changes)
        self._note_proof(fact, changes)
        self._write(fact, urgent=any(change.is_urgent for change in changes) or isinstance(fact, AT_ONCE))
        if self.judge.ends > ends or isinstance(fact, Beat):
            self._ask_again(at, ended=self.judge.ends > ends)
        lost = not proofs <= self._intake.outlook.proofs.keys()  # with our old public address: a doubt as well
        jumped = isinstance(fact, Beat) and any(finding.code is Code.CLOCK_WRONG for finding in findings)
        if lost or jumped or any(_is_doubt(change) for change in changes):
            self._ask_soon()  # a clock that has jumped once more is perhaps back where it is right

    def begin(self, at: Moment) -> None:
        """After a restart: a condition that holds is found anew within seconds, one that has gone must end."""
        for incident in list(self.casebook.told()):
            if incident.story.kind is StoryKind.CONDITION:
                ended = Finding(code=incident.code, story=incident.story, level=incident.level, at=at, ends=True)
                change = self.casebook.take(ended)
                self._keep([change] if change else [])

    def lose(self, at: Moment) -> None:
        """Something may be in no row and no sum, as of a fact that could not be walked; and that is told."""
        change = self.casebook.take(self.judge.sight.lose(at))
        self._keep([change] if change else [])

    def verdict(self, at: Moment) -> Verdict:
        """What is to be said at this moment."""
        return weigh(self.casebook.told(), self._intake.outlook, at, self.judge.granted.reasons(at))

    @property
    def ill(self) -> dict[str, str]:
        """Parts that report badly, with the console's reason."""
        return self._intake.ill

    # -- finding to signal ---------------------------------------------------------------------------------

    def _tell_stories(self, fact: Fact, findings: Iterable[Finding]) -> list[Change]:
        forgotten = self.casebook.forgotten
        changes = [change for finding in findings if (change := self.casebook.take(finding))]
        changes += self.casebook.live(fact)
        if self.casebook.forgotten > forgotten:
            self.lose(when(fact))
        return changes

    def _show(self, at: Moment) -> list[Change]:
        """As of the last beat, which is our own clock's: a fact that had to wait, or a frame stamped while the
        clock was being set, must neither age what is shown nor date it into the future.

        Returns:
            The alarms that have been shown for the first time.
        """
        shown = self._last_beat or at
        self._signal(self.verdict(shown), self.judge.coverage)
        return list(self.casebook.show(shown))

    def _ask_again(self, at: Moment, *, ended: bool) -> None:
        """An acceptance has ended: are its doors open now? One nobody found yet is looked for with everything."""
        asked = self._unanswered.due(self.casebook.told(), at)
        for family, ports in asked:
            self._retest(family, ports)
        if ended and not asked:
            self._ask_all()

    # -- incident to disk ----------------------------------------------------------------------------------

    def _keep(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if change.is_urgent and change.incident.level >= Level.ATTENTION:
                log.info(
                    "incident %d: %s, %s", change.incident.number, change.incident.code, change.incident.state
                )
            self.archive.incident(change.incident, change.chapter)

    def _note_proof(self, fact: Fact, changes: Iterable[Change]) -> None:
        """A signed check that opened or closed an alarm is kept as it is."""
        if isinstance(fact, Exposure | ReachOutcome) and fact.check:
            told = [each.incident for each in changes if each.is_urgent]
            self.archive.proofs.note(fact.check, (each.number for each in told if each.level is Level.ALARM))
            if isinstance(fact, ReachOutcome):
                self.archive.proofs.settle(fact.check)

    def _write(self, fact: Fact, *, urgent: bool) -> None:
        """Commit when something must not be lost, or when the batch is due; a failing store is tried each beat."""
        at = when(fact)
        due = self._last_write is None or at.since(self._last_write) >= self._batch or len(self.archive) >= MANY
        if Part.STORE in self.ill:
            urgent, due = False, isinstance(fact, Beat)
        if not (urgent or due) or not (len(self.archive) or self.archive.is_behind):
            return
        self._last_write = at
        begun = time.monotonic()
        try:
            done = self.archive.commit()
        except OSError as error:
            self._fall_ill(error, at)
            return
        self._note_slowness(time.monotonic() - begun, at)
        for run, number in done.items():
            self._acknowledge(run, number)
        if Part.STORE in self.ill:
            self._recover(at)
        self._note_losses(at)

    def _note_slowness(self, took: float, at: Moment) -> None:
        """A card that stalls has not delayed the lamp, but it is told: it may be wearing out."""
        change = self.casebook.take(condition(Code.STORE_SLOW, at, holds=took > SLOW, level=Level.NOTE))
        if change is not None:
            self._keep([change])

    def _fall_ill(self, error: OSError, at: Moment) -> None:
        """A store that fails is a finding about ourselves; the rows wait."""
        self._tell(Health(part=Part.STORE, well=False, detail=str(error), at=at))

    def _recover(self, at: Moment) -> None:
        self._tell(Health(part=Part.STORE, well=True, at=at))

    def _note_losses(self, at: Moment) -> None:
        """Rows that had to make room, or that no store could take."""
        if self.archive.forgotten:
            log.warning("%d rows were lost", self.archive.forgotten)
            self.archive.forgotten = 0
            self.lose(at)

    def _tell(self, health: Health) -> None:
        """Walk a health fact of our own without writing again at once."""
        for finding in self._intake.take(health, self._run):
            change = self.casebook.take(finding)
            if change is not None:
                self._keep([change])
        self._keep(self._show(health.at))

    # -- what came before ----------------------------------------------------------------------------------

    def _is_new(self, parcel: Parcel, fact: Fact) -> bool:
        if parcel.run != self._run:
            if self._run:  # `listen` began anew: what passed until it listened again was not seen
                self.lose(when(fact))
            self._run = parcel.run
            self.judge.forget_run()
            self.archive.begin_run(parcel.run, when(fact))
        if parcel.number <= self.archive.walked(parcel.run):
            if parcel.number <= self.archive.committed(parcel.run):
                self._acknowledge(parcel.run, parcel.number)
            return False
        if not isinstance(fact, Renewed):  # these are sent anew all the time, not again
            self.archive.reach(parcel.run, parcel.number)
        return True


def _is_doubt(change: Change) -> bool:
    """Something new that the echo may settle, or a cable that is back and must be proved anew."""
    if change.chapter is None:
        return False
    if change.incident.state is IncidentState.OPEN:
        return change.chapter.code in DOUBTS
    return change.chapter.code is Code.VIEW_LOST
