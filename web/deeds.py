"""What a person may do about one incident: say what was done, that it was no alarm, that a door is accepted.

Each is a request to `watch`, which checks it against its rules and keeps it. Who somebody is, they type once: the
name is remembered by the browser to fill the next form, and proves nothing.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue

from sentinel.model.acting import LONGEST_WORDS, MeasureKind
from sentinel.model.incident import Incident
from sentinel.store import reading
from sentinel.wire.requests import Request, Verb
from web.guard import YEAR, behind_code
from web.scene import surroundings
from web.wishes import act, who
from web.words import t

pages = Blueprint("deeds", __name__)

WHO_COOKIE = "sentinel_who"
ENDS = time(12, 0)
"""An accepted door ends at noon, when somebody is there to see it."""
WINDOWS = (1, 2, 4, 8)
"""Hours of a maintenance window."""


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
    found = _found(number)
    window = request.form.get("window") == "yes"
    until = _in_hours(request.form.get("hours", "")) if window else _noon(request.form.get("until", ""))
    if until is None or not (found.mac or found.machine) or not found.port:
        return _unclear(number)
    wish = _wish(
        Verb.ACCEPT,
        number,
        machine=found.mac or str(found.machine),
        port=found.port,
        source="" if request.form.get("anybody") == "yes" else request.form.get("source", "")[:64].strip(),
        when=until.isoformat(timespec="minutes"),
        window=window,
    )
    if not window and not wish.source and request.form.get("anybody") != "yes":
        flash(t("act.source"))  # an empty field is no permission for everybody
        return redirect(f"/incidents/{number}", 303)
    return act(wish, f"/incidents/{number}")


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
    return {"remembered": remembered, "local_now": local_now, "last_day": last_day, "windows": WINDOWS}


def last_day(*, anybody: bool) -> date:
    """The latest day a door may be accepted until: a year, ninety days for everybody; never Friday to Sunday."""
    today: date = g.scene.audience.now.astimezone(g.scene.audience.zone).date()
    last = today + timedelta(days=90 if anybody else 364)
    return last - timedelta(days=max(0, last.isoweekday() - 4))


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


def _noon(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), ENDS, _zone())
    except ValueError:
        return None


def _in_hours(text: str) -> datetime | None:
    hours = {str(each): each for each in WINDOWS}.get(text)
    now: datetime = g.scene.audience.now
    return now.astimezone(_zone()) + timedelta(hours=hours) if hours else None
