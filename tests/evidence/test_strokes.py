"""One drawing, two ways out: what is said in the one is said in the other, and nothing of it is markup."""

from xml.etree import ElementTree

import pytest

from sentinel.evidence.strokes import Box, Disc, Words, pdf, svg, wrapped
from tests.evidence.cases import words

SIZE = (100.0, 50.0)
SHAPES = (
    Box(x=1, y=2, width=30, height=4, fill="#1c2126", line="#d5dae0", round=1),
    Disc(x=50, y=25, radius=10, line="#59636f", dashed=True),
    Words(x=10, y=40, text="L’œil & <b>", size=12, colour="#1c2126", bold=True),
)
NAMESPACE = "{http://www.w3.org/2000/svg}"


def test_a_screen_is_told_what_it_shows():
    """Title and description are there for whoever cannot see; nothing is fetched from outside."""
    drawn = svg(SHAPES, SIZE, "A & B", "told <all>")
    root = ElementTree.fromstring(drawn)

    assert [root.find(f"{NAMESPACE}{each}").text for each in ("title", "desc")] == ["A & B", "told <all>"]
    assert root.get("viewBox") == "0 0 100 50"
    assert [each.tag.removeprefix(NAMESPACE) for each in root[2:]] == ["rect", "circle", "text"]
    assert root[-1].text == "L’œil & <b>"
    assert drawn.count("http") == 1


def test_a_printer_gets_the_same_words_and_the_same_bytes():
    """So that a file that is kept can be compared with one that is drawn anew."""
    first, second = (pdf(SHAPES, SIZE, "A & B") for _ in range(2))

    assert first == second
    assert first.startswith(b"%PDF")
    assert "L’œil & <b>" in words(first)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("short", 40, ["short"]),
        ("several words that are too many", 36, ["several words that", "are too many"]),
        ("one:\u00a0two three", 20, ["one:\u00a0two", "three"]),
        ("x" * 60, 20, ["x" * 60]),
        ("", 20, [""]),
    ],
)
def test_a_text_is_broken_between_words_alone(text, width, lines):
    """Not at a no-break space, and not within a word; at 12 points, in millimetres."""
    assert wrapped(text, 12, width) == lines
