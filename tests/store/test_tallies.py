"""Answers as large as a page, however large the store is: counted by the indices, not row by row."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from sentinel.model.connection import ConnectionState
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.standing import Standing
from sentinel.store.archive import Archive
from sentinel.store.reading import Filter, Reader, opened
from sentinel.store.tallies import Beginning, Shelf, Tally
from tests.builders import IMAGING, START, connection, exposure, incident, moment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


def after(minutes: float) -> Moment:
    return moment(minutes * 60)


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    made = Archive(path, "boot-1")
    made.begin_run("run-1", moment())
    yield made
    made.close()


def chapter(code: Code, level: Level, minutes: float, number: int = 1) -> Chapter:
    return Chapter(incident=number, code=code, grade=Grade.CONNECTED, level=level, at=after(minutes))


def keep(archive: Archive, *stories: Incident) -> None:
    for each in stories:
        archive.incident(each, chapter(each.code, each.level, 1, each.number))
    archive.commit()


def came(archive: Archive, serial: int, minutes: float, standing: Standing, **more: object) -> None:
    archive.connection("run-1", connection(serial=serial, at=after(minutes), **more), standing)


def test_shelves_are_filtered_ordered_and_paged(archive: Archive, path: Path):
    """What matters first, open before over, grave before mild."""
    over = {"state": IncidentState.CLOSED, "closed": after(3)}
    keep(
        archive,
        incident(1, level=Level.NOTE),
        incident(2, level=Level.ALARM, **over),
        incident(3, level=Level.ATTENTION),
        incident(4, level=Level.ALARM),
        incident(5, level=Level.ATTENTION, state=IncidentState.DORMANT, calling="ROBOT"),
    )
    with opened(path) as reader:

        def numbers(wanted: Shelf, **page: int) -> list[int]:
            return [each.number for each in reader.tallies.shelf(wanted, **{"most": 10, **page})]

        assert numbers(Shelf()) == [4, 5, 3, 2, 1]
        assert numbers(Shelf(), most=2, skip=1) == [5, 3]
        assert numbers(Shelf(states=(IncidentState.OPEN,), matters=True)) == [4, 3]
        assert numbers(Shelf(matters=False)) == [1]
        assert numbers(Shelf(text="ROBOT")) == [5]
        assert numbers(Shelf(text="%")) == [], "no wildcard"
        assert reader.tallies.count_shelf(Shelf(matters=True)) == 4
        assert reader.tallies.by_state() == {
            (IncidentState.OPEN, False): 1,
            (IncidentState.OPEN, True): 2,
            (IncidentState.CLOSED, True): 1,
            (IncidentState.DORMANT, True): 1,
        }


def test_beginnings_are_those_of_the_gravest_finding_and_of_the_first_alarm(archive: Archive, path: Path):
    """Asked for all stories at once, and only those."""
    story = incident(1, code=Code.STRANGER_CONNECTED)
    archive.incident(story, chapter(Code.DOOR_ANSWERED, Level.ATTENTION, 1))
    archive.incident(story, chapter(Code.DOOR_REACHABLE, Level.ALARM, 2))
    archive.incident(story, chapter(Code.STRANGER_CONNECTED, Level.ALARM, 3))
    keep(archive, incident(2, code=Code.DOOR_ATTENTION, level=Level.ATTENTION), incident(3))

    with opened(path) as reader:
        assert reader.tallies.beginnings([1, 2, 99]) == {
            1: Beginning(gravest=after(3).wall, alarmed=after(2).wall),
            2: Beginning(gravest=after(1).wall, alarmed=None),
        }
        assert reader.tallies.beginnings([]) == {}


def test_connections_are_counted_by_hour_and_by_who_came(archive: Archive, path: Path):
    """Only those opened since."""
    for serial, minutes in enumerate((1, 2, 61, 62, 63)):
        came(archive, serial, minutes, Standing.STRANGER)
    came(archive, 9, 62, Standing.INSIDE)
    archive.commit()
    first = START.replace(minute=0, second=0, microsecond=0)

    with opened(path) as reader:
        found = reader.tallies.by_hour(START, after(63).wall)
        late = reader.tallies.by_hour(after(62).wall, after(63).wall)

    hours = {(each.at, each.standing): each.count for each in found}
    assert sum(hours.values()) == 6
    assert hours[(first, Standing.STRANGER)] in (1, 2)
    assert all(each.at >= first and each.at.minute == 0 for each in found)
    assert {(each.standing, each.count) for each in late} == {(Standing.STRANGER, 2), (Standing.INSIDE, 1)}
    assert isinstance(found[0], Tally)


def test_the_parts_of_a_time_in_which_a_stranger_came_are_marked(archive: Archive, path: Path):
    """Neither our own checks nor the practice's workstations are visits; the very end belongs to the last part."""
    door = {"target": IMAGING, "target_port": 4242}
    came(archive, 1, 5, Standing.STRANGER, **door)
    came(archive, 2, 25, Standing.BOX, **door)
    came(archive, 3, 35, Standing.INSIDE, **door)
    came(archive, 4, 45, Standing.OWN_CHECK, **door)
    came(archive, 5, 55, Standing.STRANGER, **{**door, "target_port": 80})
    came(archive, 6, 60, Standing.STRANGER, **door)
    archive.commit()
    story = incident(1, machine=IMAGING, port=4242)

    with opened(path) as reader:
        span = (moment().wall, after(60).wall)
        assert reader.tallies.visited(story, *span, parts=6) == [True, False, True, False, False, True]
        assert reader.tallies.visited(replace(story, machine=None), *span, parts=6) == [False] * 6


def test_what_checks_said_of_one_door_is_newest_first_and_bounded(archive: Archive, path: Path):
    """Of these times, of this port."""
    for number, minutes in enumerate((1, 2, 3, 90)):
        archive.exposure(exposure(check=f"c{number}", at=after(minutes), port=11112), "exposed", None)
    archive.exposure(exposure(check="c0", at=after(1), port=80), "not_seen", None)
    archive.commit()

    with opened(path) as reader:
        found = reader.tallies.seen_outside(11112, moment().wall, after(60).wall, most=2)

    assert [(each.check, each.port) for each in found] == [("c2", 11112), ("c1", 11112)]


def test_the_register_is_paged_newest_first(archive: Archive, path: Path):
    """Whole incidents, read from their own table."""
    keep(archive, incident(1), incident(2), incident(3, level=Level.ATTENTION), incident(4))

    with opened(path) as reader:
        assert [each.number for each in reader.tallies.registered(most=2)] == [4, 2]
        assert [each.number for each in reader.tallies.registered(most=2, skip=2)] == [1]
        assert reader.tallies.count_registered() == 3


def test_a_whole_address_finds_itself_and_the_beginning_of_one_all_that_follow(archive: Archive, path: Path):
    """Both find it; an IPv6 address also as it was typed."""
    came(archive, 1, 1, Standing.STRANGER, source=ip_address("203.0.113.7"))
    came(archive, 2, 2, Standing.STRANGER, source=ip_address("203.0.113.77"))
    came(archive, 3, 3, Standing.STRANGER, source=ip_address("2a00:25::7"), target=ip_address("fd00::20"))
    archive.commit()

    with opened(path) as reader:
        counts = {
            text: reader.count_connections(Filter(text=text))
            for text in ("203.0.113.7", "203.0.113", "2A00:0025:0::7", "fd00::20", "nobody")
        }
        since = reader.count_connections(Filter(text="203.0.113", after=after(1.5).wall))

    assert counts == {"203.0.113.7": 1, "203.0.113": 2, "2A00:0025:0::7": 1, "fd00::20": 1, "nobody": 0}
    assert since == 1


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (
            "SELECT standing, count(*) FROM connections WHERE opened >= 'x' AND opened < 'y' GROUP BY 1",
            "listed",
        ),
        (
            "SELECT count(*) FROM connections WHERE opened >= 'x' AND state = 'closed' AND target_port = 1",
            "listed",
        ),
        (
            "SELECT 1 FROM connections WHERE target = 'x' AND target_port = 1 AND opened >= 'x' AND opened < 'y'"
            " AND standing IN ('stranger', 'box') LIMIT 1",
            "target",
        ),
    ],
)
def test_what_every_page_asks_is_answered_by_an_index_alone(archive: Archive, path: Path, asked, index):
    """A million rows are never read for a picture."""
    archive.commit()
    with closing(sqlite3.connect(path)) as store:
        plan = " ".join(row[3] for row in store.execute(f"EXPLAIN QUERY PLAN {asked}"))

    assert f"USING COVERING INDEX connections_{index}" in plan


def test_readers_hold_their_tallies(path: Path, archive: Archive):
    """One connection for both; times are of UTC."""
    came(archive, 1, 1, Standing.STRANGER, state=ConnectionState.REFUSED)
    archive.commit()
    with opened(path) as reader:
        assert isinstance(reader, Reader)
        [found] = reader.tallies.by_hour(START, after(2).wall)

    assert found.at.utcoffset() == timedelta(0)
