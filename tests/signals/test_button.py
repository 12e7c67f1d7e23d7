"""The button on gpiozero's mock pins: real presses through its own threads, on a clock that runs as it is told."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from gpiod.line import Value
from gpiozero.pins.mock import MockFactory

from sentinel.config import Lamp as LampSection
from sentinel.errors import MissingDevice
from sentinel.model.moment import Moment
from sentinel.signals.button import Button
from sentinel.signals.pins import HeaderFactory
from sentinel.signals.press import Pressed, Sign
from tests.builders import moment
from tests.signals.test_pins import Chip, eventually

SECTION = LampSection(button=23)


class Pushed:
    """A button on a pin that a test presses, with a clock of its own."""

    def __init__(self, *, down: bool = False) -> None:
        self.at = 0.0
        self.pressed: list[Pressed] = []
        self.factory = MockFactory()
        self.pin = self.factory.pin(23)
        self.pin.input_with_pull("up")
        if down:
            self.pin.drive_low()
        self.looked = 0
        self.button = Button(SECTION, self.clock, self.pressed.append, lambda _: self.factory, looks=0.01)

    @property
    def told(self) -> list[Sign]:
        return [each.sign for each in self.pressed]

    def clock(self) -> Moment:
        self.looked += 1
        return moment(self.at)

    def press(self, lasts: float) -> None:
        self.hold(lasts)
        self.pin.drive_high()

    def hold(self, lasts: float) -> None:
        self.pin.drive_low()
        for _ in range(int(lasts * 4)):
            self.at += 0.25
            self.is_looked_at()

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
    read = pushed.pressed[-1]
    assert (read.down, read.at) == (moment(0), moment(4))  # when it began travels with it


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


def test_a_wire_that_trembles_reads_nothing_and_is_one_line(caplog: pytest.LogCaptureFixture):
    """It is down for four seconds by chance, again and again; still for a while it is a button as before."""
    pushed = Pushed()
    with caplog.at_level(logging.INFO):
        for _ in range(8):
            pushed.press(0.2)
            pushed.at += 0.3
        for _ in range(3):
            pushed.press(4)
            pushed.at += 0.3
        assert Sign.READ not in pushed.told
        assert [each.levelname for each in caplog.records] == ["WARNING"]

        pushed.at += 10
        pushed.press(4)
    pushed.button.close()

    assert pushed.told[-1] is Sign.READ
    assert [each.levelname for each in caplog.records] == ["WARNING", "INFO"]


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

    told: list[Pressed] = []
    with caplog.at_level(logging.WARNING):
        button = Button(SECTION, lambda: moment(0), told.append, pins)
        button.look()
    assert ("pinctrl-rp1" in button.fault, len(caplog.records)) == (True, 1)

    factory = MockFactory()
    ways.append(lambda: factory)
    button.look()
    factory.pin(23).drive_low()
    factory.pin(23).drive_high()
    assert (button.fault, [each.sign for each in told]) == ("", [Sign.TEST])
    button.close()


class Slowly(timedelta):
    """A time of which something is subtracted while somebody else has his turn."""

    meanwhile: Callable[[], object]

    def __sub__(self, other: timedelta) -> timedelta:
        self.meanwhile()
        return timedelta(seconds=self.total_seconds()) - other


def test_a_finger_that_lifts_at_the_last_instant_has_one_outcome():
    """gpiozero tells of it from two threads at once: either forgotten or called off, never both."""
    told: list[Pressed] = []
    times = [moment(0), moment(0), moment(6)]
    button = Button(LampSection(), lambda: times.pop(0), told.append)
    button._down()
    button._still()
    lifts = Thread(target=button._up)
    last = Slowly(seconds=moment(10).boot.total_seconds())
    last.meanwhile = lambda: (lifts.start(), lifts.join(0.3))
    times += [Moment(wall=moment(10).wall, boot=last), moment(10)]

    button._still()
    lifts.join()

    assert [each.sign for each in told] == [Sign.WARNING, Sign.FORGET]


def test_whatever_comes_of_a_press_the_next_one_is_heard(caplog: pytest.LogCaptureFixture):
    """The thread that tells of it is the button's only ear."""
    told: list[Pressed] = []

    def tell(pressed: Pressed) -> None:
        told.append(pressed)
        raise KeyError("who.button")

    factory = MockFactory()
    button = Button(SECTION, lambda: moment(0), tell, lambda _: factory)
    for _ in range(2):
        factory.pin(23).drive_low()
        factory.pin(23).drive_high()
    button.close()

    assert [each.sign for each in told] == [Sign.TEST] * 2
    assert caplog.text.count("a press could not be heeded") == 2


def test_a_button_whose_line_is_not_listened_to_any_more_is_taken_anew(caplog: pytest.LogCaptureFixture):
    """The kernel gave its line up once: the next look has it again, and what was held then means nothing."""
    chip = Chip()
    chip.levels[23] = Value.ACTIVE
    told: list[Pressed] = []
    button = Button(SECTION, lambda: moment(0), told.append, lambda _: HeaderFactory(opened=lambda: chip))
    chip.press(23, down=True)
    chip.break_off(23)
    broken = chip.held[23]
    eventually(lambda: "not listened to any more" in caplog.text)
    eventually(lambda: (button.look(), chip.held[23] is not broken)[1])
    chip.press(23, down=False)
    assert told == []

    for down in (True, False):
        chip.press(23, down=down)
        eventually(lambda: not chip.held[23].edges and not chip.held[23].ready.is_set())
    eventually(lambda: [each.sign for each in told] == [Sign.TEST])
    assert button.fault == ""
    button.close()
    assert chip.held == {}
