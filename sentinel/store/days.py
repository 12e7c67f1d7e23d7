"""What was proved on one day, from the rows of that day."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from sentinel.model.exposure import Outcome, PortList
from sentinel.model.finding import Code, Level, StoryKind
from sentinel.model.ledger import Day, EntryKind, Gap, Off
from sentinel.store import rows
from sentinel.store.doubts import APART, Doubt, Span, doubts

FRESH = timedelta(hours=3)
"""An older complete check proves nothing any more (design: calm needs the hourly list within three hours)."""
FULL_FRESH = timedelta(hours=12)
"""Nor does the hourly list alone, once the full one is older than this."""

Attempt = tuple[int, datetime, str, str]
"""Family, when it was asked, the word of its outcome, and the list."""


class Diary:
    """What the writer looks up for the journal, in rows that are on disk."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def last_sign(self) -> str | None:
        """The newest time anything was written for, as it is kept; None in a new store."""
        newest = (
            "SELECT max(at) AS at FROM ledger WHERE number = (SELECT max(number) FROM ledger)"
            " UNION ALL SELECT at FROM outcomes WHERE number = (SELECT max(number) FROM outcomes)"
            " UNION ALL SELECT max(last) FROM machines UNION ALL SELECT max(opened) FROM connections"
        )
        found = self._db.execute(f"SELECT max(at) FROM ({newest})").fetchone()  # noqa: S608 - fixed words
        return None if found[0] is None else str(found[0])

    def was_stopped(self) -> bool:
        """The last thing the journal told was a clean stop."""
        last = self._db.execute("SELECT kind FROM ledger ORDER BY number DESC LIMIT 1").fetchone()
        return last is not None and last[0] == EntryKind.STOPPED

    def next_day(self, zone: tzinfo, today: date) -> date | None:
        """The day after the last one told, or the day on which the journal began; None before it began.

        The last by its number, and none that is not over: a clock that was wrong once told days of the future.
        """
        told = self._db.execute(
            "SELECT body FROM ledger WHERE kind = ? ORDER BY number DESC", (EntryKind.DAY.value,)
        )
        for (body,) in told:
            day = date.fromisoformat(json.loads(body)["day"])
            if day < today:
                return day + timedelta(days=1)
        first = self._db.execute("SELECT at FROM ledger WHERE number = 1").fetchone()
        return None if first is None else rows.wall(first[0]).astimezone(zone).date()

    def day(self, day: date, zone: tzinfo, worst: Level, shown: Iterable[Doubt] = ()) -> Day:
        """What was proved on one day that is over."""
        return day_of(self._db, day, zone, worst, shown)


def day_of(
    db: sqlite3.Connection, day: date, zone: tzinfo, worst: Level = Level.NOTE, shown: Iterable[Doubt] = ()
) -> Day:
    """One day of the practice's calendar.

    Args:
        db: rows of that day.
        day: a day that is over.
        zone: the practice's.
        worst: what was shown that day, as far as somebody who was running remembers.
        shown: when the sentinel said that it does not know, and why, as far as the same somebody remembers.
    """
    begin, end = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    span = (rows.text(begin), rows.text(end))
    attempts = _attempts(db, begin - FULL_FRESH, end)
    today = [each for each in attempts if each[1] >= begin]
    off = tuple(_off(db, begin, end))
    families = {family for family, *_ in today} or {4}
    gaps = [gap for family in sorted(families) for gap in _gaps(family, attempts, off, (begin, end))]
    nobody = [("off", (each.begin, each.end)) for each in off]
    gaps += doubts(db, (begin, end), (*_unexplained(shown, gaps, (begin, end)), *nobody))
    return Day(
        day=day,
        complete=dict(Counter(family for family, _, outcome, _ in today if outcome == Outcome.CHECKED)),
        failed=dict(Counter(family for family, _, outcome, _ in today if outcome != Outcome.CHECKED)),
        gaps=tuple(gaps),
        off=off,
        worst=max(worst, _gravest(db, span)),
        opened=_doors(db, "first", span),
        closed=_doors(db, "closed", span),
        visits=_visits(db, span),
    )


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _attempts(db: sqlite3.Connection, begin: datetime, end: datetime) -> list[Attempt]:
    """Every attempt at a list; a re-test of one door proves nothing of the others."""
    found = db.execute(
        "SELECT family, asked, outcome, ports FROM outcomes WHERE asked >= ? AND asked < ? AND ports != ?"
        " ORDER BY asked",
        (rows.text(begin), rows.text(end), PortList.RETEST.value),
    )
    return [(family, rows.wall(asked), outcome, ports) for family, asked, outcome, ports in found]


def _gaps(family: int, attempts: list[Attempt], off: tuple[Off, ...], day: Span) -> Iterator[Gap]:
    """Whatever lies too far behind the last complete check, of any list or of the full one."""
    proofs = [
        (at, ports) for each, at, outcome, ports in attempts if each == family and outcome == Outcome.CHECKED
    ]
    full = [at for at, ports in proofs if ports == PortList.FULL]
    stale = list(_stale([at for at, _ in proofs], FRESH, day))
    stale += [each for each in _stale(full, FULL_FRESH, day) if not _is_within(each, stale)]
    for begin, end in sorted(stale):
        yield Gap(family=family, begin=begin, end=end, why=_why(family, attempts, off, (begin, end)))


def _stale(proofs: list[datetime], fresh: timedelta, day: Span) -> Iterator[Span]:
    """What of a day lies further than `fresh` behind the last proof."""
    proved_until = day[0]
    for proof in (*proofs, day[1]):
        begin, end = max(proved_until, day[0]), min(proof, day[1])
        if begin < end:
            yield begin, end
        proved_until = max(proved_until, proof + fresh)


def _is_within(span: Span, others: Iterable[Span]) -> bool:
    return any(begin <= span[0] and span[1] <= end for begin, end in others)


def _unexplained(shown: Iterable[Doubt], gaps: list[Gap], day: Span) -> list[Doubt]:
    """« Not checked » is told once: the gap of the family says why, and ends where the answer is on its way."""
    known = [(each.begin, each.end + APART) for each in gaps]
    return [
        (why, span)
        for why, span in shown
        if why != Code.NOT_CHECKED or not _is_within((max(span[0], day[0]), min(span[1], day[1])), known)
    ]


def _why(family: int, attempts: list[Attempt], off: tuple[Off, ...], gap: Span) -> str:
    """What kept us from knowing for most of it."""
    dark = sum((max(timedelta(0), min(gap[1], each.end) - max(gap[0], each.begin)) for each in off), timedelta(0))
    if dark * 2 > gap[1] - gap[0]:
        return "off"
    met = Counter(
        outcome
        for each, at, outcome, _ in attempts
        if each == family and outcome != Outcome.CHECKED and gap[0] <= at < gap[1]
    )
    return met.most_common(1)[0][0] if met else "unasked"


def _off(db: sqlite3.Connection, begin: datetime, end: datetime) -> Iterator[Off]:
    """From each start since: how long before it there was no sign of life."""
    found = db.execute(
        "SELECT at, body FROM ledger WHERE kind = ? AND at > ? ORDER BY number",
        (EntryKind.STARTED.value, rows.text(begin)),
    )
    for at, body in found:
        told: dict[str, Any] = json.loads(body)
        if told.get("off_since") and told["off_since"] < rows.text(end):
            yield Off(begin=max(begin, rows.wall(told["off_since"])), end=min(end, rows.wall(at)))


def _gravest(db: sqlite3.Connection, span: tuple[str, str]) -> Level:
    """Of the stories that were told that day, exercises aside; a story's level is the gravest it ever had."""
    found = db.execute(
        "SELECT coalesce(max(level), 0) FROM incidents WHERE first < ? AND (closed IS NULL OR closed >= ?)"
        " AND story_kind != ?",
        (span[1], span[0], StoryKind.DRILL.value),
    )
    return Level(found.fetchone()[0])


def _doors(db: sqlite3.Connection, column: str, span: tuple[str, str]) -> tuple[int, ...]:
    found = db.execute(
        f"SELECT number FROM incidents WHERE {column} >= ? AND {column} < ? AND story_kind = ? AND level >= ?"  # noqa: S608
        " ORDER BY number",
        (*span, StoryKind.DOOR.value, int(Level.ATTENTION)),
    )
    return tuple(number for (number,) in found)


def _visits(db: sqlite3.Connection, span: tuple[str, str]) -> int:
    found = db.execute(
        "SELECT count(*) FROM connections WHERE opened >= ? AND opened < ?"
        " AND standing IN ('stranger', 'box') AND state IN ('answered', 'connected', 'closed')",
        span,
    )
    return int(found.fetchone()[0])
