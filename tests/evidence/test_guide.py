"""`LISEZMOI.txt`: a third person needs one command."""

from sentinel.evidence.guide import guide
from sentinel.evidence.pack import ANCHORS, CONNECTIONS_CSV, DOSSIER, DRAFT, INCIDENT, JOURNAL, REPORTS
from tests.evidence.cases import case


def test_it_names_the_one_command_and_every_file():
    """With this dossier's own name, to be copied."""
    said = guide(case(), "dossier-incident-12-2026-11-26.zip").decode("utf-8-sig")

    assert "    sentinel verify dossier-incident-12-2026-11-26.zip\r\n" in said
    for name in (DOSSIER, DRAFT, INCIDENT, CONNECTIONS_CSV, REPORTS, JOURNAL, ANCHORS, "fiche-box.pdf"):
        assert name in said


def test_it_opens_in_any_editor_in_both_languages():
    """Line ends of Windows, UTF-8 with its mark."""
    for language, begin in (("fr", "DOSSIER DE L’INCIDENT"), ("en", "DOSSIER OF INCIDENT")):
        made = guide(case(language), "x.zip")
        assert made.startswith(b"\xef\xbb\xbf")
        assert begin in made.decode("utf-8-sig")
        assert b"\n" not in made.replace(b"\r\n", b"")
