"""`/accepted`: doors and windows that somebody accepted, in the file or on the page; a new one, an end to one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sentinel.accepting import HOURS, last_day
from sentinel.mistakes import MAC
from sentinel.model.acting import LONGEST_WORDS, Acceptance
from sentinel.model.networks import Network, is_narrow
from sentinel.store import reading
from sentinel.store.acceptances import Listed, Standing
from sentinel.store.reading import Reader
from sentinel.wire.requests import Reply, Request, Verb
from web import wishes
from web.guard import behind_code
from web.scene import Scene, surroundings
from web.shelves import mac_of
from web.wishes import act, in_hours, who

pages = Blueprint("accepted", __name__)

SOON = timedelta(days=30)
"""An end is told so long before."""
OVER = 50
"""Of those that are over, the last ones."""
CHOICES = 500
"""Machines a form offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One acceptance of the list."""

    acceptance: Acceptance
    name: str
    """What the practice calls the machine; else its address."""
    day: date
    """The last day it holds."""
    stands: Standing
    listed: Listed


@pages.get("/accepted")
@behind_code
def accepted() -> ResponseReturnValue:
    """What holds, what ends soon, what is over, and a form for a new one."""
    return render_template("accepted.html", **_known(), given=_asked(), wrong=())


@pages.post("/accepted")
@behind_code
def accept() -> ResponseReturnValue:
    """A new one; what `watch` refuses can be put right in the same form."""
    answer, what = wishes.accept(_wish())
    if answer.reply in (Reply.NOT_ALLOWED, Reply.NOT_UNDERSTOOD):
        shown = {**_known(), "given": request.form, "refused": what, "wrong": _unread(answer.reply)}
        return render_template("accepted.html", **shown), 400
    flash(what)
    return redirect("/accepted", 303)


@pages.post("/accepted/<int(max=999999999):number>/withdraw")
@behind_code
def withdraw(number: int) -> ResponseReturnValue:
    """It holds no more."""
    wish = Request(verb=Verb.WITHDRAW, session=g.scene.session, number=number, who=who())
    return act(wish, "/accepted")


def _wish() -> Request:
    """The form as a request; an empty source is no permission for everybody."""
    form = request.form
    window = form.get("window") == "yes"
    anybody = form.get("anybody") == "yes"
    port = form.get("port", "")
    return Request(
        verb=Verb.ACCEPT,
        session=g.scene.session,
        machine=mac_of(form.get("machine", "")[:64].strip()),
        port=int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0,
        source="any" if anybody else form.get("source", "")[:64].strip() or "nobody",
        when=in_hours(form.get("hours", "")) if window else form.get("until", "")[:10],
        window=window,
        who=who(),
        why=" ".join(form.get("why", "").split())[:LONGEST_WORDS],
    )


def _unread(reply: Reply) -> set[str]:
    """The fields behind a refusal, as far as the page can tell."""
    wish = _wish()
    source = _network(wish.source)
    if reply is Reply.NOT_ALLOWED:
        return {"until"} if source is None or is_narrow(source) else {"source"}
    wrong = {
        "machine": not _is_machine(wish.machine),
        "port": not 1 <= wish.port <= 65_535,
        "source": wish.source != "any" and source is None,
        "until": not wish.when,
        "why": not wish.why,
        "who": not wish.who,
    }
    return {name for name, is_wrong in wrong.items() if is_wrong}


def _is_machine(text: str) -> bool:
    try:
        return bool(MAC.fullmatch(text.lower()) or ip_address(text))
    except ValueError:
        return False


def _network(text: str) -> Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None


def _asked() -> Mapping[str, str]:
    """What a link has filled in already."""
    return {name: request.args.get(name, "")[:64] for name in ("machine", "port")}


def _known() -> dict[str, Any]:
    scene: Scene = g.scene
    with reading.opened(surroundings().places.store) as reader:
        machines = reader.heard.machines()
        shown = [_shown(each, scene, reader) for each in reader.acceptances()]
    valid = [each for each in shown if each.stands is Standing.VALID]
    soon = [each for each in valid if each.acceptance.window or _ends_soon(each.acceptance, scene)]
    return {
        "groups": [
            ("accepted.soon", _by_end(soon)),
            ("accepted.valid", _by_end(each for each in valid if each not in soon)),
            ("accepted.over", [each for each in shown if each not in valid][:OVER]),
        ],
        "declared": scene.config.echo.expect_open,
        "firewall": scene.config.capture.firewall,
        "machines": [(each.mac, scene.config.labels.get(each.mac, "")) for each in machines[:CHOICES]],
        "hours": HOURS,
        "today": scene.audience.now.astimezone(scene.audience.zone).date(),
    }


def _shown(listed: Listed, scene: Scene, reader: Reader) -> Shown:
    one, labels = listed.acceptance, scene.config.labels
    mac = None if one.machine in labels else reader.heard.mac(one.machine)
    label = labels.get(one.machine) or labels.get(mac or "", "")
    return Shown(
        acceptance=one,
        name=label or one.machine,
        day=last_day(one.until, scene.audience.zone),
        stands=listed.stands(scene.audience.now),
        listed=listed,
    )


def _ends_soon(one: Acceptance, scene: Scene) -> bool:
    return one.until - scene.audience.now <= SOON


def _by_end(some: Iterable[Shown]) -> list[Shown]:
    return sorted(some, key=lambda each: each.acceptance.until)
