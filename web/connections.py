"""`/connections` and `/connections.csv`: who came, filtered, a page at a time or as one file."""

import csv
import re
from collections.abc import Iterable
from io import StringIO

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from sentinel.model.connection import ConnectionState
from sentinel.model.standing import Standing
from sentinel.store import reading
from sentinel.store.listed import ConnectionRow
from sentinel.store.reading import Filter
from sentinel.text import say
from sentinel.text.cells import defused
from web.guard import behind_code
from web.scene import surroundings

pages = Blueprint("connections", __name__)

PAGE = 100
FILE = 20_000
"""Rows of one file: it is made in memory, a few megabytes at most."""

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
)


@pages.get("/connections")
@behind_code
def connections() -> ResponseReturnValue:
    """One page of connections, newest first."""
    wanted = _wanted()
    with reading.opened(surroundings().places.store) as reader:
        count = reader.count_connections(wanted)
        last = max(1, -(-count // PAGE))
        page = min(max(request.args.get("page", 1, type=int), 1), last)
        found = reader.connections(wanted, most=PAGE, skip=(page - 1) * PAGE)
    return render_template(
        "connections.html",
        wanted=wanted,
        found=found,
        count=count,
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
    )


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
    return "" if value is None else str(value)
