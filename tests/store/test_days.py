"""A day as the journal tells it: what was proved, when it was not and why, and nothing that nobody saw."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sentinel.model.connection import ConnectionState
from sentinel.model.exposure import Outcome, PortList
from sentinel.model.finding import Level
from sentinel.model.incident import IncidentState
from sentinel.model.ledger import Day, EntryKind, Gap, Off
from sentinel.model.standing import Standing
from sentinel.store.archive import Archive
from tests.builders import START, connection, incident, moment, outcome

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 2)
HOUR = 3600.0
MIDNIGHT = datetime(2026, 3, 1, 23, tzinfo=UTC)
"""Where the Monday of the practice begins."""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    kept = Archive(tmp_path / "sentinel.db", "boot-1")
    yield kept
    kept.close()


def asked(archive: Archive, hours: float, result: Outcome = Outcome.CHECKED, **more: object) -> None:
    """One attempt, so many hours after midnight in Paris."""
    at = moment((MIDNIGHT - START).total_seconds() + hours * HOUR)
    archive.outcome(replace(outcome(), outcome=result, asked=at, at=at, **more))


def day(archive: Archive, worst: Level = Level.NOTE) -> Day:
    archive.commit()
    return archive.diary.day(MONDAY, PARIS, worst)


def at(hours: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hours)


def test_a_day_checked_every_hour_is_proved(archive):
    """From midnight to midnight of the practice, by the checks of the evening before as well."""
    for hour in range(-2, 24):
        asked(archive, hour + 0.5)

    told = day(archive)
    assert (told.complete, told.failed, told.gaps, told.is_proved) == ({4: 24}, {}, (), True)


def test_three_hours_without_a_check_begin_a_gap_with_its_reason(archive):
    """The most frequent one; each family has its own gaps."""
    for hour in range(-1, 24):
        asked(archive, hour + 0.5, family=6)
        lost = 8 < hour < 14
        asked(archive, hour + 0.5, Outcome.UNREACHABLE if lost else Outcome.CHECKED)
    asked(archive, 11.9, Outcome.QUOTA)

    told = day(archive)
    assert told.gaps == (Gap(family=4, begin=at(11.5), end=at(14.5), why="unreachable"),)
    assert (told.complete, told.failed) == ({4: 19, 6: 24}, {4: 6})
    assert not told.is_proved


def test_a_retest_of_one_door_proves_nothing_of_the_others(archive):
    """It is no complete check."""
    for hour in range(24):
        asked(archive, hour, ports=PortList.RETEST)

    told = day(archive)
    assert (told.complete, [each.why for each in told.gaps]) == ({}, ["unasked"])


def test_a_day_on_which_nobody_asked_is_one_gap(archive):
    """Nothing was proved, and that is told."""
    assert day(archive).gaps == (Gap(family=4, begin=at(0), end=at(24), why="unasked"),)


def test_where_the_sentinel_was_off_the_gap_says_so(archive):
    """From its last sign of life to its start."""
    for hour in (*range(-1, 6), *range(20, 24)):
        asked(archive, hour)
    start = moment((at(20) - START).total_seconds())
    archive.tell(EntryKind.STARTED, start, off_since="2026-03-02T04:00:00.000000Z")

    told = day(archive)
    assert told.off == (Off(begin=at(5), end=at(20)),)
    assert told.gaps == (Gap(family=4, begin=at(8), end=at(20), why="off"),)


def test_a_sentinel_that_was_off_for_days_was_off_all_day(archive):
    """A start that came later covers the whole day."""
    start = moment((at(60) - START).total_seconds())
    archive.tell(EntryKind.STARTED, start, off_since="2026-02-20T00:00:00.000000Z")

    assert day(archive).off == (Off(begin=at(0), end=at(24)),)


def test_doors_and_visits_and_the_gravest_story_are_counted(archive):
    """Only those of that day; what was shown counts where it was graver."""
    inside = moment()
    archive.incident(incident(number=1, first=inside, level=Level.ALARM), None)
    archive.incident(
        incident(
            number=2, first=moment(-9 * 86_400.0), state=IncidentState.CLOSED, closed=inside, level=Level.ATTENTION
        ),
        None,
    )
    archive.incident(incident(number=3, first=moment(-9 * 86_400.0), level=Level.NOTE), None)
    archive.connection("run", connection(serial=1, at=inside, state=ConnectionState.ANSWERED), Standing.STRANGER)
    archive.connection("run", connection(serial=2, at=inside, state=ConnectionState.REFUSED), Standing.STRANGER)
    archive.connection("run", connection(serial=3, at=inside), Standing.OWN_CHECK)

    told = day(archive)
    assert (told.opened, told.closed, told.visits, told.worst) == ((1,), (2,), 1, Level.ALARM)


def test_what_was_shown_is_the_worst_where_no_row_says_more(archive):
    """« Ne sait pas » is no story."""
    assert day(archive, Level.UNSURE).worst is Level.UNSURE


def test_the_days_are_told_from_the_first_on_and_each_once(archive):
    """A new store has none; after that it goes on where it ended."""
    assert archive.diary.next_day(PARIS, date(2026, 3, 20)) is None
    archive.tell(EntryKind.STARTED, moment((at(0.5) - START).total_seconds()))
    archive.commit()
    assert archive.diary.next_day(PARIS, date(2026, 3, 20)) == MONDAY

    archive.tell(EntryKind.DAY, moment(2 * 86_400.0), day="2026-03-03")
    archive.commit()
    assert archive.diary.next_day(PARIS, date(2026, 3, 20)) == date(2026, 3, 4)


def test_days_of_a_clock_that_was_wrong_do_not_stop_the_days(archive):
    """What it told of the future is not over yet; the last one is the last by its number."""
    for seconds, told in ((86_400.0 * 5000, "2039-11-01"), (86_400.0, "2026-03-02")):
        archive.tell(EntryKind.DAY, moment(seconds), day=told)
    archive.tell(EntryKind.DAY, moment(86_400.0 * 5000), day="2039-11-02")
    archive.commit()

    assert archive.diary.next_day(PARIS, date(2026, 3, 20)) == date(2026, 3, 3)


def test_the_last_sign_of_life_is_the_newest_of_all(archive):
    """A check, a machine, a visitor or an entry; whether it was a clean stop is known."""
    assert (archive.diary.last_sign(), archive.diary.was_stopped()) == (None, False)
    archive.tell(EntryKind.STARTED, moment())
    archive.connection("run", connection(at=moment(60)), Standing.STRANGER)
    archive.commit()
    assert (archive.diary.last_sign(), archive.diary.was_stopped()) == ("2026-03-02T09:01:00.000000Z", False)

    archive.tell(EntryKind.STOPPED, moment(90))
    archive.commit()
    assert (archive.diary.last_sign(), archive.diary.was_stopped()) == ("2026-03-02T09:01:30.000000Z", True)
