"""What has had its time goes, in steps so small that no fact ever waits for them.

The network log is kept for some months, the register for good. Each step is one transaction of a few hundred rows,
paced by how long the last one took; the street takes one a beat. Stories below alarm go with their lines, and what
the journal told of them is taken out of it, by a purge that names the entries: the chain holds.

No vacuum: what is freed is filled again within days, for the log has a steady size. Giving the pages back to the
card (`incremental_vacuum`) would write each of them a second time, to no one's gain.
"""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from sentinel.model.finding import Level
from sentinel.model.ledger import TAKEN_OUT, EntryKind, body_hash
from sentinel.store import rows

WELL_UNDER = 0.05
"""Seconds a step may take before the next one is halved; under a fifth of this it is doubled."""
SMALLEST, LARGEST = 50, 500
"""Rows of a step."""
FOLDS, USUAL_FOLDS = 200, 1000
"""Pages after which a commit folds the -wal into the file, during a purge and otherwise (SQLite's own): it is the
folding that takes long, and smaller ones take less at once."""
DAILY_ANCHORS = timedelta(days=62)
"""After this one signed check a month is kept, beside those that prove something."""

BY_TIME = (("connections", "opened"), ("exposures", "at"))
"""Tables with an index on their time."""
BY_ORDER = (("attempts", "last"), ("outcomes", "at"), ("audit", "at"), ("notices", "due"))
"""Small tables without one: looked through from end to end, for a row dated into the future may stand anywhere."""

PAGE = "SELECT max(number) FROM (SELECT number FROM ledger WHERE number > ? ORDER BY number LIMIT ?)"
TOLD = (
    "SELECT number, body FROM ledger NOT INDEXED"  # by its number, or each step would sort all there is of a kind
    " WHERE number > ? AND number <= ? AND kind = ? AND at < ? AND body NOT LIKE ? ORDER BY number"
)

Put = Callable[[str, tuple[object, ...]], None]
Tell = Callable[[EntryKind, dict[str, object]], None]


class Pace:
    """How many rows the next step takes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.rows = SMALLEST
        self._clock = clock

    def __enter__(self) -> int:
        self._begun = self._clock()
        return self.rows

    def __exit__(self, *_: object) -> None:
        took = self._clock() - self._begun
        if took > WELL_UNDER:
            self.rows = max(SMALLEST, self.rows // 2)
        elif took < WELL_UNDER / 5:
            self.rows = min(LARGEST, self.rows * 2)


def purge(db: sqlite3.Connection, now: datetime, keep: timedelta, put: Put, tell: Tell) -> Iterator[None]:
    """Take away everything older than `keep`, one step each time it is asked to go on.

    Args:
        db: the writer's own connection, between two of its commits.
        now: aware.
        keep: how long the network log is kept.
        put: a statement for the writer's next commit.
        tell: an entry for the journal, in that same commit.

    Raises:
        sqlite3.Error: from a step; what was done stays done, and a new purge does the rest.
    """
    db.execute(f"PRAGMA wal_autocheckpoint = {FOLDS}")
    try:
        yield from _purge(db, now, keep, put, tell)
    finally:
        with suppress(sqlite3.ProgrammingError):  # the store was closed meanwhile
            db.execute(f"PRAGMA wal_autocheckpoint = {USUAL_FOLDS}")


def _purge(db: sqlite3.Connection, now: datetime, keep: timedelta, put: Put, tell: Tell) -> Iterator[None]:
    end, gone = rows.text(now - keep), Counter[str]()
    for table, column in BY_TIME:
        old = f"SELECT rowid FROM {table} WHERE {column} < ? ORDER BY {column} LIMIT ?"  # noqa: S608 - fixed words
        yield from _delete(db, table, old, end, gone)
    for table, column in BY_ORDER:
        yield from _sweep(db, table, column, end, gone)
    with db:
        _delete_the_few(db, end, rows.text(now - DAILY_ANCHORS))
    yield
    over: set[int] = set()
    yield from _stories(db, end, put, tell, over)
    yield from _journal(db, end, put, tell, over)
    if gone:
        tell(EntryKind.PURGED, {"before": end, "rows": dict(gone)})


def _delete(db: sqlite3.Connection, table: str, old: str, end: str, gone: Counter[str]) -> Iterator[None]:
    pace, more = Pace(), True
    while more:
        with pace as most, db:
            done = db.execute(f"DELETE FROM {table} WHERE rowid IN ({old})", (end, most)).rowcount  # noqa: S608
        gone.update({table: done} if done else {})
        more = done == most
        yield


def _sweep(db: sqlite3.Connection, table: str, column: str, end: str, gone: Counter[str]) -> Iterator[None]:
    """Page by page, in the order of the rows."""
    page = f"SELECT max(rowid) FROM (SELECT rowid FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT ?)"  # noqa: S608
    old = f"DELETE FROM {table} WHERE rowid > ? AND rowid <= ? AND {column} < ?"  # noqa: S608 - fixed words
    pace, last = Pace(), 0
    while True:
        with pace as most, db:
            (until,) = db.execute(page, (last, most)).fetchone()
            if until is None:
                return
            done = db.execute(old, (last, until, end)).rowcount
        gone.update({table: done} if done else {})
        last = until
        yield


def _delete_the_few(db: sqlite3.Connection, end: str, daily: str) -> None:
    """Machines not seen since and what they said, runs that are over, older signed checks but for one a month."""
    for table in ("machines", "traits", "uplinks"):
        db.execute(f"DELETE FROM {table} WHERE last < ?", (end,))  # noqa: S608 - fixed words
    db.execute("DELETE FROM runs WHERE started < ? AND rowid < (SELECT max(rowid) FROM runs)", (end,))
    db.execute(
        "DELETE FROM anchors WHERE incidents = '[]' AND at < ?"
        " AND number NOT IN (SELECT min(number) FROM anchors GROUP BY echo, substr(at, 1, 7))",
        (daily,),
    )


def _stories(db: sqlite3.Connection, end: str, put: Put, tell: Tell, over: set[int]) -> Iterator[None]:
    """Closed ones below alarm, with their lines; the last number stays, so that none is given twice."""
    last = 0
    while True:
        found = db.execute(
            "SELECT number FROM incidents WHERE number > ? AND state = 'closed' AND closed < ? AND level < ?"
            " AND number NOT IN (SELECT incident FROM register)"
            " AND number < (SELECT max(number) FROM incidents) ORDER BY number LIMIT ?",
            (last, end, int(Level.ALARM), SMALLEST),
        ).fetchall()
        if not found:
            return
        numbers = [int(number) for (number,) in found]
        for number in numbers:
            put("DELETE FROM chapters WHERE incident = ?", (number,))
            put("DELETE FROM incidents WHERE number = ?", (number,))
        tell(EntryKind.PURGED, {"before": end, "incidents": numbers})
        over.update(numbers)
        last = numbers[-1]
        yield


def _journal(db: sqlite3.Connection, end: str, put: Put, tell: Tell, over: set[int]) -> Iterator[None]:
    """What was told of stories that are gone, and are in no register; page by page, by its numbers."""
    (newest,) = db.execute("SELECT coalesce(max(number), 0) FROM ledger").fetchone()
    pace, last = Pace(), 0
    while last < newest:  # what is told meanwhile is younger anyway
        with pace as most:
            (until,) = db.execute(PAGE, (last, most)).fetchone()
            found = db.execute(TOLD, (last, until, EntryKind.INCIDENT.value, end, f"{TAKEN_OUT}%")).fetchall()
        last = until
        about = {number: int(json.loads(body)["incident"]["number"]) for number, body in found}
        bodies = {number: body for number, body in found if _is_over(db, about[number], over)}
        for number, body in bodies.items():
            put("UPDATE ledger SET body = ? WHERE number = ?", (TAKEN_OUT + body_hash(body), number))
        if bodies:
            tell(EntryKind.PURGED, {"before": end, "taken_out": sorted(bodies)})
        yield


def _is_over(db: sqlite3.Connection, incident: int, over: set[int]) -> bool:
    statement = "SELECT 1 FROM incidents WHERE number = ?1 UNION ALL SELECT 1 FROM register WHERE incident = ?1"
    return incident in over or db.execute(statement, (incident,)).fetchone() is None
