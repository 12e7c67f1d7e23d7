"""Letters and colours: what can be printed, and what a colour means."""

from sentinel.evidence.ink import Accent, printable
from sentinel.model.finding import Level


def test_a_text_with_signs_that_turn_the_line_around_is_printed_without_them():
    """RIGHT-TO-LEFT OVERRIDE in a name would make « exe.gpj » of a file's end."""
    assert printable("a\u202eb\u200bc\x1bd") == "abcd"


def test_each_level_has_its_colour():
    """What is neither calm, attention nor alarm is blue: it is not known."""
    assert [Accent.of(each) for each in (Level.CALM, Level.ATTENTION, Level.UNSURE, Level.ALARM)] == [
        Accent.CALM,
        Accent.ATTENTION,
        Accent.UNSURE,
        Accent.ALARM,
    ]
    assert Accent.of(Level.NOTE) is Accent.UNSURE
