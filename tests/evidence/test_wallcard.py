"""The card on the wall: five rows, each told by words, place and rhythm, and no row that runs into the next."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from sentinel.evidence.strokes import Words
from sentinel.evidence.wallcard import FIRST, ROW, ROWS, WallCard, _drawn, as_pdf, as_svg
from sentinel.model.finding import Level
from tests.evidence.cases import pages, words

CARD = WallCard(
    language="fr",
    rhythms={
        Level.CALM: [(0.0, 0.96)],
        Level.ATTENTION: [(0.0, 0.2)],
        Level.ALARM: [(0.0, 0.1), (0.2, 0.3)],
        Level.UNSURE: [(0.0, 0.03), (0.06, 0.09)],
    },
    places={
        Level.CALM: (0, 0, 1),
        Level.ATTENTION: (0, 1, 0),
        Level.ALARM: (1, 0, 0),
        Level.UNSURE: (0, 1, 0),
    },
)
NAMED = replace(CARD, contact="Camille Martin", phone="06 12 34 56 78")
LONG = replace(
    CARD, contact="Jean-Baptiste de La Rochefoucauld-Montmorency " * 3, phone="+33 6 12 34 56 78 (soir)"
)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u00a0", " "))


def test_the_rows_say_what_the_lamp_says():
    """In the order people meet them, dark last."""
    told = plain(words(as_pdf(NAMED)))

    places = [
        told.index(each)
        for each in (
            "Vert allumé : vérifié.",
            "Jaune lent : à voir cette semaine.",
            "Rouge rapide : appelez Camille Martin.",
            "Bleu, deux éclats : elle ne sait pas.",
            "Éteint : rien n’est surveillé.",
        )
    ]
    assert places == sorted(places)
    assert "06 12 34 56 78" in told


def test_whoever_has_no_contact_yet_gets_a_line_to_write_on():
    """The sentences then point to it."""
    told = plain(words(as_pdf(CARD)))

    assert "Rouge rapide : appelez la personne ci-dessous." in told
    assert "Qui appeler" in told


@pytest.mark.parametrize("language", ["fr", "en"])
def test_it_is_one_sheet_and_says_the_same_on_screen(language):
    """SVG and PDF hold the same lines; the description tells the rows to who cannot see them."""
    card = replace(NAMED, language=language)
    root = ElementTree.fromstring(as_svg(card))
    lines = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    described = root.find("{http://www.w3.org/2000/svg}desc").text

    assert pages(as_pdf(card)) == 1
    printed = plain(words(as_pdf(card)))
    assert [line for line in lines if plain(line) not in printed] == []
    assert described.count("Camille Martin") == 4


@pytest.mark.parametrize("card", [CARD, NAMED, LONG], ids=["blank", "named", "long"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_row_runs_into_the_next(card, language):
    """Nor a line over the edge, however long somebody's name is."""
    shapes = list(_drawn(replace(card, language=language)))
    texts = [each for each in shapes if isinstance(each, Words)]

    for number, _ in enumerate(ROWS):
        bottom = FIRST + (number + 1) * ROW
        inside = [each.y for each in texts if bottom - ROW < each.y < bottom and each.size > 9]
        assert max(inside) < bottom - 7.5
        assert all(after > before for before, after in pairwise(inside))
    assert max(each.y for each in texts) < 290


@pytest.mark.parametrize("card", [CARD, LONG], ids=["blank", "long"])
def test_nothing_is_wider_than_the_sheet(card):
    """By the letters' own widths."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    for each in _drawn(card):
        if isinstance(each, Words):
            font = "Helvetica-Bold" if each.bold else "Helvetica"
            assert each.x + stringWidth(each.text, font, each.size) * 25.4 / 72 < 196, each.text
