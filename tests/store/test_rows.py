"""Model values to rows and back: nothing changes on the way."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.store import rows

WALLS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
MOMENTS = st.builds(Moment, wall=WALLS, boot=st.timedeltas(timedelta(0), timedelta(days=30_000)))
MAYBE = st.none() | MOMENTS
TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=16)
ADDRESSES = st.none() | st.ip_addresses()
STORIES = st.builds(
    Story,
    kind=st.sampled_from(StoryKind),
    about=st.text(max_size=20),
    port=st.integers(0, 65_535),
    family=st.sampled_from([0, 4, 6]),
)
INCIDENTS = st.builds(
    Incident,
    number=st.integers(1, 1 << 40),
    story=STORIES,
    code=st.sampled_from(Code),
    level=st.sampled_from(Level),
    grade=st.none() | st.sampled_from(Grade),
    state=st.sampled_from(IncidentState),
    first=MOMENTS,
    last=MOMENTS,
    last_visit=MAYBE,
    closed=MAYBE,
    machine=ADDRESSES,
    mac=TEXTS,
    port=st.none() | st.integers(1, 65_535),
    outside_port=st.none() | st.integers(1, 65_535),
    count=st.integers(0, 1 << 40),
    sources=st.lists(st.tuples(st.ip_addresses().map(str), st.integers(1, 9)), max_size=20).map(tuple),
    calling=TEXTS,
    bytes_out=st.integers(0, 1 << 60),
    read=MAYBE,
    read_by=TEXTS,
)
CHAPTERS = st.builds(
    Chapter,
    incident=st.integers(1, 1 << 40),
    code=st.sampled_from(Code),
    grade=st.none() | st.sampled_from(Grade),
    level=st.sampled_from(Level),
    at=MOMENTS,
    source=ADDRESSES,
    outside_port=st.none() | st.integers(1, 65_535),
    calling=TEXTS,
    who=TEXTS,
)


def kept(row: rows.Row) -> sqlite3.Row:
    """The row as SQLite gives it back."""
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    names = ", ".join(f'? AS "{name}"' for name in row)
    try:
        found: sqlite3.Row = db.execute(f"SELECT {names}", tuple(row.values())).fetchone()
    finally:
        db.close()
    return found


def near(moment: Moment | None) -> tuple[datetime, int] | None:
    """The boot clock is kept as seconds: a microsecond may be rounded away after centuries."""
    return None if moment is None else (moment.wall, round(moment.boot.total_seconds() * 1e5))


@given(INCIDENTS)
def test_an_incident_comes_back_as_it_went(incident: Incident):
    """Every field, also the empty ones."""
    back = rows.incident(kept(rows.incident_row(incident)))

    for name in ("first", "last", "last_visit", "closed", "read"):
        assert near(getattr(back, name)) == near(getattr(incident, name))
    here = dict.fromkeys(("last_visit", "closed", "read"))
    same = {"first": incident.first, "last": incident.last, **here}
    assert replace(back, **same) == replace(incident, **here)


@given(CHAPTERS)
def test_a_line_of_a_timeline_comes_back_as_it_went(chapter: Chapter):
    """Every field, also the empty ones."""
    back = rows.chapter(kept(rows.chapter_row(chapter)))

    assert near(back.at) == near(chapter.at)
    assert replace(back, at=chapter.at) == chapter


@given(WALLS, WALLS)
def test_kept_times_sort_as_text_as_they_do_as_time(one: datetime, other: datetime):
    """So that a plain index finds the newest."""
    assert (rows.text(one) < rows.text(other)) == (one < other)
    assert rows.wall(rows.text(one)) == one


def test_a_time_of_another_zone_is_kept_as_utc():
    """One clock in the store."""
    paris = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))

    assert rows.text(paris) == "2026-07-01T10:00:00.000000Z"


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_addresses_are_kept_as_people_write_them(address):
    """Of either family."""
    chapter = Chapter(
        incident=1,
        code=Code.REFUSED,
        grade=None,
        level=Level.NOTE,
        at=Moment(wall=datetime(2026, 1, 1, tzinfo=UTC), boot=timedelta(0)),
        source=ip_address(address),
    )

    assert rows.chapter_row(chapter)["source"] == address
