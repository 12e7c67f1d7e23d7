"""Accepted doors as rows: made on the page or in the file, ended by their date or withdrawn by somebody."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sentinel.model.acting import Acceptance, Withdrawal
from sentinel.model.moment import Moment
from sentinel.store import rows

Write = tuple[str, tuple[object, ...]]
"""A statement and its values."""

KEPT = timedelta(days=8)
"""One that ended within this time may hold again, should the clock be put right."""


class Standing(StrEnum):
    """Where an acceptance stands."""

    VALID = "valid"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One acceptance as pages show it."""

    acceptance: Acceptance
    withdrawn: datetime | None = None
    withdrawn_by: str | None = None

    def stands(self, now: datetime) -> Standing:
        """Whether it holds now."""
        if self.withdrawn is not None:
            return Standing.WITHDRAWN
        return Standing.VALID if now < self.acceptance.until else Standing.ENDED


def row(acceptance: Acceptance) -> rows.Row:
    """An acceptance as it is kept."""
    return {
        "number": acceptance.number,
        "machine": acceptance.machine,
        "port": acceptance.port,
        "source": acceptance.source,
        "until": rows.text(acceptance.until),
        "window": int(acceptance.window),
        "who": acceptance.who,
        "why": acceptance.why,
        "at": rows.text(acceptance.at.wall),
        "from_file": int(acceptance.from_file),
    }


def withdrawn(fact: Withdrawal) -> Write:
    """How a withdrawal is kept: the first one counts."""
    statement = "UPDATE acceptances SET withdrawn = ?, withdrawn_by = ? WHERE number = ? AND withdrawn IS NULL"
    return statement, (rows.text(fact.at.wall), fact.who, fact.number)


def listed(db: sqlite3.Connection) -> list[Listed]:
    """Every acceptance there ever was, the newest first."""
    found = db.execute(
        "SELECT number, machine, port, source, until, window, who, why, at, from_file, withdrawn, withdrawn_by"
        " FROM acceptances ORDER BY number DESC"
    )
    return [_listed(tuple(each)) for each in found]


def next_number(db: sqlite3.Connection) -> int:
    """The number of the next one."""
    return int(db.execute("SELECT coalesce(max(number), 0) + 1 FROM acceptances").fetchone()[0])


def recalled(db: sqlite3.Connection, now: Moment) -> list[Listed]:
    """After a restart: those that hold, those that ended a few days ago, and the file's that were withdrawn;
    oldest first, and in moments of this boot."""
    kept = [
        each
        for each in reversed(listed(db))
        if each.acceptance.until > now.wall - KEPT or each.acceptance.from_file
    ]
    return [replace(each, acceptance=_here(each.acceptance, now)) for each in kept]


def _here(acceptance: Acceptance, now: Moment) -> Acceptance:
    """Boot clocks compare only within one boot: its age is what the wall clock says."""
    age = max(timedelta(0), now.wall - acceptance.at.wall)
    return replace(acceptance, at=replace(acceptance.at, boot=now.boot - age))


def _listed(kept: tuple[object, ...]) -> Listed:
    number, machine, port, source, until, window, who, why, at, from_file, gone, gone_by = kept
    return Listed(
        acceptance=Acceptance(
            number=int(str(number)),
            machine=str(machine),
            port=int(str(port)),
            source=None if source is None else str(source),
            until=rows.wall(str(until)),
            window=bool(window),
            who=str(who),
            why=str(why),
            at=Moment(wall=rows.wall(str(at)), boot=timedelta(0)),
            from_file=bool(from_file),
        ),
        withdrawn=None if gone is None else rows.wall(str(gone)),
        withdrawn_by=None if gone_by is None else str(gone_by),
    )
