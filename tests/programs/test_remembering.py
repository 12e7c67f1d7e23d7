"""What was shown and is not told yet: bounded, and not led astray by a clock that jumps."""

from datetime import UTC, datetime, timedelta

from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.verdict import Assurance, Reason, Verdict
from sentinel.programs.remembering import MOST, Memory
from tests.builders import moment

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def shown(*reasons: tuple[Code, Level]) -> Verdict:
    told = tuple(Reason(code=code, level=level, since=moment()) for code, level in reasons)
    level = told[0].level if told else Level.CALM
    view, assurance = View.MIRROR, Assurance.B
    return Verdict(level=level, reasons=told, at=moment(), view=view, assurance=assurance, checked=None)


BLIND = shown((Code.DOOR_REACHABLE, Level.ALARM), (Code.CAPTURE_LOST, Level.UNSURE))


def noted(memory: Memory, *minutes: float, verdict: Verdict = BLIND) -> None:
    for each in minutes:
        memory.note(verdict, NOON + timedelta(minutes=each), UTC)


def test_a_red_reason_hides_no_blue_one():
    """Both are remembered: the worst of the day, and since when nobody listened."""
    memory = Memory()
    noted(memory, 0, 0.5, 1)

    assert memory.worst(NOON.date()) is Level.ALARM
    assert list(memory.doubts()) == [("capture_lost", (NOON, NOON + timedelta(minutes=1)))]


def test_a_clock_that_jumps_makes_no_stretch_of_years():
    """Nor one that ends before it began."""
    memory = Memory()
    noted(memory, 0, 1, 6_000_000, 6_000_001, -60, -59)

    lasted = [end - begin for _, (begin, end) in memory.doubts()]
    assert lasted == [timedelta(minutes=1)] * 3


def test_a_day_that_is_told_is_forgotten_and_weeks_that_are_not_stay_bounded():
    """By a clock nobody trusts no day is told."""
    memory = Memory()
    noted(memory, *range(0, 5 * MOST, 2))
    assert len(list(memory.doubts())) <= MOST + len(Code)

    memory.forget(NOON.date() + timedelta(days=60), NOON + timedelta(days=60))
    assert len(list(memory.doubts())) == 1
    assert memory.worst(NOON.date()) is Level.NOTE
