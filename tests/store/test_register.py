"""The register holds every alarm whole, as it stands, and does not need the rows it was made from."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sentinel.model.acting import MeasureKind
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import Chapter, IncidentState
from sentinel.store.archive import Archive
from sentinel.store.reading import opened
from sentinel.store.register import Registered
from tests.builders import START, incident, moment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    kept = Archive(path, "boot-1")
    yield kept
    kept.close()


def chapter(number: int = 1, seconds: float = 0, said: str = "") -> Chapter:
    return Chapter(
        incident=number,
        code=Code.STRANGER_CONNECTED,
        grade=Grade.CONNECTED,
        level=Level.ALARM,
        at=moment(seconds),
        who="Léa" if said else None,
        said=said,
    )


def registered(path: Path) -> list[Registered]:
    with opened(path) as reader:
        return reader.register()


def test_an_alarm_is_in_the_register_with_its_times_its_timeline_and_what_was_done(archive, path):
    """As it stands after each change, once."""
    archive.incident(incident(shown=moment(1)), chapter())
    archive.commit()
    done = incident(
        shown=moment(1),
        read=moment(60),
        read_by="Léa",
        measured=moment(90),
        measure_told=moment(95),
        measure=MeasureKind.MACHINE_UNPLUGGED,
        measured_by="Léa",
    )
    archive.incident(done, chapter(seconds=90, said="câble débranché"))
    archive.commit()

    assert registered(path) == [
        Registered(incident=done, chapters=(chapter(), chapter(seconds=90, said="câble débranché")))
    ]


def test_what_is_no_alarm_is_not_in_the_register(archive, path):
    """A weak point is no breach."""
    archive.incident(incident(level=Level.ATTENTION), chapter())
    archive.commit()

    assert registered(path) == []


def test_what_was_an_alarm_once_stays_and_goes_on(archive, path):
    """A story that returns as something less is still the same story."""
    archive.incident(incident(), chapter())
    archive.commit()
    less = incident(level=Level.ATTENTION, state=IncidentState.CLOSED, closed=moment(9))
    archive.incident(less, chapter(seconds=9))
    archive.commit()

    (kept,) = registered(path)
    assert (kept.incident, len(kept.chapters)) == (less, 2)


def test_the_register_needs_no_row_of_the_log(archive, path):
    """Rows may go; what it says is in itself."""
    archive.incident(incident(), chapter())
    archive.commit()
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM chapters")
        db.execute("DELETE FROM incidents")
        db.commit()

    assert [each.incident.number for each in registered(path)] == [1]


def test_a_reader_may_ask_for_what_began_since(archive, path):
    """For a month's page."""
    archive.incident(incident(), chapter())
    archive.incident(incident(number=2, first=moment(60)), chapter(2))
    archive.commit()

    with opened(path) as reader:
        assert [each.incident.number for each in reader.register(START)] == [1, 2]
        assert [each.incident.number for each in reader.register(moment(1).wall)] == [2]
