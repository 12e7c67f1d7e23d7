"""What each step of the first hour shows as its proof: read from the pulse and the store, never from the form."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import g

from sentinel.model.acting import PaperKind
from sentinel.model.coverage import Coverage, Shows, Wrapping
from sentinel.model.declared import View
from sentinel.model.finding import Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.store import reading
from sentinel.text.points import point_of_incident, record, sentence
from web.flashed import unused
from web.forms import Filled, shown
from web.machines import listing
from web.options import choices
from web.scene import Scene, surroundings

MOST = 50
"""Doors of one page."""


def proof(name: str) -> dict[str, Any]:
    """What the page of one step is made with."""
    return _PROOFS[name]() if name in _PROOFS else {}


def _welcome() -> dict[str, Any]:
    return {"unused": unused(surroundings().places.mistakes, g.scene.audience.language)}


def _practice() -> dict[str, Any]:
    config = g.scene.config
    form = Filled(section="practice", fields=shown(config, "practice"))
    return {"form": form, "language": config.page.language, **choices()}


def _view() -> dict[str, Any]:
    scene: Scene = g.scene
    coverage = scene.pulse.coverage if scene.pulse and scene.alive else None
    return {
        "proof": proof_of_view(coverage, scene.config.capture.view),
        "firewall": scene.config.capture.firewall,
        "coverage": coverage,
        "wrapped": besides(coverage),
    }


def proof_of_view(coverage: Coverage | None, view: View) -> str:
    """What the port has lately shown; where nothing of others was declared to show, that is what it is."""
    if coverage is None:
        return "untold"
    limited = view is View.LIMITED and coverage.shows is not Shows.NO_CARRIER
    return "limited" if limited else coverage.shows.value


def besides(coverage: Coverage | None) -> tuple[Wrapping, ...]:
    """What passes wrapped beside what is read; where nothing else passes the proof says it."""
    if coverage is None:
        return ()
    return tuple(kind for kind in coverage.wrapped if kind.value != coverage.shows.value)


def _machines() -> dict[str, Any]:
    with reading.opened(surroundings().places.store) as reader:
        told = [each for each in reader.incidents() if each.story.kind is StoryKind.NETWORK]
        known = reader.networks()
    asked = [each.story.about for each in told if each.state is not IncidentState.CLOSED]
    return {**listing(), "asked": asked, "known": known, "prefixes": g.scene.config.capture.prefixes}


def _outside() -> dict[str, Any]:
    with reading.opened(surroundings().places.store) as reader:
        last, proofs = reader.last_checks(), reader.last_proofs()
    invited = bool(g.scene.config.echo.all_invitations)
    return {"last": [(check, proofs.get((check.echo, check.family))) for check in last], "invited": invited}


def _drill() -> dict[str, Any]:
    with reading.opened(surroundings().places.store) as reader:
        return {"drill": reader.last_drill()}


def _certificate() -> dict[str, Any]:
    with reading.opened(surroundings().places.store) as reader:
        made = [each for each in reader.holdings.papers() if each.kind is PaperKind.CERTIFICATE]
    return {"paper": made[0] if made else None}


def _doors() -> dict[str, Any]:
    with reading.opened(surroundings().places.store) as reader:
        told = [each for each in reader.incidents(least=Level.ATTENTION) if _is_left(each)]
        said = [(each, sentence(point_of_incident(record(each, [])), g.scene.audience)) for each in told[:MOST]]
        checked = bool(reader.last_proofs())
    return {"left": said, "checked": checked}


def _is_left(incident: Incident) -> bool:
    others = (StoryKind.CONDITION, StoryKind.NETWORK, StoryKind.DRILL)
    return incident.story.kind not in others and incident.state is not IncidentState.CLOSED


_PROOFS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "welcome": _welcome,
    "practice": _practice,
    "view": _view,
    "machines": _machines,
    "outside": _outside,
    "doors": _doors,
    "drill": _drill,
    "certificate": _certificate,
}
