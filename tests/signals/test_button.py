"""The button on gpiozero's mock pins: real presses through its own threads, on a clock that runs as it is told."""

import logging
import time
from collections.abc import Callable

import pytest
from gpiozero.pins.mock import MockFactory

from sentinel.config import Lamp as LampSection
from sentinel.errors import MissingDevice
from sentinel.model.moment import Moment
from sentinel.signals.button import Button
from sentinel.signals.press import Sign
from tests.builders import moment

SECTION = LampSection(button=23)


class Pushed:
    """A button on a pin that a test presses, with a clock of its own."""

    def __init__(self, *, down: bool = False) -> None:
        self.at = 0.0
        self.told: list[Sign] = []
        self.factory = MockFactory()
        self.pin = self.factory.pin(23)
        self.pin.input_with_pull("up")
        if down:
            self.pin.drive_low()
        self.looked = 0
        self.button = Button(SECTION, self.clock, self.told.append, lambda _: self.factory, looks=0.01)

    def clock(self) -> Moment:
        self.looked += 1
        return moment(self.at)

    def press(self, lasts: float) -> None:
        self.pin.drive_low()
        for _ in range(int(lasts * 4)):
            self.at += 0.25
            self.is_looked_at()
        self.pin.drive_high()

    def is_looked_at(self) -> None:
        """Twice more: so it was since the clock stood here."""
        before, deadline = self.looked, time.monotonic() + 20
        while self.looked < before + 2:
            assert time.monotonic() < deadline
            time.sleep(0.002)


def test_presses_come_through_gpiozero():
    """Short and long, one after the other."""
    pushed = Pushed()
    pushed.press(0.2)
    pushed.press(4)
    pushed.button.close()

    assert pushed.told == [Sign.TEST, Sign.ENOUGH, Sign.READ]


def test_a_press_that_never_ends_warns_and_then_acts_once():
    """Held through: the warning, then the deed, then nothing more."""
    pushed = Pushed()
    pushed.press(13)
    pushed.button.close()

    assert pushed.told == [Sign.ENOUGH, Sign.WARNING, Sign.FORGET]


def test_a_wire_that_touches_ground_at_the_start_does_nothing():
    """Until it was let go once."""
    pushed = Pushed(down=True)
    for _ in range(12):
        pushed.at += 1
        time.sleep(0.03)
    pushed.pin.drive_high()
    assert pushed.told == []

    pushed.press(0.1)
    assert pushed.told == [Sign.TEST]
    pushed.button.close()


def test_a_closed_button_tells_nothing():
    """The street is not walked any more."""
    pushed = Pushed()
    pushed.button.close()
    pushed.press(0.1)

    assert pushed.told == []
    pushed.button.close()


def test_no_pin_is_no_button_and_no_fault():
    """Most sentinels have none; the header is not even looked at."""
    asked: list[object] = []
    button = Button(LampSection(), lambda: moment(0), lambda _: None, asked.append)

    assert (button.fault, asked) == ("", [])
    button.close()


def test_a_button_that_cannot_be_had_is_one_line_and_is_tried_again(caplog: pytest.LogCaptureFixture):
    """Watching does not wait for it."""
    ways: list[Callable[[], MockFactory]] = []

    def pins(_: LampSection) -> MockFactory:
        if not ways:
            raise MissingDevice("no GPIO chip is labelled pinctrl-rp1 (there: none)")
        return ways[0]()

    told: list[Sign] = []
    with caplog.at_level(logging.WARNING):
        button = Button(SECTION, lambda: moment(0), told.append, pins)
        button.look()
    assert ("pinctrl-rp1" in button.fault, len(caplog.records)) == (True, 1)

    factory = MockFactory()
    ways.append(lambda: factory)
    button.look()
    factory.pin(23).drive_low()
    factory.pin(23).drive_high()
    assert (button.fault, told) == ("", [Sign.TEST])
    button.close()
