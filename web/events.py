"""`/incidents` and `/incidents/<n>`: every story, and one with its facts, its route and its timeline."""

from dataclasses import dataclass

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue

from sentinel.model.finding import Code, Level, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.store import reading
from sentinel.text.points import (
    Phrase,
    gesture,
    machine_name,
    point_of_chapter,
    point_of_incident,
    record,
    sentence,
)
from sentinel.text.robots import organisation
from web.guard import behind_code
from web.scene import surroundings

pages = Blueprint("events", __name__)
MOST = 200
OVER = Phrase(key="incident.ended")


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
        told = [_told(each, reader.chapters(each.number)) for each in reader.incidents(most=MOST)]
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


@pages.get("/incidents/<int(max=999999999):number>")
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
        told=_told(found, chapters),
        timeline=_timeline(found, chapters),
        proved=any(each.code is Code.DOOR_CLOSED for each in chapters[-1:]),
        visits=visits,
        robots={source: organisation(source, found) for source, _ in found.sources},
    )


def _told(incident: Incident, chapters: list[Chapter]) -> Told:
    audience = g.scene.audience
    point = point_of_incident(record(incident, chapters))
    about_machine = incident.machine is not None or incident.mac is not None
    return Told(
        incident=incident,
        sentence=sentence(point, audience),
        gesture=gesture(point, audience),
        machine=machine_name(point, audience) if about_machine else "",
    )


def _timeline(incident: Incident, chapters: list[Chapter]) -> list[tuple[Chapter, Phrase, str]]:
    """Each chapter with its words and its colour, newest first."""
    told = [
        (chapter, OVER, Level.CALM.word)
        if _ends(place, chapter, incident)
        else (chapter, sentence(point_of_chapter(chapter, incident), g.scene.audience), _colour(chapter))
        for place, chapter in enumerate(chapters)
    ]
    return told[::-1]


def _ends(place: int, chapter: Chapter, incident: Incident) -> bool:
    """Whether a chapter tells an end under its beginning's code: a part fails and works again by turns."""
    if chapter.code is Code.DOOR_CLOSED:
        return False  # it has words of its own
    if incident.story.kind is StoryKind.CONDITION:
        return place % 2 == 1
    return incident.closed is not None and chapter.at == incident.closed


def _colour(chapter: Chapter) -> str:
    return (Level.CALM if chapter.code is Code.DOOR_CLOSED else chapter.level).word
