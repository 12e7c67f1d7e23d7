"""The push button beside the lamp, over gpiozero: tells what each press means, from gpiozero's own threads.

It closes its pin to ground, is debounced by the kernel, and watching does not depend on it: a button that cannot
be had is one line in the log, and is tried again.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from gpiozero import Button as PushButton

from sentinel.clock import Clock
from sentinel.config import Lamp as LampSection
from sentinel.model.moment import Moment
from sentinel.signals.lamp import TROUBLE
from sentinel.signals.lights import header
from sentinel.signals.press import Press, Pressed, Sign

BOUNCES = 0.05
"""Seconds for which a contact may bounce, and a long wire catch what is not there."""
LOOKS = 0.25

log = logging.getLogger(__name__)


class Button:
    """One button, or none where the configuration names no pin.

    Args:
        section: which pin, of which chip.
        clock: whose boot clock measures a press.
        told: what a press has come to; called from threads of gpiozero's, never from two at a time.
        pins: gpiozero's way to the pins; handed in by tests.
        looks: seconds between two looks at how long it has been held.
    """

    def __init__(
        self,
        section: LampSection,
        clock: Clock,
        told: Callable[[Pressed], None],
        pins: Callable[[LampSection], Any] = header,
        looks: float = LOOKS,
    ) -> None:
        self.fault = ""
        """Why it cannot be had, in plain English; empty while it can, or none is configured."""
        self._section = section
        self._clock = clock
        self._told = told
        self._pins = pins
        self._looks = looks
        self._lock = Lock()
        """gpiozero tells from one thread that it is let go, and from another that it is still held."""
        self._press = Press()
        self._began = clock()
        self._button: Any = None
        self.look()

    def look(self) -> None:
        """Try to have it, where that has not worked yet, and again where nobody listens to its line any more."""
        if self._button is not None and getattr(self._button.pin, "is_deaf", False):
            log.warning("the button on pin %d is taken anew", self._section.button)
            self.close()
        if self._button is not None or not self._section.button:
            return
        try:
            self._button = self._had()
        except TROUBLE as error:
            self._fail(error)
        else:
            self.fault = ""

    def close(self) -> None:
        """Nothing is told any more."""
        button, self._button = self._button, None
        if button is not None:
            with suppress(*TROUBLE):
                button.close()

    def _had(self) -> Any:
        self._press = Press()  # what was held before means nothing
        button = PushButton(
            self._section.button,
            bounce_time=BOUNCES,
            hold_time=self._looks,
            hold_repeat=True,
            pin_factory=self._pins(self._section),
        )
        button.when_pressed, button.when_held, button.when_released = self._down, self._still, self._up
        return button

    def _down(self) -> None:
        with self._lock, self._noticing():
            self._began = self._clock()
            self._press.down(self._began.boot)

    def _still(self) -> None:
        with self._lock:  # the clock within: a look that had to wait is one at what is held now
            at = self._clock()
            self._tell(self._press.still(at.boot), at)

    def _up(self) -> None:
        with self._lock, self._noticing():
            at = self._clock()
            self._tell(self._press.up(at.boot), at)

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """One line when a loose contact begins, and one when it is over."""
        before = self._press.restless
        yield
        if self._press.restless and not before:
            log.warning(
                "the button on pin %d trembles: a loose contact? It means nothing now", self._section.button
            )
        elif before and not self._press.restless:
            log.info("the button on pin %d is still again", self._section.button)

    def _tell(self, sign: Sign | None, at: Moment) -> None:
        """Whatever comes of it, the thread goes on: it is the button's only ear."""
        if sign is None:
            return
        try:
            self._told(Pressed(sign, self._began, at))
        except Exception:  # of whoever is told
            log.exception("a press could not be heeded")

    def _fail(self, error: Exception) -> None:
        fault = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if fault != self.fault:
            log.warning("the button on pin %d cannot be had: %s", self._section.button, fault)
        self.fault = fault
