"""`/incidents` and `/incidents/<n>`: every story, and one with its facts, its route and its timeline."""

from dataclasses import dataclass

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue

from sentinel.model.finding import Level
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.store import reading
from sentinel.text.points import (
    Audience,
    Phrase,
    gesture,
    machine_name,
    point_of_chapter,
    point_of_incident,
    sentence,
)
from web.guard import behind_code
from web.scene import surroundings

pages = Blueprint("events", __name__)
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An incident with its words."""

    incident: Incident
    sentence: Phrase
    gesture: Phrase
    machine: str
    """Empty where the story is not about a machine."""


@pages.get("/incidents")
@behind_code
def incidents() -> ResponseReturnValue:
    """Every story: what goes on, what is over, and what never mattered."""
    with reading.opened(surroundings().places.store) as reader:
        told = [_told(each, g.scene.audience) for each in reader.incidents(most=MOST)]
        silent, refused = reader.attempts()
    matters = [each for each in told if each.incident.level > Level.CALM]
    closed = [each for each in matters if each.incident.state is IncidentState.CLOSED]
    return render_template(
        "incidents.html",
        groups=[
            ("incidents.open", [each for each in matters if each not in closed]),
            ("incidents.past", closed),
            ("incidents.notes", [each for each in told if each not in matters]),
        ],
        robots=silent + refused,
        most=MOST if len(told) == MOST else 0,
    )


@pages.get("/incidents/<int:number>")
@behind_code
def incident(number: int) -> ResponseReturnValue:
    """One story."""
    with reading.opened(surroundings().places.store) as reader:
        found = reader.incident(number)
        if found is None:
            abort(404)
        chapters = reader.chapters(number)
        visits = reader.visits_of(found)
    return render_template(
        "incident.html",
        told=_told(found, g.scene.audience),
        timeline=[(each, _line(each, found, g.scene.audience)) for each in reversed(chapters)],
        visits=visits,
    )


def _told(incident: Incident, audience: Audience) -> Told:
    point = point_of_incident(incident)
    about_machine = incident.machine is not None or incident.mac is not None
    return Told(
        incident=incident,
        sentence=sentence(point, audience),
        gesture=gesture(point, audience),
        machine=machine_name(point, audience) if about_machine else "",
    )


def _line(chapter: Chapter, incident: Incident, audience: Audience) -> Phrase:
    return sentence(point_of_chapter(chapter, incident), audience)
