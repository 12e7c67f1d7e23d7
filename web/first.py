"""`/first`: the first hour, a page for each step, with its proof on the screen; left and taken up at will."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sentinel import codec
from sentinel.model.acting import PaperKind
from sentinel.settings import Night, Reading
from sentinel.text import LANGUAGES
from sentinel.wire.requests import EVERY_MACHINE_ON, Reply, Request, Verb
from web.forms import Filled, filled
from web.guard import behind_code
from web.machines import settle
from web.options import keep
from web.proofs import proof
from web.scene import Scene
from web.steps import ALL, NAMES, Ended, following, hour, is_offered, noted
from web.wishes import act, put, said, who

pages = Blueprint("first", __name__)


@pages.get("/first")
@behind_code
def first() -> ResponseReturnValue:
    """Every step, how it ended, and the one to go on with."""
    kept = g.scene.steps
    return render_template("first.html", steps=hour(kept), following=following(kept), offered=is_offered(kept))


@pages.post("/first")
@behind_code
def put_off() -> ResponseReturnValue:
    """The whole is put off, or taken up again."""
    _note(ALL, Ended.SKIPPED if request.form.get("how") == Ended.SKIPPED else None)
    return redirect("/first", 303)


@behind_code
def step(name: str) -> ResponseReturnValue:
    """One step."""
    return _page(name)


@behind_code
def end(name: str) -> ResponseReturnValue:
    """A step is done or skipped; the practice's own is done by filling in its form."""
    how = Ended.SKIPPED if request.form.get("how") == Ended.SKIPPED else Ended.DONE
    if name == "practice" and how is Ended.DONE:
        form = filled(g.scene.config, "practice", request.form)
        if form.wrong:
            return _page(name, form=form), 400
        if not _settle(form):
            return redirect("/first/practice", 303)
    if name == "machines" and how is Ended.DONE and not settle():
        return redirect("/first/machines", 303)
    if not _note(name, how):
        return redirect(f"/first/{name}", 303)
    after = NAMES.index(name) + 1
    return redirect(f"/first/{NAMES[after]}" if after < len(NAMES) else "/first", 303)


@pages.post("/first/machines/network")
@behind_code
def network() -> ResponseReturnValue:
    """Whether a private network is ours."""
    wish = Request(
        verb=Verb.NETWORK,
        session=g.scene.session,
        network=request.form.get("network", "")[:64],
        ours=request.form.get("ours") == "yes",
        who=who(),
    )
    return act(wish, "/first/machines")


@pages.post("/first/drill/start")
@behind_code
def drill() -> ResponseReturnValue:
    """An exercise, now: lamp, notices and « J’ai vu » as on the worst day."""
    return act(Request(verb=Verb.DRILL, session=g.scene.session, who=who()), "/first/drill")


@pages.post("/first/certificate/paper")
@behind_code
def certificate() -> ResponseReturnValue:
    """The paper of this hour, once somebody has declared that no machine was off."""
    wish = Request(
        verb=Verb.PAPER,
        session=g.scene.session,
        kind=PaperKind.CERTIFICATE.value,
        section=EVERY_MACHINE_ON if request.form.get("every_machine_on") == "yes" else "",
        value=g.scene.audience.language,
        who=who(),
    )
    answer = put(wish)
    flash(said("certificate" if answer.reply is Reply.NOT_ALLOWED else wish.verb.value, answer))
    return redirect("/first/certificate", 303)


for each in NAMES:  # an address of its own for each, so that whoever asks the map of addresses finds them all
    pages.add_url_rule(f"/first/{each}", f"step_{each}", step, defaults={"name": each})
    pages.add_url_rule(f"/first/{each}", f"end_{each}", end, methods=["POST"], defaults={"name": each})


def _note(name: str, how: Ended | None) -> bool:
    """Keep how a step ended, and who said so."""
    value = noted(how, g.scene.now.wall, who()) if how else ""
    return keep("steps", codec.encode({name: value}).decode(), quietly=True)


def _settle(form: Filled) -> bool:
    """The practice, the language it reads, and whether updates come by themselves; other settings stay."""
    scene: Scene = g.scene
    language = request.form.get("language", "")
    page = scene.config.page
    if language in LANGUAGES and language != page.language:
        told = {"language": language, "page_from": page.page_from, "months": scene.config.store.months}
        keep("reading", codec.encode(codec.convert(told, Reading)).decode(), quietly=True)
    night, wanted = scene.config.update, "automatic" in request.form
    if night.source and wanted != night.automatic:
        ticked = Night(automatic=wanted, opens=night.opens, closes=night.closes)
        keep("update", codec.encode(ticked).decode(), quietly=True)
    return keep("practice", form.value)


def _page(name: str, **more: Any) -> str:
    place = NAMES.index(name)
    return render_template(
        "first_step.html",
        step=hour(g.scene.steps)[place],
        place=place + 1,
        steps=len(NAMES),
        before=NAMES[place - 1] if place else "",
        **{**proof(name), **more},
    )
