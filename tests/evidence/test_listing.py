"""The rows beside the PDF: for a spreadsheet without danger, for programs without loss."""

import csv
import json
from io import StringIO

import pytest

from sentinel.evidence.listing import COLUMNS, as_csv, as_json, incident_json
from tests.evidence.cases import case, visit


def rows(sheet: bytes, delimiter: str = ";") -> list[list[str]]:
    return list(csv.reader(StringIO(sheet.decode("utf-8-sig")), delimiter=delimiter))


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@x", "|x", "%x", " =1", "\t=1", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(formula):
    """An AE title may hold sixteen letters of anything."""
    lines = rows(as_csv(case(visits=(visit(1, calling=formula, called=formula),))))

    assert lines[1][COLUMNS.index("calling")] == f"'{formula}"
    assert lines[1][COLUMNS.index("called")] == f"'{formula}"


def test_every_connection_is_a_line_under_its_heads():
    """As a spreadsheet of that language opens it by a double click."""
    lines = rows(as_csv(case()))

    assert len(lines) == 61
    assert {len(line) for line in lines} == {len(COLUMNS)}
    assert lines[1][0] == "2026-11-21T14:30:00.000+01:00"
    assert len(rows(as_csv(case("en")), ",")[0]) == len(COLUMNS)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ["inconnu", "terminée", "acceptée", "demande vue en partie", "partage de fichiers (SMB)"]),
        ("en", ["stranger", "closed", "accepted", "request seen in part", "file share (SMB)"]),
    ],
)
def test_our_own_words_are_those_of_the_dossiers_language(language, words):
    """Heads and cells are read by the same person; a program reads the raw words in the JSON."""
    known = visit(1, standing="stranger", state="closed", association="accepted", request="partial", label="smb")
    line = rows(as_csv(case(language, visits=(known,))), ";" if language == "fr" else ",")[1]

    assert [
        line[COLUMNS.index(name)] for name in ("standing", "state", "association", "request", "label")
    ] == words
    assert json.loads(as_json(case(language, visits=(known,))))[0]["state"] == "closed"


@pytest.mark.parametrize(
    ("language", "words"), [("fr", ["recherche, envoi", "(1/1/7)"]), ("en", ["query, storage", "(1/1/7)"])]
)
def test_what_was_proposed_and_why_it_was_rejected_stands_in_both_files(language, words):
    """In brackets: three numbers with slashes are a date to a spreadsheet."""
    known = case(language, visits=(visit(1, services=("find", "store"), rejection="1/1/7"),))
    line = rows(as_csv(known), ";" if language == "fr" else ",")[1]
    read = json.loads(as_json(known))[0]

    assert [line[COLUMNS.index(name)] for name in ("services", "rejection")] == words
    assert (read["services"], read["rejection"]) == (["find", "store"], "1/1/7")


def test_the_json_holds_the_same_rows_as_they_are():
    """Nothing is defused there: a program reads no formula."""
    read = json.loads(as_json(case(visits=(visit(1, calling="=1+1"),))))

    assert read[0]["calling"] == "=1+1"
    assert read[0]["opened"].startswith("2026-11-21T13:3")


def test_the_incident_is_there_with_its_timeline_and_its_checks():
    """What is shortened on paper is whole here."""
    read = json.loads(incident_json(case()))

    assert read["incident"]["number"] == 12
    assert len(read["chapters"]) == 5
    assert len(read["checks"]) == 16
    assert read["labels"] == {"00:11:22:33:44:55": "RADIO-PC"}
    assert read["connections"] == 412
