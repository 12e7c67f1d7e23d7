"""The lamp's table: colour, frequency, share of light, and never too fast for anybody's eyes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.model.finding import Level
from sentinel.signals.rhythm import COLOURS, is_lit

STEP = 0.01
SHOWN = (Level.CALM, Level.ATTENTION, Level.ALARM, Level.UNSURE)


def flashes(level: Level, begin: float, seconds: float) -> int:
    """How often it turns on."""
    lit = [is_lit(level, begin + n * STEP) for n in range(round(seconds / STEP) + 1)]
    return sum(1 for before, after in pairwise(lit) if after and not before)


@pytest.mark.parametrize(
    ("level", "colour", "in_ten_seconds", "share"),
    [
        (Level.CALM, "green", 2, 0.96),
        (Level.ATTENTION, "yellow", 5, 0.5),
        (Level.ALARM, "red", 20, 0.5),
        (Level.UNSURE, "blue", 10, 0.15),
    ],
)
def test_each_verdict_has_its_colour_and_its_rhythm(level, colour, in_ten_seconds, share):
    """0.5 Hz, 2 Hz, a double wink every two seconds, and green lit with a short dip every five."""
    lit = [is_lit(level, n * STEP) for n in range(1_000)]

    assert COLOURS[level][0] == colour
    assert flashes(level, 0.001, 10) == in_ten_seconds
    assert sum(lit) / len(lit) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("level", SHOWN)
@given(begin=st.floats(0, 1e8))
def test_no_rhythm_flashes_more_than_three_times_a_second(level, begin):
    """WCAG 2.3.1, in any second of the boot clock."""
    assert flashes(level, begin, 1) <= 3


def test_every_rhythm_is_another_one_on_a_plain_lamp():
    """Whoever cannot tell colours counts."""
    told = {tuple(is_lit(level, n * STEP) for n in range(1_000)) for level in SHOWN}

    assert len(told) == len(SHOWN)


def test_nothing_worth_a_colour_is_without_one():
    """A note never reaches the lamp."""
    assert set(Level) - set(COLOURS) == {Level.NOTE}
