"""The journal as readers see it: an excerpt is a whole chain, and tells of nobody else's story."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from sentinel import codec
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Chapter
from sentinel.model.ledger import FIRST, Day, EntryKind
from sentinel.store.archive import Archive
from sentinel.store.reading import opened
from tests.builders import incident, moment

OTHER = Story(kind=StoryKind.NETWORK, about="10.99.0.0/24")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    kept = Archive(path, "boot-1")
    yield kept
    kept.close()


def chapter(number: int, seconds: float = 0) -> Chapter:
    return Chapter(incident=number, code=Code.SCANNED, grade=Grade.SCANNED, level=Level.NOTE, at=moment(seconds))


def test_an_excerpt_begins_with_the_start_before_its_story_and_goes_on_to_the_head(archive, path):
    """The start tells our key. Of the others only hashes are left, and the chain holds."""
    archive.tell(EntryKind.STARTED, moment(), version="0")
    archive.tell(EntryKind.STARTED, moment(), version="1")
    archive.incident(incident(number=1, story=OTHER), chapter(1))
    archive.incident(incident(number=2), chapter(2))
    archive.tell(EntryKind.SETTING, moment(), section="notices", who="Sophie")
    archive.incident(incident(number=1, story=OTHER), chapter(1, 5))
    archive.tell(EntryKind.PAPER, moment(), incident=2, name="dossier-2.zip")
    archive.tell(EntryKind.PAPER, moment(), incident=1, name="dossier-1.zip")
    archive.tell(EntryKind.DAY, moment(), day="2026-03-02")
    archive.commit()

    with opened(path) as reader:
        found, head = reader.journal(2), reader.head()

    assert [each.number for each in found] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert [each.is_taken_out for each in found] == [False, True, False, True, True, False, True, False]
    assert all(each.is_whole for each in found)
    assert [each.before for each in found[1:]] == [each.hash for each in found[:-1]]
    assert found[-1].hash == head
    assert "10.99" not in "".join(each.body for each in found)


def test_a_store_without_a_story_has_no_excerpt_and_a_first_head(archive, path):
    """Nothing is invented."""
    archive.commit()

    with opened(path) as reader:
        assert (reader.journal(1), reader.head(), reader.anchors(), reader.reports(1)) == ([], FIRST, [], {})


def test_days_are_read_back_as_they_were_told(archive, path):
    """Only those that were asked for; what nobody told of is missing and not guessed."""
    days = [Day(day=date(2026, 3, number), complete={4: 24}, failed={4: 1}, opened=(3,)) for number in (1, 2, 4)]
    for day in days:
        archive.tell(EntryKind.DAY, moment(86_400.0 * day.day.day), **codec.plain(day))
    archive.commit()

    with opened(path) as reader:
        assert reader.days(date(2026, 3, 2), date(2026, 3, 31)) == days[1:]
