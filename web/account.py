"""Logging in and out, the password, and `/account`: who is logged in, what was done, the fingerprint.

`watch` decides each of them; here a form becomes a request and a session becomes a cookie.
"""

import re
from datetime import date, datetime

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.wrappers import Response

from sentinel import certificate
from sentinel.store import reading
from sentinel.store.password import LONGEST, SHORTEST
from sentinel.text import has, times
from sentinel.wire.requests import Answer, Reply, Request, Verb
from web.guard import YEAR, behind_code
from web.scene import Scene, session_cookie, surroundings
from web.wishes import local, put, said
from web.words import day, stamp, t

pages = Blueprint("account", __name__)
ABOUT = re.compile(r"(?:^| )([a-z]+)=")
"""Names in what an audit's row tells of a request."""

STATUS = {
    Reply.WRONG_CODE: 403,
    Reply.NO_SESSION: 403,
    Reply.TOO_MANY: 429,
    Reply.NOT_RUNNING: 503,
    Reply.BUSY: 503,
}
EVERYBODY = "all"
VALUES = {
    "kind": ("measure", "papers.kind", "about.kind"),
    "section": ("about.section",),
    "ours": ("about.said",),
    "window": ("about.said",),
}
"""Where the words of such values are."""
DATE, MONTH = len("2026-01-31"), len("2026-01")
DEEDS = 100


@pages.get("/code")
def code() -> ResponseReturnValue:
    """The form that asks for the claim code, or for the password once there is one."""
    return render_template("code.html", back=local(request.args.get("next", "/")), said=None, longest=LONGEST)


@pages.post("/code")
def enter() -> ResponseReturnValue:
    """Try it: a right one opens a session nobody had before, a wrong one is counted by `watch`."""
    back = local(request.form.get("next", "/"))
    answer = put(Request(verb=Verb.LOGIN, code=_typed("code")))
    if answer.reply is Reply.DONE:
        return _logged_in(answer, back)
    what = "password" if g.scene.claimed else Verb.LOGIN.value
    page = render_template("code.html", back=back, said=said(what, answer), longest=LONGEST)
    return page, STATUS.get(answer.reply, 400)


@pages.post("/leave")
def leave() -> ResponseReturnValue:
    """End the session, here and in `watch`."""
    scene: Scene = g.scene
    if scene.session:
        flash(said(Verb.LOGOUT.value, put(Request(verb=Verb.LOGOUT, session=scene.session))))
    return _logged_out()


@pages.post("/account/leave")
@behind_code
def leave_everywhere() -> ResponseReturnValue:
    """End every session on every device, this one too."""
    answer = put(Request(verb=Verb.LOGOUT, session=g.scene.session, kind=EVERYBODY))
    flash(said("everywhere", answer))
    return _logged_out() if answer.reply is Reply.DONE else redirect("/account", 303)


@pages.get("/password")
@behind_code
def password() -> ResponseReturnValue:
    """The form that sets the first password, or another."""
    return render_template("password.html", said=None, shortest=SHORTEST, longest=LONGEST)


@pages.post("/password")
@behind_code
def change() -> ResponseReturnValue:
    """Set it; whoever else was logged in is so no longer."""
    new = _typed("new")
    if new != _typed("again"):
        return _again(t("password.differ"), 400)
    wish = Request(verb=Verb.PASSWORD, session=g.scene.session, code=_typed("present"), password=new)
    answer = put(wish)
    if answer.reply is not Reply.DONE:
        return _again(said(Verb.PASSWORD.value, answer), STATUS.get(answer.reply, 400))
    flash(said(Verb.PASSWORD.value, answer))
    return _logged_in(answer, "/account")


@pages.get("/account")
@behind_code
def account() -> ResponseReturnValue:
    """Who is logged in, what was done and by whom, how the browser can know this very device."""
    places = surroundings().places
    with reading.opened(places.store) as reader:
        logins = reader.accounts.logins(g.scene.now.wall)
        deeds = reader.accounts.deeds(most=DEEDS)
    return render_template(
        "account.html",
        logins=logins,
        deeds=deeds,
        most=DEEDS,
        fingerprint=certificate.fingerprint(places.certificate),
        ends=certificate.ends(places.certificate),
    )


@pages.app_template_filter("about")
def about(detail: str) -> list[tuple[str, str]]:
    """What a row tells, as names and values: `incident=3 port=104`."""
    words = ABOUT.split(detail)[1:]
    return list(zip(words[::2], words[1::2], strict=True))


@pages.app_template_filter("told_value")
def told_value(value: str, name: str) -> str | Markup:
    """The same value in the reader's words, where it has some."""
    if name == "when":
        return _told_moment(value)
    if name == "source" and value == "any":
        return t("accepted.anybody")
    keys = [f"{prefix}.{value}" for prefix in VALUES.get(name, ())]
    known = next((key for key in keys if has(g.scene.audience.language, key)), None)
    return t(known) if known else value


def _told_moment(value: str) -> str | Markup:
    """A month and a day are those; a moment has its hour."""
    try:
        if len(value) == MONTH:
            return times.month(g.scene.audience.language, date.fromisoformat(f"{value}-01"))
        return day(date.fromisoformat(value)) if len(value) == DATE else stamp(datetime.fromisoformat(value))
    except ValueError:
        return value


def _typed(name: str) -> str:
    """What was typed, whole: a password is never trimmed, and one that is too long is refused by `watch`."""
    return request.form.get(name, "")[: LONGEST + 1]


def _again(words: object, status: int) -> ResponseReturnValue:
    return render_template("password.html", said=words, shortest=SHORTEST, longest=LONGEST), status


def _logged_in(answer: Answer, back: str) -> Response:
    reply = redirect(back, 303)
    reply.set_cookie(
        session_cookie(surroundings().config),
        answer.session,
        max_age=YEAR,  # the browser remembers; `watch` decides how long the session lives
        httponly=True,
        samesite="Lax",
        secure=bool(surroundings().config.page.https_port),
    )
    return reply


def _logged_out() -> Response:
    reply = redirect("/", 303)
    config = surroundings().config
    reply.delete_cookie(session_cookie(config), secure=bool(config.page.https_port), httponly=True, samesite="Lax")
    return reply
