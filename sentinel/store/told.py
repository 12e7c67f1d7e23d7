"""Rows of what was told to whom. Their times are walls: a boot is made up from the age, as for another boot's."""

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

from sentinel import codec
from sentinel.model.finding import Code
from sentinel.model.incident import HEARD
from sentinel.model.moment import Moment
from sentinel.model.notice import Notice, NoticeKind, Recipient, Told
from sentinel.store import rows

REMEMBERED = timedelta(days=31)
"""A yellow story that returns within a month is not told again."""


def notice_row(notice: Notice) -> rows.Row:
    """A notice as it is kept."""
    return {
        "number": notice.number,
        "kind": notice.kind.value,
        "recipient": notice.recipient.value,
        "told": codec.encode(notice.told).decode(),
        "due": rows.text(notice.due.wall),
        "tries": notice.tries,
        "tried": rows.text(notice.tried.wall) if notice.tried else None,
        "arrived": rows.text(notice.arrived.wall) if notice.arrived else None,
        "over": int(notice.over),
        "detail": notice.detail,
    }


def notice(row: sqlite3.Row) -> Notice:
    """The notice a row holds."""
    return Notice(
        number=row["number"],
        kind=NoticeKind(row["kind"]),
        recipient=Recipient(row["recipient"]),
        told=codec.decode(row["told"].encode(), tuple[Told, ...]),
        due=_moment(rows.wall(row["due"])),
        tries=row["tries"],
        tried=_moment(rows.wall(row["tried"])) if row["tried"] else None,
        arrived=_moment(rows.wall(row["arrived"])) if row["arrived"] else None,
        over=bool(row["over"]),
        detail=row["detail"],
    )


def lately(db: sqlite3.Connection, now: Moment) -> list[Notice]:
    """Notices of the last month, oldest first, in moments of this boot."""
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    found = cursor.execute(
        "SELECT * FROM notices WHERE due > ? ORDER BY number", (rows.text(now.wall - REMEMBERED),)
    )
    return [_here(notice(row), now) for row in found]


def ended_by(db: sqlite3.Connection, incident: int) -> Code | None:
    """How a story ended, where it has: its last line that is no person's; None where that cannot be read."""
    try:
        lines = db.execute("SELECT code FROM chapters WHERE incident = ? ORDER BY number DESC", (incident,))
        row = next((each for each in lines if each[0] not in HEARD), None)
    except sqlite3.Error:
        return None
    return Code(row[0]) if row else None


def _moment(wall: datetime) -> Moment:
    return Moment(wall=wall, boot=timedelta(0))


def _here(told: Notice, now: Moment) -> Notice:
    def here(then: Moment | None) -> Moment | None:
        return then and replace(then, boot=now.boot - max(timedelta(0), now.wall - then.wall))

    return replace(told, due=here(told.due) or now, tried=here(told.tried), arrived=here(told.arrived))
