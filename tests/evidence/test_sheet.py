"""One paper: its text is exactly what was given, whatever that is."""

from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader

from sentinel.evidence.ink import Accent
from sentinel.evidence.sheet import Sheet
from tests.evidence.cases import HOSTILE, PRACTICE, head, pages, words


def sheet(**more: object) -> Sheet:
    return Sheet(head(**more), "paper.dossier", Accent.ALARM)


SHAPES = {
    "title": lambda paper, text: paper.title(text),
    "lead": lambda paper, text: paper.lead(text),
    "section": lambda paper, text: paper.section(text),
    "text": lambda paper, text: paper.text(text),
    "small": lambda paper, text: paper.small(text),
    "items": lambda paper, text: paper.items([text]),
    "callout": lambda paper, text: paper.callout(text),
    "facts": lambda paper, text: paper.facts([(text, text)]),
    "blanks": lambda paper, text: paper.blanks([(text, text)]),
    "table": lambda paper, text: paper.table([text, text], [(text, text)], (1, 1)),
    "ticks": lambda paper, text: paper.ticks([text]),
    "signatures": lambda paper, text: paper.signatures(text, text),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_markup_is_printed_and_never_obeyed(shape):
    """A stranger's image is not fetched, their colour not evaluated: their characters stand there."""
    paper = sheet()
    shape(paper, HOSTILE)

    assert HOSTILE.replace(" ", "") in words(paper.pdf()).replace(" ", "")


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize(
    "text",
    [
        "x" * 400,
        "\u202eRADIO\u202c \u0645\u0631\u062d\u0628\u0627",
        "\x00\x07\ud800 \uffff",
        "漢字 🦷 e\u0301",
        "\u00a0" * 50,
        "",
    ],
    ids=["one long word", "right to left", "controls", "no letters of ours", "spaces only", "empty"],
)
def test_no_text_stops_a_paper(shape, text):
    """Labels and reasons are what people type; titles are what strangers send."""
    paper = sheet()
    paper.title("x")
    shape(paper, text)

    assert pages(paper.pdf()) == 1


def test_accents_and_no_break_spaces_are_printed():
    """French as it is written, in the reader's own Helvetica."""
    paper = sheet()
    paper.text("« Élève d’été\u202f: œuvre — 8\u00a0h\u00a012 »")

    assert "« Élève d’été : œuvre — 8 h 12 »" in words(paper.pdf())


def test_a_text_without_end_is_cut():
    """A page holds some thousand words; what a stranger sends is never a book."""
    paper = sheet()
    paper.text("mot " * 100_000)

    assert pages(paper.pdf()) == 1


def test_every_page_says_whose_it_is_and_how_many_there_are():
    """A page that was mislaid is missed."""
    paper = sheet()
    for _ in range(80):
        paper.text("Une ligne.")
    made = PdfReader(BytesIO(paper.pdf()))

    for number, page in enumerate(made.pages, 1):
        text = " ".join(page.extract_text().replace("\u00a0", " ").split())
        assert f"page {number} sur {len(made.pages)}" in text
        assert "Cabinet dentaire du Parc" in text
        assert "jeudi 26 novembre 2026 à 10 h 30" in text
    assert len(made.pages) == 2


def test_a_practice_with_a_long_name_leaves_room_for_the_kind_of_paper():
    """It is cut, with its sign."""
    long = replace(PRACTICE, name="Cabinet " * 40)
    paper = sheet(practice=long)
    paper.text("x")

    assert "…" in words(paper.pdf())


def test_the_file_names_itself_in_its_language():
    """For the window's title, and for those who listen to a page."""
    paper = sheet()
    paper.text("x")
    made = PdfReader(BytesIO(paper.pdf()))

    assert made.metadata.title == "Dossier d’incident, Cabinet dentaire du Parc"
    assert made.trailer["/Root"]["/Lang"] == "fr"


def test_the_same_facts_give_the_same_bytes():
    """So that a hash on paper can be checked by making the paper again."""

    def made() -> bytes:
        paper = sheet()
        paper.title("Titre")
        return paper.pdf()

    assert made() == made()


def test_a_paper_asks_for_nothing_outside_itself():
    """No address to open, no file beside it, no script."""
    paper = sheet()
    paper.text(HOSTILE)

    assert not any(word in paper.pdf() for word in (b"/URI", b"/JavaScript", b"/Launch", b"/EmbeddedFile"))
