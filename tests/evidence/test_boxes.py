"""How the door is closed at the box: every box, marked as to be checked, and never an opening."""

from sentinel.evidence.boxes import fix_sheet, known
from tests.evidence.cases import case, words

NAMES = ("Livebox (Orange)", "Freebox (Free)", "SFR Box", "Bbox (Bouygues Telecom)", "Autre box, ou prestataire")


def test_where_the_box_is_not_known_every_box_is_there():
    """Each with the remark that menus change."""
    said = words(fix_sheet(case()))

    assert all(name in said for name in NAMES)
    assert said.count("À vérifier : les menus changent") == len(NAMES)


def test_a_box_that_was_recognised_is_alone_with_what_fits_every_other():
    """Nobody reads four menus with a patient waiting."""
    said = words(fix_sheet(case(product="freebox")))

    assert "Freebox (Free)" in said
    assert "Livebox (Orange)" not in said
    assert "Autre box" in said


def test_a_product_that_is_no_box_chooses_none():
    """An imaging server behind the door says nothing of the box."""
    assert known("orthanc") == known(None) == ("livebox", "freebox", "sfr", "bbox", "other")


def test_it_says_which_door_and_what_to_do_first():
    """Photograph, close, prove."""
    said = words(fix_sheet(case()))

    assert "11112" in said
    assert "RADIO-PC" in said
    assert "photographiez l’écran" in said
    assert "N’ouvrez jamais une porte" in said
    assert "la fermeture sera prouvée" in said


def test_english_keeps_the_menus_as_the_box_writes_them():
    """The box speaks French whatever its reader does."""
    said = words(fix_sheet(case("en")))

    assert "Closing the door at the box" in said
    assert "Gestion des ports" in said
