"""What a press on the button does: a film on the lamp, and where somebody acts, the request a person would put.

It goes through the street's queue as the command line's would, and leaves the same rows: one of the audit, and the
journal's.
"""

import os
from collections.abc import Callable

from sentinel.config import Language
from sentinel.programs.desk import Asked
from sentinel.signals import films
from sentinel.signals.films import Film
from sentinel.signals.press import Sign
from sentinel.text import say
from sentinel.wire.requests import Request, Verb

FILMS = {
    Sign.TEST: films.TEST,
    Sign.ENOUGH: films.ENOUGH,
    Sign.READ: films.NOTHING,
    Sign.WARNING: films.WARNING,
    Sign.CALLED_OFF: films.CALLED_OFF,
    Sign.FORGET: films.DONE,
}
VERBS = {Sign.READ: Verb.READ, Sign.FORGET: Verb.FORGET}


def heeded(
    play: Callable[[Film], None], post: Callable[[Asked], None], language: Callable[[], Language]
) -> Callable[[Sign], None]:
    """Who is to be told of each press.

    Args:
        play: shows a film on the lamp.
        post: puts a request into the street's queue.
        language: the page's, in which the row tells who it was.
    """

    def heed(sign: Sign) -> None:
        play(FILMS[sign])
        verb = VERBS.get(sign)
        if verb is not None:
            post(Asked(Request(verb=verb, who=say(language(), "who.button")), os.geteuid()))

    return heed
