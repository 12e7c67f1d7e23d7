"""Stories in the words of whoever asks: one question to the store for as many as a page has."""

from dataclasses import dataclass

from flask import g

from sentinel.model.finding import Code
from sentinel.model.incident import Incident, IncidentState
from sentinel.store.reading import Reader
from sentinel.text.points import Phrase, Record, gesture, machine_name, point_of_incident, sentence

PAST = frozenset(
    {
        Code.SCANNED,
        Code.REFUSED,
        Code.DOOR_ANSWERED,
        Code.STRANGER_CONNECTED,
        Code.STRANGER_ASSOCIATED,
        Code.STRANGER_QUERIED,
        Code.IMAGES_LEFT,
        Code.SERVICE_GONE,
        Code.MAPPING_OPENED,
        Code.BOX_CHANGED,
        Code.ADDRESS_CHANGED,
        Code.PRIVATE_NETWORK,
        Code.DRILL,
    }
)
"""Their sentences tell what has happened; all others tell how it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An incident with its words."""

    incident: Incident
    sentence: Phrase
    gesture: Phrase
    machine: str
    """Empty where the story is not about a machine."""
    over: bool = False
    """It has ended, and its sentence would speak of now: its title is said instead."""


def told(known: Record) -> Told:
    """An incident in the words of whoever asks."""
    audience = g.scene.audience
    point = point_of_incident(known)
    about_machine = known.incident.machine is not None or known.incident.mac is not None
    return Told(
        incident=known.incident,
        sentence=sentence(point, audience),
        gesture=gesture(point, audience),
        machine=machine_name(point, audience) if about_machine else "",
        over=known.incident.state is IncidentState.CLOSED and known.incident.code not in PAST,
    )


def records(reader: Reader, found: list[Incident]) -> list[Record]:
    """Stories with the two moments their timelines add, asked for all at once."""
    began = reader.tallies.beginnings(each.number for each in found)
    return [
        Record(
            incident=each,
            began=(mark.gravest if mark and mark.gravest else each.first.wall),
            alarmed=each.shown.wall if each.shown else mark.alarmed if mark else None,
        )
        for each in found
        for mark in [began.get(each.number)]
    ]
