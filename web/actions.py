"""What a person may do: ask for a check, say « J'ai vu », recognise a network.

Each is a request to `watch`, which alone knows codes and sessions; this process writes nothing.
"""

from flask import Blueprint, abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue

from sentinel.model.finding import StoryKind
from sentinel.store import reading
from sentinel.wire.requests import Reply, Request, Verb
from web.checking import ASKED, EAGER, postpone
from web.guard import behind_code
from web.scene import surroundings
from web.wishes import act, local, put, said, who

pages = Blueprint("actions", __name__)


@pages.post("/check")
@behind_code
def check() -> ResponseReturnValue:
    """Ask for a check from outside, now."""
    return _check(0, "check", local(request.form.get("next", "/")))


@pages.post("/incidents/<int(max=999999999):number>/check")
@behind_code
def retest(number: int) -> ResponseReturnValue:
    """« Vérifier que c'est fermé »: only this door, which has a budget of its own."""
    with reading.opened(surroundings().places.store) as reader:
        found = reader.incident(number)
    if found is None or found.story.kind is not StoryKind.DOOR:
        abort(404)
    return _check(number, "retest", f"/incidents/{number}")


@pages.post("/incidents/<int(max=999999999):number>/read")
@behind_code
def read(number: int) -> ResponseReturnValue:
    """« J'ai vu »."""
    wish = Request(verb=Verb.READ, session=g.scene.session, incident=number, who=who())
    return act(wish, f"/incidents/{number}")


@pages.post("/incidents/<int(max=999999999):number>/network")
@behind_code
def network(number: int) -> ResponseReturnValue:
    """Whether a private network is ours."""
    wish = Request(
        verb=Verb.NETWORK,
        session=g.scene.session,
        network=request.form.get("network", "")[:64],
        ours=request.form.get("ours") == "yes",
        who=who(),
    )
    return act(wish, f"/incidents/{number}")


def _check(incident: int, what: str, back: str) -> ResponseReturnValue:
    """Ask for a check of everything, or of one incident's door, and remember how long the next must wait."""
    answer = put(Request(verb=Verb.CHECK, session=g.scene.session, incident=incident))
    if answer.reply is Reply.BUSY and answer.wait_seconds:
        postpone(what, answer.wait_seconds)
    if answer.reply is Reply.DONE:
        postpone(ASKED, EAGER)
    flash(said(what, answer), ASKED if answer.reply is Reply.DONE else "message")
    return redirect(back, 303)
