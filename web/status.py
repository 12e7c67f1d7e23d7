"""`/api/v1/status`: the sentence of the first page for programs, in the same words."""

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue

from web.front import front_of
from web.scene import Scene

pages = Blueprint("status", __name__)


@pages.get("/api/v1/status")
def status() -> ResponseReturnValue:
    """What is shown, what to do, when it was proved; without a login no machine, port or source.

    `level` is what the lamp shows: calm, attention, alarm, unsure, or dark where nothing is being watched.
    `since`: of the first reason, or of the stop; null while calm. `checked`: the last complete check. As ISO 8601.
    """
    scene: Scene = g.scene
    front, verdict = front_of(scene), scene.verdict
    since = verdict.reasons[0].since.wall if verdict and verdict.reasons else scene.stopped
    return jsonify(
        level=scene.lamp,
        sentence=front.sentence.text(scene.audience.language),
        gesture=front.gesture.text(scene.audience.language),
        checked=front.checked and front.checked.isoformat(timespec="seconds"),
        view=verdict.view.value if verdict else None,
        since=since and since.isoformat(timespec="seconds"),
        language=scene.audience.language,
        demo=bool(scene.pulse and scene.pulse.demo),
    )
