"""What is not watched is always said; a full view drops one line, and only while it sees."""

import pytest

from sentinel.model.finding import Code, Level
from sentinel.model.verdict import View
from sentinel.text import LANGUAGES, has
from sentinel.text.perimeter import perimeter
from tests.text.spoken import reason, verdict

FOUR = ("perimeter.relays", "perimeter.udp", "perimeter.box", "perimeter.unlisted")


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        (None, FOUR),
        (verdict(view=View.LIMITED), FOUR),
        (verdict(), FOUR[:3]),
        (verdict(reason(Code.DOOR_REACHABLE, Level.ALARM)), FOUR[:3]),
        (verdict(reason(Code.VIEW_LOST, Level.UNSURE)), FOUR),
        (verdict(reason(Code.CAPTURE_LOST, Level.UNSURE)), FOUR),
    ],
)
def test_a_full_view_drops_what_it_in_fact_sees(said, lines):
    """Relays, UDP and the box's own Wi-Fi it never does; blind, it sees nothing."""
    assert perimeter(said) == lines
    assert all(has(language, key) for language in LANGUAGES for key in lines)
