"""A day as the journal tells it: what was proved, when it was not and why, and nothing that nobody saw."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sentinel.judgement.casebook import Casebook
from sentinel.judgement.conditions import condition
from sentinel.model.connection import ConnectionState
from sentinel.model.exposure import Outcome, PortList
from sentinel.model.finding import Code, Finding, Level, Story, StoryKind
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
    assert told.gaps == (
        Gap(family=4, begin=at(8), end=at(20), why="off"),
        Gap(family=0, begin=at(5), end=at(20), why="off"),
    )


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


def checked_all_day(archive: Archive) -> None:
    for hour in range(-12, 24):
        asked(archive, hour + 0.5)


def stood(archive: Archive, code: Code, *hours: float, level: Level = Level.UNSURE, **more: object) -> None:
    """A condition of the sentinel that begins and ends in turn, as the casebook tells it."""
    book = Casebook(next_number=40)
    for n, hour in enumerate(hours):
        when = moment((at(hour) - START).total_seconds())
        change = book.take(condition(code, when, holds=n % 2 == 0, level=level, **more))
        assert change is not None
        archive.incident(change.incident, change.chapter)


@pytest.mark.parametrize(
    "code",
    [
        Code.CAPTURE_LOST,
        Code.VIEW_LOST,
        Code.VIEW_UNPROVED,
        Code.CLOCK_WRONG,
        Code.STORE_FAILING,
        Code.DISK_FULL,
        Code.ECHO_CONTRADICTED,
    ],
)
def test_a_day_on_which_a_part_did_not_know_has_a_gap_though_every_check_came_back(archive, code):
    """Nobody watched the passages, or no answer could be believed: the day is not proved."""
    checked_all_day(archive)
    stood(archive, code, 9, 12)

    told = day(archive)
    assert told.gaps == (Gap(family=0, begin=at(9), end=at(12), why=code.value),)
    assert not told.is_proved


def test_a_part_that_fails_is_in_doubt_until_it_works_again_also_over_midnight(archive):
    """From the evening before, then until the next morning; one number holds all the times."""
    checked_all_day(archive)
    stood(archive, Code.VIEW_LOST, -5, 2, 8, 10, 20, 30)

    assert [(each.begin, each.end) for each in day(archive).gaps] == [
        (at(0), at(2)),
        (at(8), at(10)),
        (at(20), at(24)),
    ]


@pytest.mark.parametrize("hours", [(-9,), (-9, -8, -1)])
def test_what_fails_since_long_ago_fails_all_day(archive, hours):
    """No line of its timeline is of that day."""
    checked_all_day(archive)
    stood(archive, Code.CAPTURE_LOST, *hours)

    assert [(each.begin, each.end) for each in day(archive).gaps] == [(at(0), at(24))]


def test_what_was_over_before_the_day_or_began_after_it_is_none_of_its_business(archive):
    """Two stories of other days."""
    checked_all_day(archive)
    stood(archive, Code.CAPTURE_LOST, -9, -8)
    stood(archive, Code.CLOCK_WRONG, 25)

    assert day(archive).is_proved


def test_the_minutes_of_a_start_and_what_is_only_worth_attention_are_no_gap(archive):
    """Three starts in one day, and a lapse of seconds; a mark is no blindness."""
    checked_all_day(archive)
    stood(archive, Code.VIEW_UNPROVED, 8, 8.04, 12, 12.04, 19, 19.04)
    stood(archive, Code.CAPTURE_LOST, 13, 13.01)
    stood(archive, Code.CAPTURE_INCOMPLETE, 1, 23, level=Level.ATTENTION)

    assert day(archive).is_proved


def test_a_part_that_comes_and_goes_all_day_is_one_gap(archive):
    """Each lapse is short; together they are hours, and the list stays short."""
    checked_all_day(archive)
    stood(archive, Code.CAPTURE_LOST, *(6 + step / 60 for step in range(600)))

    assert [(each.begin, each.end) for each in day(archive).gaps] == [(at(6), at(6 + 599 / 60))]


def test_a_sentinel_that_was_off_between_two_checks_watched_nothing_meanwhile(archive):
    """The doors were proved all the time; who passed nobody knows."""
    checked_all_day(archive)
    start = moment((at(12.4) - START).total_seconds())
    archive.tell(EntryKind.STARTED, start, off_since="2026-03-02T09:36:00.000000Z")

    assert day(archive).gaps == (Gap(family=0, begin=at(10.6), end=at(12.4), why="off"),)


def test_the_hourly_list_alone_proves_no_day(archive):
    """Twelve hours after the full one it is as blue on paper as it was on the lamp."""
    for hour in range(-1, 24):
        full = PortList.FULL if hour < 1 else PortList.HOURLY
        asked(archive, hour + 0.5, ports=full)

    assert day(archive).gaps == (Gap(family=4, begin=at(12.5), end=at(24), why="unasked"),)


def test_what_was_shown_is_a_gap_where_no_row_says_it(archive):
    """« Not checked » is told by the gap of its family alone, where that says why."""
    for hour in (*range(-12, 3), *range(20, 24)):
        asked(archive, hour)
    shown = [
        ("unplugged", (at(22), at(23))),
        ("not_checked", (at(14), at(20.01))),
        ("view_lost", (at(0), at(0.04))),
    ]
    archive.commit()

    assert archive.diary.day(MONDAY, PARIS, Level.NOTE, shown).gaps == (
        Gap(family=4, begin=at(5), end=at(20), why="unasked"),
        Gap(family=0, begin=at(22), end=at(23), why="unplugged"),
    )


def test_an_exercise_is_not_the_worst_of_a_day(archive):
    """It said of itself that it was none."""
    drill = Finding(
        code=Code.DRILL, story=Story(kind=StoryKind.DRILL, about="drill"), level=Level.ALARM, at=moment()
    )
    change = Casebook().take(drill)
    assert change is not None
    archive.incident(change.incident, change.chapter)

    assert day(archive).worst is Level.NOTE


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
