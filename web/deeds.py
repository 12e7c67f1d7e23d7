"""What a person may do about one incident: say what was done, that it was no alarm, that a door is accepted.

Each is a request to `watch`, which checks it against its rules and keeps it. Who somebody is, they type once: the
name is remembered by the browser to fill the next form, and proves nothing.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue

from sentinel.accepting import BROAD, HOURS, latest
from sentinel.accepting import YEAR as LONGEST
from sentinel.model.acting import LONGEST_WORDS, MeasureKind
from sentinel.model.incident import Incident
from sentinel.store import reading
from sentinel.wire.requests import Request, Verb
from web import wishes
from web.guard import YEAR, behind_code
from web.scene import surroundings
from web.wishes import act, in_hours, who
from web.words import t

pages = Blueprint("deeds", __name__)

WHO_COOKIE = "sentinel_who"


@pages.post("/incidents/<int(max=999999999):number>/measure")
@behind_code
def measure(number: int) -> ResponseReturnValue:
    """A cable was pulled, or a rule removed; by whom and when."""
    when = _moment(request.form.get("when", ""))
    kind = request.form.get("kind", "")
    if when is None or kind not in [each.value for each in MeasureKind]:
        return _unclear(number)
    wish = _wish(Verb.MEASURE, number, kind=kind, when=when.isoformat(timespec="minutes"))
    return act(wish, f"/incidents/{number}")


@pages.post("/incidents/<int(max=999999999):number>/false-alarm")
@behind_code
def false_alarm(number: int) -> ResponseReturnValue:
    """It was none, and why: the reason goes to the register."""
    return act(_wish(Verb.FALSE_ALARM, number), f"/incidents/{number}")


@pages.post("/incidents/<int(max=999999999):number>/accept")
@behind_code
def accept(number: int) -> ResponseReturnValue:
    """This door may stay open, for somebody and until a day; or for some hours of maintenance."""
    found, form = _found(number), request.form
    window, anybody = form.get("window") == "yes", form.get("anybody") == "yes"
    until = in_hours(form.get("hours", "")) if window else _day(form.get("until", ""))
    if not until or not (found.mac or found.machine) or not found.port:
        return _unclear(number)
    source = "" if anybody else form.get("source", "")[:64].strip()
    if not source and not anybody:
        flash(t("act.source"))  # an empty field is no permission for everybody
        return redirect(f"/incidents/{number}", 303)
    door = {"machine": found.mac or str(found.machine), "port": found.port, "source": source}
    _, what = wishes.accept(_wish(Verb.ACCEPT, number, **door, when=until, window=window))
    flash(what)
    return redirect(f"/incidents/{number}", 303)


@pages.after_app_request
def remember(response: Response) -> Response:
    """Who somebody says they are, for their next form; only theirs who may do something."""
    done = request.method == "POST" and response.status_code == 303
    if done and "scene" in g and g.scene.named and who():
        response.set_cookie(
            WHO_COOKIE, who(), max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure
        )
    return response


def remembered() -> str:
    """What the browser remembers of who is typing."""
    return " ".join(request.cookies.get(WHO_COOKIE, "").split())[:40]


def local_now() -> str:
    """Now, as a browser's field for a moment wants it."""
    return str(g.scene.audience.now.astimezone(_zone()).strftime("%Y-%m-%dT%H:%M"))


@pages.app_context_processor
def for_forms() -> dict[str, object]:
    """What the forms of a story ask for."""
    return {"remembered": remembered, "local_now": local_now, "last_day": last_day, "windows": HOURS}


def last_day(*, anybody: bool) -> date:
    """The latest day a door may be accepted until; for everybody as if it were a red one."""
    today: date = g.scene.audience.now.astimezone(g.scene.audience.zone).date()
    return latest(today, BROAD if anybody else LONGEST)


def _wish(verb: Verb, number: int, **more: object) -> Request:
    why = " ".join(request.form.get("why", "").split())[:LONGEST_WORDS]
    facts = {"session": g.scene.session, "incident": number, "why": why, "who": who(), **more}
    return Request(verb=verb, **facts)


def _found(number: int) -> Incident:
    with reading.opened(surroundings().places.store) as reader:
        found = reader.incident(number)
    return found or abort(404)


def _unclear(number: int) -> ResponseReturnValue:
    flash(t("act.unclear"))
    return redirect(f"/incidents/{number}", 303)


def _zone() -> ZoneInfo:
    zone: ZoneInfo = g.scene.audience.zone
    return zone


def _moment(text: str) -> datetime | None:
    """A moment as a browser's field writes it, in the practice's zone."""
    try:
        when = datetime.fromisoformat(text)
        return when if when.tzinfo else when.replace(tzinfo=_zone())
    except ValueError:
        return None


def _day(text: str) -> str:
    """The last day it holds, as a browser's field writes it; `watch` knows where that day ends."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
