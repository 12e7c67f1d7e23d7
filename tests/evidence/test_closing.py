"""The closing page: what was recorded, and what is still to be done by hand."""

from dataclasses import replace

from sentinel.evidence.closing import closing_page
from tests.evidence.cases import HOSTILE, PRACTICE, closing, head, pages, words


def test_it_tells_what_was_recorded_and_how_the_journal_ends():
    """With the hash that a copy of the journal must end with."""
    said = words(closing_page(closing()))

    assert "Fin de service" in said
    assert "5 040 contrôles complets, sur 412 jours" in said
    assert "420 jours" in said
    assert "31, dont 2 en alerte" in said
    assert "9f" * 32 in said.replace(" ", "")


def test_it_lists_what_is_to_be_done_by_hand():
    """Export, wipe, revoke, and tell the team."""
    said = words(closing_page(closing()))

    assert all(
        each in said
        for each in ("remis au cabinet", "effacée ou détruite", "révoquée", "plus rien n’est surveillé")
    )
    assert "Le registre reste avec le responsable du traitement" in said


def test_a_door_that_is_still_open_stands_on_top():
    """Going out of service closes nothing."""
    assert "1 porte n’est pas prouvée fermée." in words(closing_page(closing(still_open=1)))


def test_a_sentinel_that_never_recorded_anything_has_one_too():
    """Nothing is invented."""
    made = closing_page(closing(installed=None, entries=0, head_hash="", anchored=None, checks=0, days=0))

    assert "En service depuis" not in words(made)
    assert "contresigné" not in words(made)
    assert pages(made) == 1


def test_it_is_one_page_in_both_languages_whatever_the_practice_is_called():
    """Names are typed."""
    odd = replace(PRACTICE, name=HOSTILE * 3)

    assert [
        pages(closing_page(closing(language, head=head(language, practice=odd)))) for language in ("fr", "en")
    ] == [1, 1]
