"""`/settings`: what the practice decides, a form for each section; `watch` checks and keeps it."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sentinel.text import LANGUAGES
from sentinel.wire.requests import Reply, Request, Verb
from web.forms import Filled, filled, masked, shown
from web.guard import behind_code
from web.scene import Scene
from web.wishes import put, said, who

pages = Blueprint("settings", __name__)

FORMS = ("practice", "notices", "reading", "update")
ZONES = (
    "Europe/Paris",
    "America/Guadeloupe",
    "America/Martinique",
    "America/Cayenne",
    "America/Miquelon",
    "Indian/Reunion",
    "Indian/Mayotte",
    "Pacific/Noumea",
    "Pacific/Tahiti",
    "Pacific/Wallis",
)
"""Where France is; a zone of the file is offered as well."""


@pages.get("/settings")
@behind_code
def settings() -> ResponseReturnValue:
    """Every form."""
    told = [section for section in FORMS if section != "update" or g.scene.config.update.source]
    return render_template("settings.html", forms=[_kept(section) for section in told], **choices())


@behind_code
def one(section: str) -> ResponseReturnValue:
    """One form alone."""
    return render_template("settings.html", forms=[_kept(section)], **choices())


@behind_code
def change(section: str) -> ResponseReturnValue:
    """Keep one section, or show its form again with what is wrong."""
    form = filled(g.scene.config, section, request.form)
    if not who():
        form = replace(form, wrong=form.wrong | {"who"})
    if form.wrong:
        return render_template("settings.html", forms=[form], **choices()), 400
    keep(section, form.value)
    return redirect("/settings", 303)


for each in FORMS:
    pages.add_url_rule(f"/settings/{each}", f"one_{each}", one, defaults={"section": each})
    pages.add_url_rule(f"/settings/{each}", f"change_{each}", change, methods=["POST"], defaults={"section": each})


def keep(section: str, value: str, *, quietly: bool = False) -> bool:
    """Put one section to `watch`; what came of it is told on the next page, a success only aloud."""
    wish = Request(verb=Verb.SETTING, session=g.scene.session, section=section, value=value, who=who())
    answer = put(wish)
    if answer.reply is not Reply.DONE or not quietly:
        flash(said(Verb.SETTING.value, answer))
    return answer.reply is Reply.DONE


def choices() -> dict[str, Any]:
    """What the forms let one choose from."""
    scene: Scene = g.scene
    zone = scene.config.practice.time_zone
    notices = scene.config.notices
    return {
        "zones": ZONES if zone in ZONES else (zone, *ZONES),
        "languages": LANGUAGES,
        "recipients": {"practice": list(masked(notices.practice)), "technician": list(masked(notices.technician))},
    }


def _kept(section: str) -> Filled:
    return Filled(section=section, fields=shown(g.scene.config, section))
