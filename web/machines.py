"""`/machines`: every machine that was heard, what the practice calls it, and whether its traffic passes us."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sentinel import codec
from sentinel.mistakes import MAC
from sentinel.model.declared import View
from sentinel.model.finding import Level
from sentinel.model.incident import Incident
from sentinel.settings import NAME
from sentinel.store import reading
from sentinel.store.heard import Machine
from sentinel.store.portraits import Traits
from sentinel.store.reading import Reader
from sentinel.wire.requests import Answer, Reply, Request, Verb
from web.guard import behind_code
from web.scene import Scene, surroundings
from web.wishes import local, put, said, who
from web.words import t

pages = Blueprint("machines", __name__)

PAGE = 50
"""Machines of one page: their names fit into one form."""
AT_ONCE = 20
"""Names of one request, which holds 8 KiB."""
PASSED = timedelta(days=7)
"""A machine that passed us within a week of being heard is watched."""


class Watched(StrEnum):
    """Whether the sentinel sees a machine's traffic."""

    YES = "watched"
    NO = "not_watched"
    UNKNOWN = "unknown"
    BOX = "box"
    """It is the box: what passes, passes to it."""


NOTHING = Traits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One machine of the list."""

    mac: str
    label: str
    heard: Machine | None
    """None: it has a name and was never heard."""
    watched: Watched
    stories: tuple[Incident, ...] = ()
    addresses: tuple[str, ...] = ()
    traits: Traits = NOTHING
    """What it says of itself."""

    @property
    def matters(self) -> bool:
        """It has a name, a story, or something to offer: nobody should have to look for it."""
        return bool(self.label or self.stories or self.traits.offers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What decides whether a machine is watched."""

    elsewhere: Set[str]
    box: str
    view: View


@pages.get("/machines")
@behind_code
def machines() -> ResponseReturnValue:
    """One page of machines."""
    return render_template("machines.html", **listing())


@pages.post("/machines/labels")
@behind_code
def name() -> ResponseReturnValue:
    """Keep the names that were changed."""
    back = local(request.form.get("next", "/machines"))
    given = changed(request.form, g.scene.config.labels)
    if given and not who():
        flash(t("settings.who.missing"))
    elif given:
        flash(said(Verb.SETTING.value, _keep(given, who())))
    return redirect(back, 303)


def settle() -> bool:
    """Keep the names a form gives besides; why they could not be kept is said."""
    given = changed(request.form, g.scene.config.labels)
    answer = _keep(given, who()) if given else Answer(reply=Reply.DONE)
    if answer.reply is not Reply.DONE:
        flash(said(Verb.SETTING.value, answer))
    return answer.reply is Reply.DONE


def listing() -> dict[str, Any]:
    """What the page shows."""
    scene: Scene = g.scene
    with reading.opened(surroundings().places.store) as reader:
        known = _ordered(reader.heard.machines(), scene.config.labels)
        last = max(1, -(-len(known) // PAGE))
        page = min(max(request.args.get("page", 1, type=int), 1), last)
        look = Look(elsewhere=reader.heard.elsewhere(), box=_box(reader), view=scene.config.capture.view)
        shown = _shown(reader, known[(page - 1) * PAGE : page * PAGE], look)
        hung = reader.heard.hung()
    return {
        "groups": [
            ("machines.ours", [each for each in shown if each.heard and not each.heard.is_random]),
            ("machines.invented", [each for each in shown if each.heard and each.heard.is_random]),
            ("machines.silent", [each for each in shown if not each.heard]),
        ],
        "invented": sum(each is not None and each.is_random for _, each in known),
        "hung": hung,
        "count": sum(each is not None for _, each in known),
        "elsewhere": sum(watched(each, look) is Watched.NO for _, each in known),
        "limited": scene.config.capture.view is View.LIMITED,
        "page": page,
        "last": last,
    }


def _ordered(heard: Iterable[Machine], labels: Mapping[str, str]) -> list[tuple[str, Machine | None]]:
    """Named ones first, by name; invented addresses after the others; names nobody answers to at the end."""
    known = {each.mac: each for each in heard}
    found = sorted(
        known.values(),
        key=lambda each: (each.is_random, each.mac not in labels, labels.get(each.mac, "").casefold()),
    )
    silent = sorted((mac for mac in labels if mac not in known), key=lambda mac: labels[mac].casefold())
    return [*((each.mac, each) for each in found), *((mac, None) for mac in silent)]


def _box(reader: Reader) -> str:
    """The box's hardware address, where it was read."""
    box = reader.box()
    return (reader.heard.mac(str(box.gateway)) or "") if box else ""


def _shown(reader: Reader, known: list[tuple[str, Machine | None]], look: Look) -> list[Shown]:
    told, labels = reader.incidents(least=Level.ATTENTION), g.scene.config.labels
    addresses = reader.heard.addresses(mac for mac, machine in known if machine)
    traits = reader.heard.traits(mac for mac, machine in known if machine)
    return [
        Shown(
            mac=mac,
            label=labels.get(mac, ""),
            heard=machine,
            watched=watched(machine, look),
            stories=tuple(each for each in told if each.mac == mac)[:5],
            addresses=tuple(addresses.get(mac, ())),
            traits=traits.get(mac, NOTHING),
        )
        for mac, machine in known
    ]


def watched(machine: Machine | None, look: Look) -> Watched:
    """Whether it passes the watched port: seen to, or told of by the street as elsewhere; else nobody knows."""
    if machine is not None and machine.mac == look.box:
        return Watched.BOX
    if machine is None or look.view is View.LIMITED:
        return Watched.UNKNOWN
    if machine.mac in look.elsewhere:
        return Watched.NO
    passed = machine.crossed is not None and machine.last - machine.crossed <= PASSED
    return Watched.YES if passed else Watched.UNKNOWN


def changed(form: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    """The names of a form that are not those there were; an empty one takes the name away."""
    given = {key.removeprefix("label-"): " ".join(text.split())[:NAME] for key, text in form.items()}
    return {mac: text for mac, text in given.items() if MAC.fullmatch(mac) and text != labels.get(mac, "")}


def _keep(given: Mapping[str, str], by: str) -> Answer:
    """As many requests as it takes; what one of them refuses ends it."""
    answer = Answer(reply=Reply.DONE)
    names = sorted(given.items())
    for few in (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)):
        value = codec.encode(dict(few)).decode()
        wish = Request(verb=Verb.SETTING, session=g.scene.session, section="labels", value=value, who=by)
        answer = put(wish)
        if answer.reply is not Reply.DONE:
            break
    return answer
