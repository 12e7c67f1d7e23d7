"""`LISEZMOI.txt`: a third person needs one command."""

from sentinel import __version__
from sentinel.evidence.guide import FIX_SHEET, guide
from sentinel.evidence.pack import ANCHORS, CONNECTIONS_CSV, DOSSIER, DRAFT, INCIDENT, JOURNAL, REPORTS
from tests.evidence.cases import case

HELD = (DOSSIER, DRAFT, FIX_SHEET, INCIDENT, CONNECTIONS_CSV, JOURNAL, ANCHORS)


def test_it_names_the_one_command_and_every_file():
    """With this dossier's own name, to be copied."""
    held = (*HELD, f"{REPORTS}check-1.json")
    said = guide(case(), "dossier-incident-12-2026-11-26.zip", held).decode("utf-8-sig")

    assert "    sentinel verify dossier-incident-12-2026-11-26.zip\r\n" in said
    for name in (*HELD, REPORTS):
        assert name in said


def test_it_announces_no_folder_that_is_not_there():
    """A check that was not kept leaves no report."""
    assert REPORTS not in guide(case(), "x.zip", HELD).decode("utf-8-sig")


def test_it_says_how_a_third_person_comes_by_the_program():
    """Nothing is published yet: the source, from whoever installed it, and Python are all there is."""
    said = guide(case(), "x.zip", HELD).decode("utf-8-sig")

    for needed in (f"sources du programme libre Cabinet Sentinel {__version__}", "Python 3.11, 3.12 ou 3.13"):
        assert needed in said
    assert "    ./dev sentinel verify x.zip\r\n" in said
    assert "    pip install '.[verify]'\r\n" in said


def test_it_opens_in_any_editor_in_both_languages():
    """Line ends of Windows, UTF-8 with its mark."""
    for language, begin in (("fr", "DOSSIER DE L’INCIDENT"), ("en", "DOSSIER OF INCIDENT")):
        made = guide(case(language), "x.zip", HELD)
        assert made.startswith(b"\xef\xbb\xbf")
        assert begin in made.decode("utf-8-sig")
        assert b"\n" not in made.replace(b"\r\n", b"")
