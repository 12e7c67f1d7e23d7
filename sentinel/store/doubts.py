"""When a part of the sentinel did not know, on one day: a check proves nothing of what nobody watched.

From the timelines of the conditions, which outlive a restart, and from what was shown, which knows more.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sentinel.model.finding import Code, Level, StoryKind
from sentinel.model.ledger import Gap
from sentinel.store import rows

BRIEF = timedelta(minutes=3)
"""What a start takes: not to have known for so long in a whole day is no gap."""
APART = timedelta(minutes=15)
"""Stretches with less between them are told as one: a part that comes and goes all day must stay a short list."""

Span = tuple[datetime, datetime]
Doubt = tuple[str, Span]
"""Why, as a word of `Code` or `off`, and for how long."""


def doubts(db: sqlite3.Connection, day: Span, shown: Iterable[Doubt]) -> Iterator[Gap]:
    """The gaps that are about no family: of each reason that stood for longer than `BRIEF` in all."""
    found: dict[str, list[Span]] = {}
    for why, (begins, ends) in (*_told(db, day), *shown):
        begin, end = max(begins, day[0]), min(ends, day[1])
        if begin < end:
            found.setdefault(why, []).append((begin, end))
    for why, spans in sorted(found.items()):
        stood = _joined(spans, timedelta(0))
        if sum((end - begin for begin, end in stood), timedelta(0)) > BRIEF:
            yield from (Gap(family=0, begin=begin, end=end, why=why) for begin, end in _joined(stood, APART))


def _told(db: sqlite3.Connection, day: Span) -> Iterator[Doubt]:
    """From the stories of conditions; a view that is proved within the minutes of a start was never in doubt."""
    found = db.execute(
        "SELECT number, code, closed FROM incidents WHERE story_kind = ? AND level >= ? AND first < ?"
        " AND (closed IS NULL OR closed >= ?) ORDER BY number",
        (StoryKind.CONDITION.value, int(Level.UNSURE), rows.text(day[1]), rows.text(day[0])),
    ).fetchall()
    for number, code, closed in found:
        for begin, end in _stood(db, number, code, day, is_open=closed is None):
            if code != Code.VIEW_UNPROVED or end - begin > BRIEF:
                yield code, (begin, end)


def _stood(db: sqlite3.Connection, number: int, code: str, day: Span, *, is_open: bool) -> Iterator[Span]:
    """One number holds all the times it came back: its lines tell in turn that it began and that it ended.

    They are read from the last one, of which the story itself says which it is, back to the day's beginning.
    """
    found = db.execute(
        "SELECT at FROM chapters WHERE incident = ? AND code = ? AND at >= ? ORDER BY number DESC",
        (number, code, rows.text(day[0])),
    )
    later = day[1]
    for (text,) in found:
        at = rows.wall(text)
        if is_open:
            yield at, later
        later, is_open = at, not is_open
    if is_open:
        yield day[0], later


def _joined(spans: Iterable[Span], apart: timedelta) -> list[Span]:
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin - joined[-1][1] <= apart:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined
