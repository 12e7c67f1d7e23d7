"""What answered at our doors, read back after a restart: so that no service is asked twice, nor harmed twice."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

from sentinel import codec
from sentinel.model.exposure import AfterProbe, Application, Kind, Reach
from sentinel.model.moment import Moment
from sentinel.store import rows

LATELY = timedelta(days=1)
FRAGILE = timedelta(days=90)
SHUT = (Reach.CLOSED.value, Reach.FILTERED.value, Reach.UNREACHABLE.value)

Place = tuple[int, int]
"""Family and public port."""


def kinds(db: sqlite3.Connection, now: Moment) -> dict[Place, tuple[Kind, Moment]]:
    """What last answered within a day and when, where the door was not shut since; in moments of this boot."""
    told: dict[Place, tuple[Kind, Moment]] = {}
    for family, port, reach, app, at in db.execute(
        "SELECT family, port, reach, app, at FROM exposures WHERE at > ? ORDER BY at",
        (rows.text(now.wall - LATELY),),
    ):
        answer = _application(app)
        if answer is not None and answer.kind is not Kind.UNKNOWN:
            told[(family, port)] = (answer.kind, _here(at, now))
        elif reach in SHUT:
            told.pop((family, port), None)
    return told


def fragile(db: sqlite3.Connection, now: Moment) -> set[Place]:
    """Where a service stopped after it was asked who it is, within 90 days."""
    asked = db.execute(
        "SELECT family, port, app FROM exposures WHERE app IS NOT NULL AND at > ?",
        (rows.text(now.wall - FRAGILE),),
    )
    return {
        (family, port)
        for family, port, app in asked
        if (answer := _application(app)) is not None and answer.after_probe is AfterProbe.GONE
    }


def _application(app: str | None) -> Application | None:
    """Words of another version of ours are no answer."""
    try:
        return None if app is None else codec.decode(app.encode(), Application)
    except ValueError:
        return None


def _here(at: str, now: Moment) -> Moment:
    """Boot clocks compare only within one boot: its age is what the wall clock says."""
    then = rows.wall(at)
    return replace(now, wall=then, boot=now.boot - max(timedelta(0), now.wall - then))
