"""What a press on the button does: a film on the lamp, and where somebody acts, the request a person would put.

It goes through the street's queue as the command line's would, and leaves the same rows: one of the audit, and the
journal's. The lamp confirms nothing before `watch` has answered that it is done.
"""

import logging
import os
import queue
from collections.abc import Callable
from datetime import timedelta

from sentinel.config import Language
from sentinel.model.moment import Moment
from sentinel.programs.desk import Asked
from sentinel.signals import films
from sentinel.signals.lamp import Lamp
from sentinel.signals.press import Pressed, Sign
from sentinel.text import say
from sentinel.wire.requests import Answer, Reply, Request, Verb

FILMS = {
    Sign.TEST: films.TEST,
    Sign.ENOUGH: films.ENOUGH,
    Sign.READ: films.NOTHING,
    Sign.WARNING: films.WARNING,
    Sign.CALLED_OFF: films.CALLED_OFF,
    Sign.FORGET: films.NOTHING,
}
VERBS = {Sign.READ: Verb.READ, Sign.FORGET: Verb.FORGET}
CONFIRMED = {Sign.READ: films.SEEN, Sign.FORGET: films.DONE}
TEST_AGAIN = timedelta(seconds=30)
"""From one lamp test to the next: a noisy wire must not keep an alarm hidden."""

log = logging.getLogger(__name__)


class Heeding:
    """Who is to be told of each press; never waits, for it is called from the button's only ear.

    Args:
        lamp: shows the films.
        post: puts a request into the street's queue, or raises `queue.Full` at once.
        language: the page's, in which the row tells who it was.
    """

    def __init__(self, lamp: Lamp, post: Callable[[Asked], None], language: Callable[[], Language]) -> None:
        self._lamp = lamp
        self._post = post
        self._language = language
        self._tested: Moment | None = None
        self._warned = False

    def __call__(self, pressed: Pressed) -> None:
        """Heed one sign of a press."""
        if self._is_idle(pressed):
            return
        self._lamp.play(FILMS[pressed.sign])
        if pressed.sign in VERBS:
            self._ask(pressed)

    def _is_idle(self, pressed: Pressed) -> bool:
        """A second lamp test at once; a warning nobody can see, and what comes of it."""
        match pressed.sign:
            case Sign.TEST:
                if self._tested is not None and pressed.at.since(self._tested) < TEST_AGAIN:
                    return True
                self._tested = pressed.at
            case Sign.WARNING:
                self._warned = self._lamp.can_warn
                return not self._warned
            case Sign.FORGET if not (self._warned and self._lamp.can_warn):
                log.warning("the button forgets no password: no lamp could show the warning")
                return True
        return False

    def _ask(self, pressed: Pressed) -> None:
        def confirm(answer: Answer) -> None:
            if answer.reply is Reply.DONE:
                self._lamp.play(CONFIRMED[pressed.sign])

        request = Request(verb=VERBS[pressed.sign], who=say(self._language(), "who.button"))
        try:
            self._post(Asked(request, os.geteuid(), pressed=pressed, then=confirm))
        except queue.Full:
            log.warning("a press on the button was dropped: too much is waiting")
