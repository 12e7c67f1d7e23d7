"""The timeline's drawing holds what happened, between its two edges."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from reportlab.graphics.shapes import Circle, Drawing, Group, String

from sentinel.evidence.ink import WIDTH
from sentinel.evidence.picture import LEFT, Mark, Scene, timeline
from tests.evidence.cases import NOW


def scene(**more: object) -> Scene:
    facts: dict[str, object] = {
        "names": ("Vu de dehors", "Connexions", "Événements"),
        "begins": NOW - timedelta(days=5),
        "ends": NOW - timedelta(days=2),
        "made": NOW,
        "seen": [(NOW - timedelta(days=5), True), (NOW - timedelta(days=2), False)],
        "visits": [NOW - timedelta(days=4, minutes=n) for n in range(50)],
        "marks": [Mark(at=NOW - timedelta(days=5 - n), number=n) for n in range(1, 4)],
        "zone": ZoneInfo("Europe/Paris"),
    }
    return Scene(**{**facts, **more})  # type: ignore[arg-type]


def shapes(drawing: Drawing | Group, kind: type) -> list:
    found = [each for each in drawing.contents if isinstance(each, kind)]
    return found + [
        shape for group in drawing.contents if isinstance(group, Group) for shape in shapes(group, kind)
    ]


def test_open_and_closed_differ_by_form_and_not_by_colour_alone():
    """A printer knows grey only."""
    dots = [dot for dot in shapes(timeline(scene()), Circle) if dot.r < 3]

    assert len({(str(dot.fillColor), str(dot.strokeColor)) for dot in dots}) == 2
    assert [dot.fillColor == dot.strokeColor for dot in dots] == [True, False]


def test_each_mark_carries_its_number():
    """The text beside the picture is found by it."""
    written = [word.text for word in shapes(timeline(scene()), String)]

    assert {"1", "2", "3"} <= set(written)
    assert "Vu de dehors" in written


@pytest.mark.parametrize("span", [timedelta(0), timedelta(seconds=1), timedelta(hours=3), timedelta(days=4000)])
def test_a_moment_and_ten_years_are_drawn_alike(span):
    """Nothing leaves the page, and the axis has a few moments, never a hundred."""
    drawn = timeline(scene(begins=NOW - span, ends=None, seen=[(NOW, True)], visits=[NOW - span], marks=[]))
    ticks = [word for word in shapes(drawn, String) if "/" in word.text]

    assert all(LEFT <= dot.cx <= WIDTH for dot in shapes(drawn, Circle))
    assert len(ticks) <= 8


def test_ten_thousand_checks_are_a_line_of_dots_and_not_a_megabyte():
    """Half a year of an open door is checked every hour."""
    seen = [(NOW - timedelta(minutes=n), True) for n in range(10_000)]

    assert len(shapes(timeline(scene(seen=seen, visits=[], marks=[])), Circle)) < WIDTH
