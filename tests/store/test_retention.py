"""What has had its time goes in small steps, what must stay stays, and the writer never waits."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sentinel.model.finding import Code, Level, Story, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.ledger import Signed
from sentinel.model.moment import Moment
from sentinel.model.standing import Standing
from sentinel.store.archive import Archive
from sentinel.store.ledger import entries
from sentinel.store.reading import opened
from sentinel.store.retention import LARGEST, PAGE, SMALLEST, TOLD, WELL_UNDER, Pace
from tests.builders import attempts, connection, exposure, incident, moment, outcome, sighting

DAY = 86_400.0
KEEP = timedelta(days=183)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    kept = Archive(path, "boot-1")
    yield kept
    kept.close()


def rows_at(archive: Archive, at: Moment, run: str) -> None:
    """One of everything that is purged by its time."""
    archive.begin_run(run, at)
    archive.connection(run, connection(at=at), Standing.STRANGER)
    archive.attempts(run, attempts(at=at))
    archive.sighting(replace(sighting(at), mac=f"02:00:00:00:00:{len(run):02x}"))
    archive.exposure(replace(exposure(), check=run, at=at), "not_seen", None)
    archive.outcome(replace(outcome(), at=at, asked=at))
    archive.commit()


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def told(path: Path, kind: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return [json.loads(each.body) for each in entries(db) if each.kind == kind and not each.is_taken_out]


def purge(archive: Archive, at: Moment) -> int:
    """To its end, with the street's commit after each step; how many steps."""
    steps = 0
    for _ in archive.purge(at, KEEP):
        archive.commit()
        steps += 1
    archive.commit()
    return steps


def story(number: int, **more: Any) -> Incident:
    about = Story(kind=StoryKind.MAPPING, about=f"192.168.1.{number}", port=80)
    return incident(number=number, story=about, **more)


def line(number: int) -> Chapter:
    return Chapter(incident=number, code=Code.SCANNED, grade=None, level=Level.NOTE, at=moment())


def test_the_log_goes_after_its_time_and_what_is_younger_stays(archive, path):
    """Every table of the log; the purge is told with its counts."""
    rows_at(archive, moment(), "old")
    rows_at(archive, moment(100 * DAY), "young")

    purge(archive, moment(200 * DAY))

    for table in ("connections", "attempts", "machines", "exposures", "outcomes", "runs"):
        assert count(path, table) == 1, table
    (entry,) = told(path, "purged")
    assert entry["rows"] == {"connections": 1, "exposures": 1, "attempts": 1, "outcomes": 1}


def test_one_row_dated_into_the_future_stops_no_purge(archive, path):
    """A clock was wrong for a moment; what came after it goes in its time all the same."""
    rows_at(archive, moment(5000 * DAY), "ahead")
    for number in range(2 * SMALLEST):
        rows_at(archive, moment(number), f"run-{number}")

    purge(archive, moment(200 * DAY))

    for table in ("attempts", "outcomes"):
        assert count(path, table) == 1, table


@pytest.mark.parametrize(("words", "blanks"), [(PAGE, (0, 50)), (TOLD, (0, 50, "incident", "2026", "sha256:%"))])
def test_a_step_through_the_journal_sorts_nothing(archive, words, blanks):
    """It is read by its numbers, from where the last step ended."""
    plan = [row[3] for row in archive.at_once(f"EXPLAIN QUERY PLAN {words}", blanks)]

    assert not any("TEMP B-TREE" in each or each.startswith("SCAN ledger") for each in plan), plan


def test_a_purge_that_finds_nothing_tells_nothing(archive, path):
    """No entry a day about nothing."""
    rows_at(archive, moment(), "run")
    purge(archive, moment(10 * DAY))

    assert told(path, "purged") == []


def test_stories_below_alarm_go_when_they_are_over_and_alarms_stay(archive, path):
    """With their lines and what the journal told of them. What is still open stays, and the last number too."""
    over = {"state": IncidentState.CLOSED, "closed": moment(DAY)}
    for each in (
        story(1, level=Level.ATTENTION, **over),
        story(2, level=Level.ALARM, **over),
        story(3, level=Level.ATTENTION),
        story(4, level=Level.NOTE, state=IncidentState.CLOSED, closed=moment(190 * DAY)),
        story(5, level=Level.NOTE, **over),
    ):
        archive.incident(each, line(each.number))
    archive.commit()

    purge(archive, moment(200 * DAY))

    with opened(path) as reader:
        assert sorted(each.number for each in reader.incidents()) == [2, 3, 4, 5]
        assert [len(reader.chapters(number)) for number in (1, 2)] == [0, 1]
        assert [each.incident.number for each in reader.register()] == [2]
    assert {body["incident"]["number"] for body in told(path, "incident")} == {3, 4, 5}
    assert {body["incident"]["number"] for body in told(path, "alarm")} == {2}
    assert [body.get("incidents") or body.get("taken_out") for body in told(path, "purged")] == [[1], [1]]
    assert archive.next_incident() == 6


def test_an_alarm_that_came_back_as_less_stays(archive, path):
    """It is in the register."""
    archive.incident(story(1), line(1))
    archive.commit()
    archive.incident(story(1, level=Level.ATTENTION, state=IncidentState.CLOSED, closed=moment(1)), line(1))
    archive.incident(story(2), line(2))
    archive.commit()

    purge(archive, moment(400 * DAY))

    assert count(path, "incidents") == 2


def test_one_signed_check_a_month_is_left_of_the_daily_ones(archive, path):
    """And each that opened or closed an alarm."""
    for day in range(120):
        check = f"c{day}"
        archive.proofs.note(check, [7] if day == 10 else [])
        at = moment(day * DAY)
        archive.proofs.hold(Signed(check=check, echo="e", head="a" * 64, line=check, at=at))
        archive.proofs.settle(check)
    archive.commit()

    purge(archive, moment(120 * DAY))

    with opened(path) as reader:
        kept = reader.anchors()
    assert kept[:3] == ["c0", "c10", "c30"]
    assert len(kept) == 3 + 62


def test_a_purge_that_is_broken_off_loses_no_count_of_what_is_left(archive, path):
    """The next one does the rest, in one transaction each."""
    for number in range(3 * SMALLEST):
        archive.connection("run", connection(serial=number), Standing.STRANGER)
    archive.commit()
    begun = archive.purge(moment(400 * DAY), KEEP)
    next(begun)
    begun.close()
    assert count(path, "connections") == 2 * SMALLEST

    purge(archive, moment(400 * DAY))

    assert count(path, "connections") == 0


def test_a_locked_store_ends_the_purge_with_one_kind_of_error(archive, path):
    """The street tries again later."""
    rows_at(archive, moment(), "run")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OSError, match="locked"):
            next(archive.purge(moment(400 * DAY), KEEP))
        other.execute("ROLLBACK")


def test_a_slow_card_makes_small_steps_and_a_fast_one_large_ones():
    """By how long the last step took."""
    now = 0.0
    pace = Pace(lambda: now)
    for _ in range(10):
        with pace:
            now += WELL_UNDER / 10
    assert pace.rows == LARGEST
    for _ in range(10):
        with pace:
            now += WELL_UNDER * 2
    assert pace.rows == SMALLEST


def test_a_million_connections_go_without_holding_up_the_writer(tmp_path):
    """Six months of a busy practice. What is promised is the length of a step: it takes one between two facts.

    Our own work is held to that in every step; the wall, which a busy machine stretches, in 99 of 100.
    """
    path = tmp_path / "large.db"
    Archive(path, "boot").close()
    fill(path, 1_000_000)
    archive = Archive(path, "boot")
    wall: list[float] = []
    work: list[float] = []
    steps = archive.purge(moment(400 * DAY), KEEP)
    while True:
        begun, busy = time.monotonic(), time.process_time()
        if next(steps, steps) is steps:
            break
        wall.append(time.monotonic() - begun)
        work.append(time.process_time() - busy)
    archive.commit()
    archive.close()

    wall.sort()
    print(f"{len(wall)} steps: median {wall[len(wall) // 2] * 1e3:.1f} ms, longest {wall[-1] * 1e3:.1f} ms")
    assert count(path, "connections") == 0
    assert max(work) < 0.2
    assert wall[len(wall) * 99 // 100] < 0.2


def fill(path: Path, rows: int) -> None:
    """So many connections over 180 days, their order in time not that of their keys."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)"
            " INSERT INTO connections SELECT 'run-' || (i % 97), i, 'stranger', '203.0.113.' || (i % 250), 40000,"
            " '192.168.1.66', 4242, '02:00:00:00:00:fe', '02:00:00:00:00:66', NULL, 'inbound', 'closed',"
            " strftime('%Y-%m-%dT%H:%M:%S', 1772442000 + i * 15, 'unixepoch') || '.000000Z', i * 15.0,"
            " strftime('%Y-%m-%dT%H:%M:%S', 1772442000 + i * 15, 'unixepoch') || '.000000Z', i * 15.0,"
            " 1, 200, 300, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM n",
            (rows,),
        )
        db.commit()
