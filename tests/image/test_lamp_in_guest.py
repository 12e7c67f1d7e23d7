"""How the guest's driver recognises a lamp: on films drawn from the rhythms themselves, steady and shaken."""

import random

import pytest

from sentinel.config import Lamp
from sentinel.model.finding import Level
from sentinel.signals.lights import palette
from sentinel.signals.rhythm import is_lit
from tests.image.lamp_in_guest import LAMPS, WINDOW, rhythm, worn

LEVELS = (Level.CALM, Level.ATTENTION, Level.ALARM, Level.UNSURE)


def filmed(section: Lamp, level: Level, begins: float, chance: random.Random, late: float = 0.0):
    """The lines of a lamp that ticks twenty times a second, each up to `late` s late, looked at every 20 ms."""
    dark = (0,) * len(section.pins)
    value = palette(section).of(level)[1]
    lit = value if isinstance(value, tuple) else (value,)
    samples, lines, tick = [], dark, begins
    for look in range(int(WINDOW * 50)):
        at = begins + look / 50
        if at >= tick:
            lines = lit if is_lit(level, at) else dark
            tick = at + 0.05 + chance.random() * late
        samples.append((at, lines))
    return samples


@pytest.mark.parametrize("level", LEVELS, ids=[level.word for level in LEVELS])
@pytest.mark.parametrize("section", LAMPS, ids=["led", "rgb", "traffic"])
@pytest.mark.parametrize("late", [0.0, 0.05], ids=["steady", "shaken"])
def test_each_verdict_is_recognised_whenever_the_film_begins(section, level, late):
    """By its rhythm, and by the lines that were lit."""
    chance = random.Random(7)
    value = palette(section).of(level)[1]
    for begins in range(25):
        samples = filmed(section, level, begins * 0.2, chance, late)

        assert rhythm(samples) == level.word
        assert worn(samples) == {value if isinstance(value, tuple) else (value,)}


def test_a_dark_lamp_and_one_that_stands_still_are_no_verdict():
    """The second is what a stopped process leaves."""
    times = [look / 50 for look in range(400)]

    assert rhythm([(at, (0, 0, 0)) for at in times]) == "dark"
    assert rhythm([(at, (0, 1, 0)) for at in times]) == "?"
    assert rhythm([(at, (int(at % 0.2 < 0.1), 0, 0)) for at in times]) == "?"
    assert worn([(at, (0, 0, 0)) for at in times]) == set()


def test_lines_that_are_switched_one_after_the_other_are_no_colour_of_their_own():
    """A look may fall between the three."""
    samples = [(0.0, (0, 0, 0)), (1.0, (1, 0, 0)), (1.001, (1, 1, 0)), (2.0, (0, 0, 0)), (3.0, (0, 0, 0))]

    assert worn(samples) == {(1, 1, 0)}
