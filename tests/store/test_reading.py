"""Readers: they follow a living writer, read what a stopped one left, and can never write."""

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from sentinel.model.connection import Association, ConnectionState, DicomService, Label
from sentinel.model.exposure import AfterProbe, Answer, Application, Kind, Outcome, PortList, Reach
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import Chapter, IncidentState
from sentinel.model.standing import Standing
from sentinel.store.archive import Archive
from sentinel.store.reading import Filter, Reader, opened
from sentinel.store.sessions import Sessions
from tests.builders import (
    DOOR,
    IMAGING,
    IMAGING_MAC,
    START,
    attempts,
    connection,
    dicom,
    exposure,
    incident,
    moment,
    outcome,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


def furnish(archive: Archive) -> None:
    """A day of a practice."""
    archive.begin_run("run-1", moment())
    for serial, (state, standing, source) in enumerate(
        [
            (ConnectionState.CLOSED, Standing.STRANGER, "203.0.113.7"),
            (ConnectionState.REFUSED, Standing.STRANGER, "203.0.113.8"),
            (ConnectionState.CLOSED, Standing.OWN_CHECK, "198.51.100.10"),
        ]
    ):
        told = connection(serial=serial, source=ip_address(source), state=state, at=moment(serial), dicom=dicom())
        archive.connection("run-1", told, standing)
    archive.attempts("run-1", attempts(silent=5, refused=2))
    archive.exposure(exposure(at=moment(1), reach=Reach.CLOSED), "closed", None)
    app = Application(kind=Kind.DICOM, answer=Answer.REJECTED, rejection=(1, 1, 7), after_probe=AfterProbe.OPEN)
    seen = exposure(check="check-2", at=moment(9), app=app)
    archive.exposure(seen, "door_reachable", (IMAGING, IMAGING_MAC, 4242))
    archive.outcome(outcome(Outcome.LATE, ports=PortList.HOURLY))
    archive.outcome(outcome(at=moment(9)))
    archive.incident(
        incident(1),
        Chapter(incident=1, code=Code.STRANGER_CONNECTED, grade=Grade.CONNECTED, level=Level.ALARM, at=moment()),
    )
    archive.incident(incident(2, story=replace(DOOR, port=1), state=IncidentState.CLOSED, closed=moment(1)), None)
    archive.incident(incident(3, story=replace(DOOR, port=2), level=Level.NOTE), None)
    archive.commit()


def test_a_reader_follows_a_living_writer(path):
    """Through the -wal file, commit by commit."""
    with closing(Archive(path, "boot-1")) as archive:
        furnish(archive)
        with opened(path) as reader:
            assert reader.count_connections(Filter()) == 3
            archive.connection("run-1", connection(serial=9), Standing.STRANGER)
            archive.commit()
            assert reader.count_connections(Filter()) == 4


def test_a_reader_reads_what_a_clean_stop_left_without_the_right_to_write(path):
    """One file in a folder nobody may write to: it is opened as unchanging, and leaves nothing behind."""
    archive = Archive(path, "boot-1")
    furnish(archive)
    archive.close()
    path.chmod(0o440)
    path.parent.chmod(0o550)
    try:
        with opened(path) as reader:
            assert reader.count_connections(Filter()) == 3
        assert [each.name for each in path.parent.iterdir()] == ["sentinel.db"]
    finally:
        path.parent.chmod(0o750)


@pytest.mark.parametrize("living", [True, False])
def test_a_reader_can_never_write(path, living):
    """Whatever a hole in the page might ask of it."""
    archive = Archive(path, "boot-1")
    furnish(archive)
    if not living:
        archive.close()
    with pytest.raises(OSError, match="readonly"), opened(path) as reader:
        _database(reader).execute("DELETE FROM incidents")
    with opened(path) as reader:
        assert len(reader.incidents()) == 3
    if living:
        archive.close()


def _database(reader: Reader) -> sqlite3.Connection:
    return reader._db


@pytest.mark.parametrize("folder", ["100% Cabinet #1", "a?mode=rw", "é à"])
def test_any_folder_can_hold_a_store(tmp_path, folder):
    """Its name is a path, and no part of a question to SQLite."""
    path = tmp_path / folder / "sentinel.db"
    path.parent.mkdir()
    with closing(Archive(path, "boot-1")) as archive:
        furnish(archive)
        with opened(path) as reader:
            assert reader.count_connections(Filter()) == 3


def test_where_no_store_is_or_none_that_can_be_read_the_reader_says_so(path):
    """An OSError, and no file is made."""
    with pytest.raises(OSError, match="cannot be read"), opened(path) as reader:
        reader.incidents()
    assert not path.exists()

    path.write_bytes(os.urandom(4096))
    with pytest.raises(OSError, match="cannot be read"), opened(path) as reader:
        reader.incidents()


@pytest.fixture
def reader(path):
    archive = Archive(path, "boot-1")
    furnish(archive)
    archive.close()
    with opened(path) as reader:
        yield reader


def test_stories_are_told_open_ones_first_and_gravest_first(reader):
    """The closed one last, whatever it was."""
    assert [each.number for each in reader.incidents()] == [1, 3, 2]
    assert [each.number for each in reader.incidents(least=Level.ATTENTION)] == [1, 2]
    assert [each.number for each in reader.incidents(most=1)] == [1]


def test_one_story_and_its_lines(reader):
    """By its number; None when there is no such story."""
    found = reader.incident(1)

    assert found is not None
    assert found == incident(1)
    assert [each.code for each in reader.chapters(1)] == [Code.STRANGER_CONNECTED]
    assert (reader.incident(99), reader.chapters(99)) == (None, [])


@pytest.mark.parametrize(
    ("wanted", "serials"),
    [
        (Filter(), 3),
        (Filter(text="203.0.113"), 2),
        (Filter(text="ZZSTR"), 3),
        (Filter(text="%"), 0),
        (Filter(text="' OR 1=1 --"), 0),
        (Filter(port=4242), 3),
        (Filter(port=80), 0),
        (Filter(state=ConnectionState.REFUSED), 1),
        (Filter(standing=Standing.OWN_CHECK), 1),
        (Filter(text="203.0.113", state=ConnectionState.CLOSED, standing=Standing.STRANGER, port=4242), 1),
    ],
)
def test_connections_are_found_by_every_condition_at_once(reader, wanted, serials):
    """And counted by the same ones; a filter's text is a text and no statement."""
    assert len(reader.connections(wanted)) == reader.count_connections(wanted) == serials


@pytest.mark.parametrize("label", [None, *Label])
@pytest.mark.parametrize(("whole", "request_"), [(True, "whole"), (False, "partial"), (None, None)])
def test_what_was_spoken_and_how_much_was_seen_of_a_request_is_read_as_it_was_told(path, label, whole, request_):
    """Without an association there was no request to see."""
    asked = None if whole is None else replace(dicom(), services_whole=whole)
    with closing(Archive(path, "boot-1")) as archive:
        archive.begin_run("run-1", moment())
        archive.connection("run-1", connection(dicom=asked, label=label), Standing.STRANGER)
        archive.commit()

    with opened(path) as reader:
        (row,) = reader.connections(Filter())
        assert (row.request, row.label) == (request_, label)


@pytest.mark.parametrize(
    ("services", "rejection", "kept"),
    [
        ((DicomService.FIND, DicomService.MOVE), (1, 1, 7), (("find", "move"), "1/1/7")),
        ((), None, ((), None)),
    ],
)
def test_what_an_association_proposed_and_why_it_was_rejected_is_read_as_it_was_told(
    path, services, rejection, kept
):
    """The three numbers are result, source and reason (PS3.8 table 9-21)."""
    asked = replace(dicom(Association.REJECTED, services), rejection=rejection)
    with closing(Archive(path, "boot-1")) as archive:
        archive.begin_run("run-1", moment())
        archive.connection("run-1", connection(serial=1, dicom=asked), Standing.STRANGER)
        archive.connection("run-1", connection(serial=2, dicom=None), Standing.STRANGER)
        archive.commit()

    with opened(path) as reader:
        found = {(row.services, row.rejection) for row in reader.connections(Filter())}

    assert found == {kept, ((), None)}


def test_connections_are_told_newest_first_and_page_by_page(reader):
    """As the list shows them."""
    pages = [reader.connections(Filter(), most=2, skip=skip) for skip in (0, 2)]

    assert [each.source for page in pages for each in page] == ["198.51.100.10", "203.0.113.8", "203.0.113.7"]


def test_the_visits_of_a_story_are_the_strangers_at_its_door(reader):
    """Our own check is not among them; a story without a door has none."""
    assert {each.source for each in reader.visits_of(incident())} == {"203.0.113.7", "203.0.113.8"}
    assert reader.visits_of(incident(machine=None)) == []


def test_the_last_word_on_each_public_port(reader):
    """Open now, closed before; and what one check said."""
    (cell,) = reader.cells()

    assert (cell.reach, cell.verdict, cell.machine, cell.mac, cell.inside_port) == (
        "open",
        "door_reachable",
        str(IMAGING),
        IMAGING_MAC,
        4242,
    )
    assert (cell.family, cell.echo, cell.check) == (4, "echo-key", "check-2")
    assert cell.app is not None
    assert (cell.app.answer, cell.app.rejection) == (Answer.REJECTED, (1, 1, 7))  # as it went in
    assert [each.reach for each in reader.cells_of("check-1")] == ["closed"]


def test_the_last_word_is_kept_for_each_echo_and_family(path):
    """Two echoes do not hide one another; an old word stays for a week after the newest."""
    with closing(Archive(path, "boot-1")) as archive:
        day = 86_400.0
        for check, echo, family, at, reach in (
            ("a", "one", 4, 0, Reach.OPEN),
            ("b", "one", 4, day, Reach.CLOSED),
            ("c", "two", 4, day, Reach.OPEN),
            ("d", "two", 6, 2 * day, Reach.FILTERED),
            ("e", "old", 4, 0, Reach.OPEN),
        ):
            seen = exposure(check=check, echo=echo, family=family, reach=reach, at=moment(at))
            archive.exposure(seen, "not_seen", None)
        archive.commit()
        with opened(path) as reader:
            told = [(each.family, each.echo, each.reach) for each in reader.cells()]
            assert told == [(4, "old", "open"), (4, "one", "closed"), (4, "two", "open"), (6, "two", "filtered")]

        archive.exposure(exposure(check="f", echo="two", port=80, at=moment(8 * day)), "exposed", None)
        archive.commit()
        with opened(path) as reader:
            assert [(each.echo, each.check) for each in reader.cells()] == [
                ("two", "f"),
                ("one", "b"),
                ("two", "c"),
                ("two", "d"),
            ]


def test_the_last_attempt_of_each_echo_and_family_and_its_last_proof(path):
    """Whatever failed since takes nothing from the proof; an echo that is asked no more is not told of."""
    with closing(Archive(path, "boot-1")) as archive:
        day = 86_400.0
        for echo, family, at, result, ports in (
            ("gone", 4, 0, Outcome.CHECKED, PortList.FULL),
            ("one", 4, day, Outcome.CHECKED, PortList.FULL),
            ("one", 6, day + 1, Outcome.CHECKED, PortList.HOURLY),
            ("one", 4, day + 60, Outcome.QUOTA, PortList.HOURLY),
        ):
            asked = outcome(
                result, echo=echo, family=family, asked=moment(at), ports=ports, host=f"{echo}.example"
            )
            archive.outcome(asked)
        archive.commit()
        with opened(path) as reader:
            last = [(each.host, each.family, each.outcome) for each in reader.last_checks()]
            proofs = reader.last_proofs()

    assert last == [("one.example", 4, "quota"), ("one.example", 6, "checked")]
    assert proofs == {("gone", 4): moment(0).wall, ("one", 4): moment(day).wall}


def test_checks_are_told_newest_first(reader):
    """Those that failed too."""
    assert [each.outcome for each in reader.checks()] == ["checked", "late"]
    assert [each.number for each in reader.checks(after=1)] == [2]


def test_knocks_are_counted_over_the_whole_log(reader):
    """Silence and refusals."""
    assert reader.attempts() == (5, 2)


def test_a_login_is_known_to_readers_by_its_hash_alone(path):
    """The token itself is in no file."""
    archive = Archive(path, "boot-1")
    token = Sessions(archive, "TEST-CODE").enter("test code", "192.168.1.9", START).token
    archive.close()

    with opened(path) as reader:
        assert reader.has_session(token, START)
        assert not reader.has_session(token + "x", START)
    assert token.encode() not in path.read_bytes()
