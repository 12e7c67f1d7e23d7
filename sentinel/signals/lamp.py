"""The lamp, over gpiozero: it obeys orders that live ten seconds, and goes dark when no new one comes.

The street re-arms it at every beat, so that a street that hangs cannot leave a green lamp behind.
"""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from gpiozero import LED, RGBLED, BadPinFactory, PinFactoryFallback
from gpiozero.pins.mock import MockFactory

from sentinel import codec
from sentinel.clock import Clock
from sentinel.config import Lamp as LampSection
from sentinel.config import LampKind
from sentinel.errors import MissingDevice
from sentinel.model.finding import Level
from sentinel.model.moment import Moment
from sentinel.signals.rhythm import COLOURS, DARK, Colour, is_lit

LIVES = timedelta(seconds=10)
TICK = 0.05
SIMULATED_PINS = (17, 27, 22)

log = logging.getLogger(__name__)

Shown = Callable[[str, bool, Moment], None]
"""Told each time the lamp changes: colour, lit, when."""


class Lamp:
    """One lamp; `show` gives an order, `close` leaves it dark.

    Raises:
        MissingDevice: the board's pins cannot be driven.
    """

    def __init__(self, section: LampSection, clock: Clock, shown: Shown, factory: Any = None) -> None:
        self._clock = clock
        self._shown = shown
        self._order: tuple[Level, Moment] | None = None
        self._light = _light(section, factory)
        self._single = section.kind is LampKind.PINS and len(section.pins) == 1
        self._light.source_delay = TICK
        self._light.source = self._values()

    def show(self, level: Level, at: Moment) -> None:
        """Show this verdict, for ten seconds from `at`, or from now where `at` is still to come."""
        self._order = (level, min(at, self._clock(), key=lambda moment: moment.boot))

    def close(self) -> None:
        """Dark, at once."""
        self._order = None
        self._light.source = None
        self._light.off()
        self._tell("dark", False, self._clock())
        self._light.close()

    def _values(self) -> Iterator[Colour | int]:
        """What gpiozero's own thread puts on the pins, twenty times a second."""
        told: tuple[str, bool] | None = None
        while True:
            now = self._clock()
            name, colour = self._now(now)
            if (name, any(colour)) != told:
                told = (name, any(colour))
                self._tell(name, any(colour), now)
            yield int(any(colour)) if self._single else colour

    def _tell(self, name: str, lit: bool, now: Moment) -> None:
        """Whoever is told, the pins go on: an error here would end their thread and keep the last colour lit."""
        try:
            self._shown(name, lit, now)
        except OSError as error:
            log.debug("the lamp's change could not be told: %s", error)

    def _now(self, now: Moment) -> tuple[str, Colour]:
        order = self._order
        if order is None or now.since(order[1]) > LIVES:
            return "dark", DARK
        name, colour = COLOURS[order[0]]
        return name, colour if is_lit(order[0], now.boot.total_seconds()) else DARK


def _light(section: LampSection, factory: Any) -> Any:
    if section.kind is LampKind.SIMULATED:
        return RGBLED(*SIMULATED_PINS, pwm=False, pin_factory=factory or MockFactory())
    try:
        with warnings.catch_warnings(action="ignore", category=PinFactoryFallback):  # the error below says it
            if len(section.pins) == 1:
                return LED(section.pins[0], pin_factory=factory)
            return RGBLED(*section.pins, pwm=False, pin_factory=factory)
    except BadPinFactory as error:
        raise MissingDevice(f"the lamp's pins {list(section.pins)} cannot be driven: {error}") from None


class Simulation:
    """The simulated lamp's last flashes, in a small file for the terminal and for whoever wants to count."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._edges: list[tuple[float, str, bool]] = []

    def __call__(self, colour: str, lit: bool, at: Moment) -> None:
        """One change of the lamp."""
        self._edges = [*self._edges[-15:], (at.boot.total_seconds(), colour, lit)]
        fresh = self._path.with_suffix(".new")
        with suppress(OSError):  # a full disk must not end the thread that drives the pins
            fresh.write_bytes(codec.encode({"colour": colour, "lit": lit, "edges": self._edges}))
            fresh.replace(self._path)
