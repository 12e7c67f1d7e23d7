"""What is not watched is always said, on the page and on paper by one rule."""

import pytest

from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.text import LANGUAGES, has
from sentinel.text.perimeter import perimeter, perimeter_now
from tests.text.spoken import reason, verdict

THREE = ("perimeter.relays", "perimeter.udp", "perimeter.box")
FULL, BLIND = (*THREE, "perimeter.unvisited"), (*THREE, "perimeter.unlisted")
LIMITED = ("perimeter.view", *BLIND)


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        (None, BLIND),
        (verdict(view=View.LIMITED), LIMITED),
        (verdict(), FULL),
        (verdict(reason(Code.DOOR_REACHABLE, Level.ALARM)), FULL),
        (verdict(reason(Code.VIEW_LOST, Level.UNSURE)), BLIND),
        (verdict(reason(Code.CAPTURE_LOST, Level.UNSURE)), BLIND),
    ],
)
def test_a_full_view_says_that_it_sees_who_comes_and_not_what_is_open(said, lines):
    """Relays, UDP and the box's own Wi-Fi it never sees; blind, it sees nothing."""
    assert perimeter_now(said) == lines
    assert all(has(language, key) for language in LANGUAGES for key in lines)


def test_paper_and_page_say_the_same_lines():
    """A paper knows the view only."""
    assert perimeter(View.MIRROR) == perimeter_now(verdict()) == FULL
    assert perimeter(View.LIMITED) == perimeter_now(verdict(view=View.LIMITED)) == LIMITED
