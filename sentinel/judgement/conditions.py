"""The sentinel's own eyes and clock: what it cannot see or trust is a finding like any other.

A loss marks no minute of a calendar: it is a condition that stands from the first frame lost until ten minutes
after the last, with a beginning and an end in the store. A minute's mark would be over before anybody looks at the
page, and a flood of an hour would be sixty of them. While it stands nothing is called unseen: a knock that did not
show on the mirror proves nothing (`Sight.is_mirrored`).
"""

from collections.abc import Iterator
from datetime import timedelta

from sentinel.judgement.stillness import Stillness
from sentinel.model.coverage import Coverage, Shows
from sentinel.model.declared import View
from sentinel.model.exposure import Outcome, ReachOutcome
from sentinel.model.finding import Code, Finding, Level, Story, StoryKind
from sentinel.model.moment import Moment
from sentinel.model.passing import Health, Part

SILENT = timedelta(seconds=5)
"""`listen` reports every second; after this it is not listening."""
PROOF_LASTS = timedelta(hours=72)
"""How long a proved mirror stays proved while its cable never dropped: a quiet week-end is not blindness."""
INCOMPLETE = timedelta(minutes=10)
"""How long a loss keeps its mark after the last frame lost: a page is looked at no more often."""
DRIFT = timedelta(seconds=5)
AGREES = timedelta(minutes=2)

PARTS = {
    Part.STORE: Code.STORE_FAILING,
    Part.DISK: Code.DISK_FULL,
    Part.CAPTURE: Code.CAPTURE_LOST,
    Part.LAMP: Code.LAMP_FAILING,
}


def condition(
    code: Code, at: Moment, *, holds: bool, level: Level = Level.UNSURE, family: int = 0, echo: str = ""
) -> Finding:
    """A part that fails, or works again; `family` and `echo` where each of them fails for itself."""
    story = Story(kind=StoryKind.CONDITION, about=f"{code.value} {echo}".strip(), family=family)
    return Finding(code=code, story=story, level=level, at=at, ends=not holds)


class Sight:
    """What the capture reports, and since when it has been silent."""

    def __init__(self, view: View, started: Moment) -> None:
        self._view = view
        self._last = started
        self._apart = False
        self._lost = 0
        self._lost_at: Moment | None = None
        self._marked = started
        """Since when the mark « incomplete » may stand, also one from before a restart."""
        self._is_marked = True
        self._doubted = started
        """When the view was last lost: no older frame proves it."""
        self._began: Moment | None = None
        """Since when this run of `listen` reports: it cannot show what passed before."""
        self._to_show: ReachOutcome | None = None
        """A check whose own traffic the next report must show."""
        self._still = Stillness()
        self._blind = False
        self._unplugged = False
        self.proved: Moment | None = None

    def take(self, coverage: Coverage) -> Iterator[Finding]:
        """One report."""
        self._last, self._apart = coverage.at, coverage.apart
        self._began = self._began or coverage.at
        yield condition(Code.CAPTURE_LOST, coverage.at, holds=False)
        if not coverage.carrier:
            self._lose(coverage.at)
        elif self._unplugged:  # the cable is back: no longer lost, but to be proved anew
            self._blind = False
        self._unplugged = not coverage.carrier
        self._still.report(coverage)
        self._compare(coverage)
        self._halve(coverage)
        self._prove(coverage)
        if self._view is View.MIRROR:
            yield condition(Code.VIEW_LOST, coverage.at, holds=self._blind)
            yield _wrapped(coverage)
        yield from self._losses(coverage)

    def asks(self, mac: str, at: Moment) -> None:
        """A machine of which much has passed wants something of the box: something of it must pass again."""
        self._still.asks(mac, at)

    def beat(self, at: Moment) -> Iterator[Finding]:
        """Time passes: silence is a finding, and a proof grows old."""
        if at.since(self._last) > SILENT:
            yield condition(Code.CAPTURE_LOST, at, holds=True)
        if self._view is View.MIRROR:
            stale = self.proved is None or at.since(self.proved) > PROOF_LASTS
            yield condition(Code.VIEW_UNPROVED, at, holds=stale and not self._blind)
        if self._is_marked and at.since(self._marked) > INCOMPLETE:
            self._is_marked, self._lost_at = False, None
            yield condition(Code.CAPTURE_INCOMPLETE, at, holds=False, level=Level.ATTENTION)

    def checked(self, outcome: ReachOutcome) -> None:
        """A check has talked to the echo; a capture with a card of its own must have seen it."""
        listened = self._began is not None and outcome.asked.since(self._began) >= timedelta(0)
        if outcome.outcome is Outcome.CHECKED and listened:
            self._to_show = outcome

    def is_mirrored(self, at: Moment, knocked: Moment | None = None) -> bool:
        """Whether a knock that was not seen inside did not come in.

        The capture must be listening, have lost nothing lately, and its mirror be proved; a card of its own must
        have shown our talk with the echo about these very knocks.
        """
        if self._view is not View.MIRROR or self.proved is None or at.since(self.proved) > PROOF_LASTS:
            return False
        if at.since(self._last) > SILENT or self._lost_at is not None:
            return False
        return not self._apart or knocked is None or self.proved.since(knocked) > -SILENT

    def forget_run(self) -> None:
        """`listen` began anew: its totals start over."""
        self._lost, self._began = 0, None
        self._still = Stillness()

    def _lose(self, at: Moment) -> None:
        self._blind, self._doubted, self.proved = True, at, None

    def _compare(self, coverage: Coverage) -> None:
        """Our own talk with the echo crosses the watched port: unseen, the mirror is off.

        Where we talk through the very card that watches, that talk proves the line, and what others then failed
        to show proves the rest.
        """
        check = self._to_show
        if check is None or coverage.at.since(check.at) < timedelta(0):
            return
        self._to_show = None
        proof = _both_ways(coverage)
        if coverage.apart and (proof is None or proof.since(check.asked) < timedelta(0)):
            self._lose(coverage.at)
        if not coverage.apart and self.proved and self._still.stood(check.asked):
            self._lose(coverage.at)

    def _halve(self, coverage: Coverage) -> None:
        """A mirror of both directions that has come to show one alone is none any more."""
        if self.proved and coverage.half and coverage.half.since(self._doubted) > timedelta(0):
            self._lose(coverage.at)

    def _prove(self, coverage: Coverage) -> None:
        proof = _both_ways(coverage)
        if coverage.carrier and proof is not None and proof.since(self._doubted) > timedelta(0):
            self.proved, self._blind = proof, False

    def _losses(self, coverage: Coverage) -> Iterator[Finding]:
        if coverage.lost > self._lost:
            yield self.lose(coverage.at)
        self._lost = coverage.lost

    def lose(self, at: Moment) -> Finding:
        """Something that passed is in no row and no sum."""
        self._lost_at = self._marked = at
        self._is_marked = True
        return condition(Code.CAPTURE_INCOMPLETE, at, holds=True, level=Level.ATTENTION)


def _wrapped(coverage: Coverage) -> Finding:
    """Something passes of which nothing is read; worth attention where nothing else does."""
    alone = coverage.shows in (Shows.COPY, Shows.PPPOE)
    level = Level.ATTENTION if alone else Level.NOTE
    return condition(Code.VIEW_WRAPPED, coverage.at, holds=bool(coverage.wrapped), level=level)


def _both_ways(coverage: Coverage) -> Moment | None:
    """Until when frames for others were seen passing in both directions."""
    if coverage.inward is None or coverage.outward is None:
        return None
    return min(coverage.inward, coverage.outward, key=lambda moment: moment.boot)


class Time:
    """Whether our wall clock can be believed: it runs with the boot clock, and agrees with the echo."""

    def __init__(self, started: Moment) -> None:
        self._offset = started.wall - started.boot
        self.trusted = True
        self.confirmed = False
        """An echo's signed time has agreed with ours in this run, and the clock has not jumped since."""

    def beat(self, at: Moment) -> Iterator[Finding]:
        """A wall clock that jumps against the boot clock is wrong before or after; nobody knows which."""
        offset = at.wall - at.boot
        moved = offset - self._offset
        self._offset = offset
        if abs(moved) > DRIFT:
            self.trusted = self.confirmed = False
            yield condition(Code.CLOCK_WRONG, at, holds=True)

    def checked(self, outcome: ReachOutcome) -> Iterator[Finding]:
        """The echo's signed time settles it."""
        if outcome.outcome is not Outcome.CHECKED or outcome.ahead is None:
            return
        self.trusted = self.confirmed = abs(outcome.ahead) <= AGREES
        yield condition(Code.CLOCK_WRONG, outcome.at, holds=not self.trusted)


def health(fact: Health) -> Finding:
    """A part of the sentinel reports."""
    return condition(PARTS[fact.part], fact.at, holds=not fact.well)
