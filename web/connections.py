"""`/connections` and `/connections.csv`: who came, filtered, a page at a time or as one file."""

import csv
import re
from collections.abc import Iterable
from datetime import timedelta
from io import StringIO

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from sentinel.model.connection import ConnectionState
from sentinel.model.standing import Standing
from sentinel.store import reading
from sentinel.store.listed import ConnectionRow
from sentinel.store.reading import COUNTED, Filter
from sentinel.text import say
from sentinel.text.cells import defused, plain
from web.guard import behind_code
from web.pictures import Span, by_day, by_standing, ticks
from web.scene import surroundings
from web.shelves import paged

pages = Blueprint("connections", __name__)

PAGE = 100
FILE = 20_000
"""Rows of one file: it is made in memory, a few megabytes at most."""

PERIODS = (1, 7, 30, 0)
"""Days a reader may look back; 0: the whole log. A week unless they ask."""
HOURLY = 7
"""Days up to which each bar of the picture is an hour; beyond, it is a day."""
DRAWN = 14
"""Days of the longest picture: a month of a million rows is not counted within a tenth of a second."""

COLUMNS = (
    "opened",
    "changed",
    "source",
    "source_port",
    "target",
    "target_port",
    "target_mac",
    "machine",
    "standing",
    "state",
    "bytes_in",
    "bytes_out",
    "called",
    "calling",
    "association",
    "request",
    "services",
    "rejection",
    "label",
)


@pages.get("/connections")
@behind_code
def connections() -> ResponseReturnValue:
    """One page of connections, newest first."""
    wanted, days = _wanted(), _days()
    span = _drawn(days)
    with reading.opened(surroundings().places.store) as reader:
        count = reader.count_connections(wanted)
        page, last = paged(min(count, COUNTED), PAGE)
        found = reader.connections(wanted, most=PAGE, skip=(page - 1) * PAGE)
        is_drawn = page == 1 and not wanted.text  # the picture is of everybody, and nobody searched for it
        counted = reader.tallies.by_hour(*span) if is_drawn else []
    zone, daily = g.scene.audience.zone, not 0 < days <= HOURLY
    return render_template(
        "connections.html",
        wanted=wanted,
        days=days,
        periods=PERIODS,
        bars=by_standing(counted, span, zone, daily=daily),
        daily=daily,
        ticks=ticks(span),
        span=span,
        by_day=by_day(counted, zone),
        found=found,
        count=min(count, COUNTED),
        more=count > COUNTED,
        page=page,
        last=last,
        most=FILE,
        states=list(ConnectionState),
        standings=list(Standing),
    )


@pages.get("/connections.csv")
@behind_code
def as_csv() -> ResponseReturnValue:
    """The same connections as a file for a spreadsheet."""
    with reading.opened(surroundings().places.store) as reader:
        found = reader.connections(_wanted(), most=FILE)
    answer = Response(sheet(found), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=connections.csv"
    return answer


def _wanted() -> Filter:
    """What the form asks for; what it asks wrongly is not asked."""
    asked = request.args
    return Filter(
        text=asked.get("text", "")[:64].strip(),
        port=asked.get("port", None, type=_port),
        state=asked.get("state", None, type=ConnectionState),
        standing=asked.get("standing", None, type=Standing),
        after=g.scene.audience.now - timedelta(days=_days()) if _days() else None,
    )


def _days() -> int:
    """How far back: one of PERIODS, a week where nothing else is asked."""
    days = request.args.get("days", HOURLY, type=int)
    return days if days in PERIODS else HOURLY


def _drawn(days: int) -> Span:
    """The time of the picture: that of the list, thirty days at most; whole hours."""
    ended = g.scene.audience.now
    began = ended - timedelta(days=min(days or DRAWN, DRAWN))
    return began.replace(minute=0, second=0, microsecond=0), ended


def _port(text: str) -> int | None:
    """A port; anything else would not fit the store's numbers either."""
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else None


def sheet(found: Iterable[ConnectionRow]) -> bytes:
    """A table as spreadsheets open it by a double click: UTF-8 with its mark, the language's own separator."""
    language = g.scene.audience.language
    paper = StringIO()
    rows = csv.writer(paper, delimiter=";" if language == "fr" else ",", lineterminator="\r\n")
    rows.writerow([say(language, f"connections.{name}") for name in COLUMNS])
    rows.writerows([defused(_cell(row, name)) for name in COLUMNS] for row in found)
    return paper.getvalue().encode("utf-8-sig")


def _cell(row: ConnectionRow, name: str) -> str:
    if name == "machine":
        return str(g.scene.audience.labels.get((row.target_mac or "").lower(), ""))
    value = getattr(row, name)
    if name in ("opened", "changed"):
        return str(value.astimezone(g.scene.audience.zone).isoformat(timespec="milliseconds"))
    return plain(g.scene.audience.language, name, value)
