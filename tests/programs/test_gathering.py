"""From the store's rows to a case: everything that belongs to one incident, and nothing of another."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from sentinel.config import Language, Page
from sentinel.evidence.facts import Case
from sentinel.model.connection import Association, DicomService
from sentinel.model.exposure import Application, Kind, Reach
from sentinel.model.standing import Standing
from sentinel.places import Places
from sentinel.programs.gathering import case, letterhead, pieces
from sentinel.store.reading import opened
from tests.builders import connection, dicom, exposure, moment
from tests.programs.furnished import CONFIG, DAY, NOW, furnished, writing


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return furnished(tmp_path)


def gathered(places: Places, number: int = 7) -> Case:
    with opened(places.store) as reader:
        found = case(reader, letterhead(CONFIG, NOW), number)
    assert found is not None
    return found


def test_a_case_holds_its_checks_its_visits_and_its_installation(places):
    """Oldest first; the echo by its name for people."""
    found = gathered(places)

    assert [(each.check, each.reach, each.echo) for each in found.proofs] == [
        ("c1", Reach.OPEN, "echo.example"),
        ("c2", Reach.OPEN, "echo.example"),
        ("c3", Reach.FILTERED, "echo.example"),
    ]
    assert (len(found.visits), found.visits_in_all) == (3, 3)
    assert found.visits[0].opened < found.visits[2].opened
    assert found.installed == moment(-DAY).wall


def test_of_a_rejected_visit_the_dossier_knows_what_it_proposed_and_why_it_was_rejected(places):
    """As the store keeps it."""
    asked = replace(dicom(Association.REJECTED, (DicomService.FIND,)), rejection=(1, 1, 7))
    with writing(places) as archive:
        archive.connection("run-1", connection(serial=99, dicom=asked), Standing.STRANGER)

    assert [each.services for each in gathered(places).visits if each.rejection == "1/1/7"] == [("find",)]


def test_what_came_long_after_its_end_is_another_story(places):
    """A check of the same port a week later proves nothing about this one."""
    with writing(places) as archive:
        archive.exposure(exposure(check="later", port=11112, at=moment(9 * DAY)), "exposed", None)

    assert "later" not in {each.check for each in gathered(places).proofs}


def test_an_incident_outlives_its_rows_in_the_register(places):
    """The purge of the log takes the rows; the practice still has its dossier."""
    database = Database(places.store)
    for table in ("chapters", "incidents", "connections", "exposures"):
        database[table].delete_where()
    database.conn.commit()
    database.close()
    found = gathered(places)

    assert found.incident.number == 7
    assert len(found.chapters) == 3
    assert found.visits == ()


def test_there_is_no_case_of_an_incident_that_never_was(places):
    """Nothing is invented."""
    with opened(places.store) as reader:
        assert case(reader, letterhead(CONFIG, NOW), 8) is None


def test_the_box_is_known_only_where_an_echo_recognised_it_behind_its_own_door(places):
    """An imaging server's name says nothing of the box."""
    freebox = Application(kind=Kind.HTTP, product="freebox")
    assert gathered(places).product is None
    with writing(places) as archive:
        archive.exposure(exposure(check="box", port=80, at=moment(DAY), app=freebox), "box_answers", None)

    assert gathered(places).product == "freebox"


def test_what_proves_it_is_laid_beside_it(places):
    """The journal's excerpt and its anchors; a check's own name never leaves the folder."""
    with writing(places) as archive:
        archive.commit()
    database = Database(places.store)
    anchor = {"echo": "k", "at": "2026-03-02T09:00:00.000000Z", "incidents": "[7]", "report": '{"a":1}'}
    database["anchors"].insert_all(
        [
            {"number": 1, "head": "", "check": "../../etc/passwd", **anchor},
            {"number": 2, "head": "ab", "check": "Good-1", **anchor},
        ]
    )
    database.close()
    with opened(places.store) as reader:
        found = pieces(reader, 7)

    assert set(found) == {
        "rapports/______etc_passwd.json",
        "rapports/Good-1.json",
        "journal.jsonl",
        "ancres.jsonl",
    }
    assert found["ancres.jsonl"] == b'{"a":1}\n'
    assert found["journal.jsonl"].count(b"\n") >= 3


def test_a_paper_speaks_the_practices_language_unless_another_is_asked_for():
    """And names the person to call."""
    english = replace(CONFIG, page=Page(language=Language.EN))

    assert letterhead(english, NOW).audience.language == "en"
    assert letterhead(english, NOW, "fr").audience.language == "fr"
    assert letterhead(CONFIG, NOW).audience.contact == "Sophie Martin (01 23 45 67 89)"
    assert letterhead(replace(CONFIG, practice=replace(CONFIG.practice, phone="")), NOW).audience.contact == (
        "Sophie Martin"
    )
    assert letterhead(CONFIG, NOW).audience.now - NOW == timedelta(0)
