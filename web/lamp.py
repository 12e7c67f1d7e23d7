"""`/lampe`: the lamp on a whole screen, for a spare tablet or the reception's second window.

Whoever waits at the counter reads it too: it names nothing, also for a browser that knows the password.
"""

from dataclasses import replace

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from web.front import front_of
from web.scene import Scene

pages = Blueprint("lamp", __name__)
LONG = 90
"""Characters that still stand on a small screen in the largest letters."""
AGAIN = 10
"""Seconds after which a screen without script loads itself anew."""


@pages.get("/lampe")
def lampe() -> ResponseReturnValue:
    """Lamp, symbol, word and the one sentence; no way on."""
    scene: Scene = g.scene
    g.scene = replace(scene, session="", audience=replace(scene.audience, named=False))
    sentence = front_of(g.scene).sentence
    long = len(sentence.text(scene.audience.language)) > LONG
    return render_template("lampe.html", sentence=sentence, long=long, again=AGAIN)
