"""What a lamp is made of: which light the configuration means, and what each verdict looks like on it.

A traffic light has no blue, so « it does not know » is the double wink on its yellow: outside the lamp test and
the button's warning green is never lit for less than proof, red never for less than an alarm, and what is left is
told from « this week » by its rhythm, as on a single LED.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from gpiozero import LED, RGBLED, TrafficLights
from gpiozero.pins.mock import MockFactory

from sentinel.config import Lamp as LampSection
from sentinel.config import LampKind
from sentinel.model.finding import Level
from sentinel.signals.films import Frame
from sentinel.signals.leds import BoardLed
from sentinel.signals.rhythm import COLOURS, DARK

SIMULATED_PINS = (17, 27, 22)
EVERY = (1, 1, 1)
POSITIONS = {
    Level.ALARM: (1, 0, 0),
    Level.ATTENTION: (0, 1, 0),
    Level.CALM: (0, 0, 1),
    Level.UNSURE: (0, 1, 0),
}
"""Red, yellow, green lamp of a traffic light."""


class Light(Protocol):
    """Something that shines: gpiozero's devices, and the board's own LED."""

    value: Any
    """1 or 0, or three of them."""

    def off(self) -> None:
        """Dark."""

    def close(self) -> None:
        """Dark, and let go."""


@dataclass(frozen=True, slots=True)
class Palette:
    """What a light is given for each verdict."""

    colours: dict[Level, Any]
    dark: Any
    every: Any

    def of(self, picture: Level | Frame) -> tuple[str, Any]:
        """The colour's name, as the page calls it, and what the light is given."""
        if isinstance(picture, Level):
            return COLOURS[picture][0], self.colours[picture]
        return picture.value, self.every if picture is Frame.EVERY else self.dark


def palette(section: LampSection) -> Palette:
    """That of this lamp."""
    if section.kind is LampKind.TRAFFIC:
        return Palette(dict(POSITIONS), DARK, EVERY)
    if section.kind is LampKind.BOARD or (section.kind is LampKind.PINS and len(section.pins) == 1):
        return Palette(dict.fromkeys(Level, 1), 0, 1)
    return Palette({level: colour for level, (_, colour) in COLOURS.items()}, DARK, EVERY)


def switched_on(section: LampSection, factory: Any = None) -> Light:
    """The light, dark as yet.

    Args:
        section: what it is made of.
        factory: gpiozero's way to the pins; none: the board's header.

    Raises:
        MissingDevice: the chip or the LED is not there, or may not be driven.
        OSError: the kernel refused.
    """
    light: Light = _simulated(factory) if section.kind is LampKind.SIMULATED else _real(section, factory)
    return light


def _simulated(factory: Any) -> Any:
    return RGBLED(*SIMULATED_PINS, pwm=False, pin_factory=factory or MockFactory())


def _real(section: LampSection, factory: Any) -> Any:
    if section.kind is LampKind.BOARD:
        return BoardLed()
    pins = factory or header(section)
    if section.kind is LampKind.TRAFFIC:
        return TrafficLights(*section.pins, pwm=False, pin_factory=pins)
    if len(section.pins) == 1:
        return LED(section.pins[0], pin_factory=pins)
    return RGBLED(*section.pins, pwm=False, pin_factory=pins)


def header(section: LampSection) -> Any:
    """gpiozero's way to the board's header, or to the chip that is named.

    Raises:
        MissingDevice: it is not there, or may not be opened.
    """
    from sentinel.signals.pins import HeaderFactory  # gpiod is Linux's alone; a laptop's lamp is simulated

    return HeaderFactory(section.chip)
