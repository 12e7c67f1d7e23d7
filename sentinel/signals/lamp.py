"""The lamp: it obeys orders that live ten seconds, and goes dark when no new one comes.

The street re-arms it at every beat, so that a street that hangs cannot leave a green lamp behind. A lamp that
cannot be driven stops nobody from watching: it says so (`health`), it is tried again, and the page tells it.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

from gpiozero import GPIOZeroError

from sentinel import codec
from sentinel.clock import Clock
from sentinel.config import Lamp as LampSection
from sentinel.config import LampKind
from sentinel.errors import SentinelError
from sentinel.model.finding import Level
from sentinel.model.moment import Moment
from sentinel.model.passing import Health, Part
from sentinel.signals.films import NOTHING, Film
from sentinel.signals.lights import Light, palette, switched_on
from sentinel.signals.rhythm import is_lit

LIVES = timedelta(seconds=10)
TICK = 0.05
AGAIN = timedelta(seconds=5)
"""A lamp that could not be driven is tried again: its driver or its right may come late at boot."""
TROUBLE = (SentinelError, OSError, GPIOZeroError)

log = logging.getLogger(__name__)

Shown = Callable[[str, bool, Moment], None]
"""Told each time the lamp changes: colour, lit, when."""


class Lamp:
    """One lamp; `show` gives an order, `close` leaves it dark.

    Args:
        section: what it is made of.
        clock: whose boot clock carries the rhythm.
        shown: told of each change.
        light: switches it on; handed in by tests.
    """

    def __init__(
        self,
        section: LampSection,
        clock: Clock,
        shown: Shown,
        light: Callable[[LampSection], Light] = switched_on,
    ) -> None:
        self.fault = ""
        """Why it cannot be driven, in plain English; empty while it can."""
        self._section = section
        self._clock = clock
        self._shown = shown
        self._switch_on = light
        self._palette = palette(section)
        self._order: tuple[Level, Moment] | None = None
        self._film: tuple[Film, Moment] = (NOTHING, clock())
        self._told: tuple[str, bool] | None = None
        self._tried = clock()
        self._light = self._lit()
        self._ending = Event()
        self._thread = Thread(target=self._run, name="lamp", daemon=True)
        self._thread.start()

    def show(self, level: Level, at: Moment) -> None:
        """Show this verdict, for ten seconds from `at`, or from now where `at` is still to come."""
        self._order = (level, min(at, self._clock(), key=lambda moment: moment.boot))

    def play(self, film: Film) -> None:
        """Show this first, once, from now on; whatever was being played is over."""
        self._film = (film, self._clock())

    @property
    def can_warn(self) -> bool:
        """Whether whoever stands at it would see a film, as far as we know: there is a lamp, and it is driven."""
        return not self.fault and self._section.kind is not LampKind.SIMULATED and self._thread.is_alive()

    def health(self) -> Health:
        """Whether it can be driven; what nobody drives any more is put out."""
        fault = self.fault
        if not self._thread.is_alive():
            fault = "its thread has ended"
            self._put_out()
        return Health(part=Part.LAMP, well=not fault, detail=fault, at=self._clock())

    def close(self) -> None:
        """Dark, at once."""
        self._order = None
        self._ending.set()
        self._thread.join(LIVES.total_seconds())
        self._put_out()
        self._tell("dark", False, self._clock())

    def _put_out(self) -> None:
        light, self._light = self._light, None
        if light is not None:
            with suppress(*TROUBLE):
                light.off()
            with suppress(*TROUBLE):
                light.close()

    # -- its own thread ------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ending.is_set():
            now = self._clock()
            self._drive(*self._now(now), now)
            self._ending.wait(TICK)

    def _now(self, now: Moment) -> tuple[str, Any]:
        """The name of the colour that is due, and what the light is given."""
        film, begun = self._film
        picture = film.at(now.since(begun).total_seconds())
        if picture is not None:
            return self._palette.of(picture)
        order = self._order
        if order is None or now.since(order[1]) > LIVES:
            return "dark", self._palette.dark
        name, colour = self._palette.of(order[0])
        return name, colour if is_lit(order[0], now.boot.total_seconds()) else self._palette.dark

    def _drive(self, name: str, value: Any, now: Moment) -> None:
        lit = value != self._palette.dark
        if (name, lit) != self._told:
            self._told = (name, lit)
            self._tell(name, lit, now)
        if self._light is None and now.since(self._tried) >= AGAIN:
            self._tried = now
            self._light = self._lit()
        if self._light is not None:
            self._set(self._light, value, now)

    def _set(self, light: Light, value: Any, now: Moment) -> None:
        """A light that fails is let go, and taken anew a little later."""
        try:
            if light.value != value:
                light.value = value
        except TROUBLE as error:
            self._fail(error)
            self._light, self._tried = None, now
            with suppress(*TROUBLE):
                light.close()

    def _lit(self) -> Light | None:
        try:
            light = self._switch_on(self._section)
        except TROUBLE as error:
            self._fail(error)
            return None
        self.fault = ""
        return light

    def _fail(self, error: Exception) -> None:
        self.fault = getattr(error, "strerror", None) or str(error) or type(error).__name__

    def _tell(self, name: str, lit: bool, now: Moment) -> None:
        """Whoever is told, the lamp goes on: an error here would end its thread and keep the last colour lit."""
        try:
            self._shown(name, lit, now)
        except OSError as error:
            log.debug("the lamp's change could not be told: %s", error)


class Simulation:
    """The lamp's last flashes, in a small file for the terminal and for whoever wants to count."""

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
