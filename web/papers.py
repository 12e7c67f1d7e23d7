"""`/papers`: documents for the practice's file, made on request and handed out to whoever gave the code."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sentinel.model.acting import PaperKind
from sentinel.store import reading
from sentinel.store.holdings import PaperRow
from sentinel.text import times
from sentinel.wire.requests import Request, Verb
from web.guard import behind_code
from web.scene import Scene, surroundings
from web.wishes import act, who
from web.words import t

pages = Blueprint("papers", __name__)

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,80}\.(pdf|zip)")
"""How our own papers are called; nothing else is ever looked for."""
TYPES = {"pdf": "application/pdf", "zip": "application/zip"}
LARGEST = 80 << 20
MONTHS = 13
"""The months a page can be asked for: this one and the year before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A month in a list."""

    value: str
    name: str


@pages.get("/papers")
@behind_code
def papers() -> ResponseReturnValue:
    """Every paper, newest first, and the form for a month's page."""
    return _page()


@pages.post("/papers")
@behind_code
def make() -> ResponseReturnValue:
    """The page of one month, or the closing page."""
    kind = request.form.get("kind", "")
    if kind not in (PaperKind.MONTH, PaperKind.CLOSING):
        abort(400)
    return _order("/papers", kind, when=request.form.get("month", "")[:7])


@pages.post("/incidents/<int(max=999999999):number>/dossier")
@behind_code
def dossier(number: int) -> ResponseReturnValue:
    """The dossier of one incident; it lies among the papers a moment later."""
    return _order(f"/incidents/{number}", PaperKind.DOSSIER, incident=number)


@pages.get("/papers/<name>")
@behind_code
def paper(name: str) -> ResponseReturnValue:
    """One file, whole and unchanged: only names of the table, only the bytes that were told to the journal."""
    if not NAME.fullmatch(name):
        abort(404)
    with reading.opened(surroundings().places.store) as reader:
        row = reader.holdings.paper(name)
    if row is None:
        abort(404)
    content = _content(row)
    if content is None:
        return _page(gone=True), 410
    answer = Response(content, mimetype=TYPES[name.rpartition(".")[2]])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(*, gone: bool = False) -> str:
    with reading.opened(surroundings().places.store) as reader:
        listed = reader.holdings.papers()
        installed = reader.holdings.installed()
    scene: Scene = g.scene
    state = scene.pulse.paper if scene.pulse and scene.alive else ""
    return render_template("papers.html", listed=listed, months=_months(scene, installed), state=state, gone=gone)


def _content(row: PaperRow) -> bytes | None:
    """What was made; None: the file is gone, or is not what was made."""
    path = surroundings().places.papers / row.name
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    return content if sha256(content).hexdigest() == row.sha256 else None


def _order(back: str, kind: str, **about: object) -> ResponseReturnValue:
    """Ask for it in somebody's name: only the calendar has none."""
    if not who():
        flash(t("act.unclear"))
        return redirect(back, 303)
    return act(_wish(kind, **about), "/papers")


def _wish(kind: str, **about: object) -> Request:
    language = g.scene.audience.language
    return Request(verb=Verb.PAPER, session=g.scene.session, kind=kind, value=language, who=who(), **about)  # type: ignore[arg-type]


def _months(scene: Scene, installed: datetime | None) -> list[Choice]:
    """This month and those before it, as far as there is anything to tell."""
    zone = scene.audience.zone
    month = scene.now.wall.astimezone(zone).date().replace(day=1)
    first = installed.astimezone(zone).date().replace(day=1) if installed else month
    found: list[Choice] = []
    while len(found) < MONTHS and month >= first:
        found.append(Choice(value=f"{month:%Y-%m}", name=times.month(scene.audience.language, month)))
        month = (month - timedelta(days=1)).replace(day=1)
    return found
