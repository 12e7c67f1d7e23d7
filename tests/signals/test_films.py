"""The films of the lamp: each colour once, three flashes a second at most, and an end by the clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.model.finding import Level
from sentinel.signals import films
from sentinel.signals.films import Film, Frame
from sentinel.signals.rhythm import is_lit

ALL = {
    "test": films.TEST,
    "enough": films.ENOUGH,
    "warning": films.WARNING,
    "called off": films.CALLED_OFF,
    "done": films.DONE,
    "nothing": films.NOTHING,
}
STEP = 0.01


def test_a_lamp_test_shows_each_colour_once():
    """From the top of a traffic light downwards; on one LED that is four flashes."""
    shown = [picture for _, picture in films.TEST.pictures if picture is not Frame.DARK]

    assert shown == [Level.ALARM, Level.ATTENTION, Level.CALM, Level.UNSURE]


@pytest.mark.parametrize("film", ALL.values(), ids=ALL.keys())
def test_a_film_begins_dark_and_ends(film):
    """So the green of a test is nobody's verdict, and cannot stay."""
    assert film.at(0) in (Frame.DARK, None)
    assert film.at(film.lasts + STEP) is None
    assert film.lasts <= 5


def test_the_warning_lasts_as_long_as_it_warns_of():
    """Four seconds of bursts, to the end."""
    assert films.WARNING.lasts == pytest.approx(4, abs=1)
    assert films.WARNING.lasts >= 4


@given(
    level=st.sampled_from([Level.CALM, Level.ATTENTION, Level.ALARM, Level.UNSURE]),
    name=st.sampled_from(sorted(ALL)),
    starts=st.floats(2, 12),
    cut=st.floats(0, 5),
)
def test_never_above_three_flashes_a_second(level, name, starts, cut):
    """Whatever was shown before and after, and also where the film is called off in the middle (WCAG 2.3.1)."""
    first, then = ALL[name], films.CALLED_OFF

    def lit(at: float) -> bool:
        for film, since in ((then, at - starts - cut), (first, at - starts)):
            picture = film.at(since) if since >= 0 else None
            if picture is not None:
                return picture is not Frame.DARK
        return is_lit(level, at)

    ticks = [lit(tick * STEP) for tick in range(2000)]
    flashes = [n for n in range(1, 2000) if ticks[n] and not ticks[n - 1]]

    assert all(flashes[n + 3] - flashes[n] > 1 / STEP - 5 for n in range(len(flashes) - 3))


def test_a_film_is_shown_picture_by_picture():
    """To the end of each."""
    film = Film(((1.0, Level.CALM), (0.5, Frame.DARK)))

    assert [film.at(at) for at in (0, 0.99, 1.0, 1.49, 1.5)] == [
        Level.CALM,
        Level.CALM,
        Frame.DARK,
        Frame.DARK,
        None,
    ]
