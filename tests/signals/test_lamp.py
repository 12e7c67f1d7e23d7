"""The lamp on pins: what the table says is what the pins do, orders live ten seconds, and the end is dark."""

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from sentinel.config import Lamp as LampSection
from sentinel.config import LampKind
from sentinel.errors import MissingDevice
from sentinel.model.finding import Level
from sentinel.model.moment import Moment
from sentinel.signals.lamp import AGAIN, LIVES, TICK, Lamp, Simulation
from sentinel.signals.lights import SIMULATED_PINS, switched_on
from tests.builders import moment

RGB = LampSection(kind=LampKind.PINS, pins=(5, 6, 13))
SINGLE = LampSection(kind=LampKind.PINS, pins=(5,))
COLOURS = {Level.CALM: "010", Level.ATTENTION: "110", Level.ALARM: "100", Level.UNSURE: "001"}


def on(factory: MockFactory):
    """The lights of these pins."""
    return lambda section: switched_on(section, factory)


def eventually(condition: Callable[[], object]) -> None:
    """Within ten seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(TICK / 2)


class Steps:
    """A clock that takes a step each time the lamp's own thread looks at it, and what the pins showed then."""

    def __init__(self, factory: MockFactory, pins: tuple[int, ...], step: float = TICK) -> None:
        self.seen: list[str] = []
        self._step = step
        self._factory, self._pins = factory, pins
        self._ticks = 0
        self._main = threading.current_thread()

    def __call__(self) -> Moment:
        if threading.current_thread() is not self._main:
            self.seen.append("".join(str(int(self._factory.pin(pin).state)) for pin in self._pins))
            self._ticks += 1
        return moment(self._ticks * self._step)


class Driven:
    """A lamp on mock pins."""

    def __init__(self, section: LampSection = RGB, step: float = TICK) -> None:
        self.factory = MockFactory()
        self.clock = Steps(self.factory, section.pins, step)
        self.told: list[tuple[str, bool]] = []
        self.lamp = Lamp(section, self.clock, lambda *told: self.told.append(told[:2]), on(self.factory))

    def until(self, condition: Callable[[], object], patience: float = 20) -> None:
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, self.clock.seen[-10:]
            time.sleep(0.01)

    def steps(self, number: int) -> list[str]:
        """What the pins showed in the next so many ticks."""
        begin = len(self.clock.seen)
        self.until(lambda: len(self.clock.seen) >= begin + number)
        return self.clock.seen[begin : begin + number]


def flashes(seen: list[str]) -> int:
    return sum(1 for before, after in pairwise(seen) if "1" in after and "1" not in before)


def test_the_pins_show_the_table():
    """All four lamps at once for six seconds of their clock: colour, flashes, share of light."""
    lamps = {level: Driven() for level in COLOURS}
    for level, driven in lamps.items():
        driven.lamp.show(level, moment(3))
    for driven in lamps.values():
        driven.until(lambda driven=driven: len(driven.clock.seen) >= 125)
        driven.lamp.close()
    seen = {level: driven.clock.seen[5:125] for level, driven in lamps.items()}

    for level, states in seen.items():
        assert set(states) == {COLOURS[level], "000"}, level
    lit = {level: sum(1 for state in states if "1" in state) / 120 for level, states in seen.items()}
    assert lit[Level.CALM] == pytest.approx(0.96, abs=0.03)
    assert lit[Level.ATTENTION] == pytest.approx(0.5, abs=0.02)
    assert lit[Level.ALARM] == pytest.approx(0.5, abs=0.02)
    assert lit[Level.UNSURE] == pytest.approx(0.15, abs=0.03)
    counts = {level: flashes(states) for level, states in seen.items()}
    assert counts[Level.ATTENTION] in (3, 4)
    assert counts[Level.ALARM] in (11, 12, 13)
    assert counts[Level.UNSURE] in (5, 6, 7)
    for states in seen.values():
        assert all(flashes(states[n : n + 21]) <= 3 for n in range(100))


def test_a_single_led_shows_the_rhythm():
    """Red needs no colour to be understood."""
    driven = Driven(SINGLE)
    driven.lamp.show(Level.ALARM, moment(0))
    driven.steps(3)

    assert set(driven.steps(20)) == {"0", "1"}
    driven.lamp.close()
    assert driven.factory.pin(5).state == 0


def test_a_traffic_light_shows_places_instead_of_colours():
    """Red, yellow, green from the top; not knowing is neither proof nor alarm, so it winks on the yellow."""
    driven = Driven(LampSection(kind=LampKind.TRAFFIC, pins=(5, 6, 13)))
    shown = {}
    for level in COLOURS:
        driven.lamp.show(level, moment(len(driven.clock.seen) * TICK))
        driven.steps(3)
        shown[level] = driven.steps(60)
    driven.lamp.close()

    lit = {level: set(states) - {"000"} for level, states in shown.items()}
    assert lit == {
        Level.CALM: {"001"},
        Level.ATTENTION: {"010"},
        Level.ALARM: {"100"},
        Level.UNSURE: {"010"},
    }
    assert (flashes(shown[Level.ATTENTION]), flashes(shown[Level.UNSURE])) in {(1, 2), (2, 3), (1, 3), (2, 4)}


class Broken:
    """A light that works while it is told to."""

    def __init__(self) -> None:
        self.works, self.made, self.closed = True, 0, 0
        self._value = (0, 0, 0)

    def __call__(self, _: LampSection) -> "Broken":
        if not self.works:
            raise MissingDevice("no GPIO chip is labelled pinctrl-rp1 (there: none)")
        self.made += 1
        return self

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        if not self.works:
            raise OSError(19, "No such device")
        self._value = value

    def off(self) -> None:
        self.value = (0, 0, 0)

    def close(self) -> None:
        self.closed += 1


def test_a_lamp_that_is_not_there_stops_nobody_and_is_tried_again():
    """A driver that comes late at boot: until then the sentinel watches, and says why it is dark."""
    light, began = Broken(), time.monotonic()
    light.works = False
    lamp = Lamp(RGB, lambda: moment((time.monotonic() - began) * 20), lambda *_: None, light)
    assert (lamp.health().well, "pinctrl-rp1" in lamp.health().detail) == (False, True)

    light.works = True
    eventually(lambda: lamp.health().well)

    assert (lamp.health().well, lamp.health().detail, light.made) == (True, "", 1)
    lamp.close()


def test_a_lamp_that_fails_under_way_is_let_go_and_taken_anew():
    """The chip went away and came back; meanwhile the health says so."""
    light = Broken()
    began = time.monotonic()
    lamp = Lamp(RGB, lambda: moment((time.monotonic() - began) * 20), lambda *_: None, light)
    lamp.show(Level.CALM, moment(0))
    eventually(lambda: light.value == (0, 1, 0))

    light.works = False
    lamp.show(Level.ALARM, moment((time.monotonic() - began) * 20))
    eventually(lambda: not lamp.health().well)
    assert (lamp.health().detail, light.closed) == ("No such device", 1)

    light.works = True
    eventually(lambda: lamp.health().well)
    assert (timedelta(seconds=5), light.made) == (AGAIN, 2)
    lamp.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_lamp_whose_thread_has_ended_is_not_well():
    """Whatever ended it: the page says it, and the green it left behind is put out."""

    factory = MockFactory()

    def bug(colour: str, *_: object) -> None:
        if threading.current_thread().name == "lamp" and colour == "red":
            raise ZeroDivisionError

    lamp = Lamp(RGB, lambda: moment(0.1), bug, on(factory))
    lamp.show(Level.CALM, moment(0))
    eventually(lambda: factory.pin(RGB.pins[1]).state)
    lamp.show(Level.ALARM, moment(0))
    eventually(lambda: not lamp.health().well)

    assert "thread" in lamp.health().detail
    assert [factory.pin(pin).state for pin in RGB.pins] == [0, 0, 0]
    lamp.close()


def test_without_an_order_the_lamp_is_dark():
    """Nothing is claimed before the street has spoken."""
    driven = Driven()

    assert set(driven.steps(10)) == {"000"}
    driven.lamp.close()


def test_an_order_lives_ten_seconds():
    """A street that hangs cannot leave a green lamp behind."""
    driven = Driven(step=0.5)
    driven.lamp.show(Level.CALM, moment(0))
    driven.until(lambda: len(driven.clock.seen) >= 30)

    assert timedelta(seconds=10) == LIVES
    assert "010" in driven.clock.seen[:4]
    assert set(driven.clock.seen[23:]) == {"000"}
    driven.lamp.close()


def test_an_order_from_the_future_lives_no_longer():
    """A clock that was wrong for a moment must not light the lamp for two days."""
    driven = Driven(step=1.1)
    driven.lamp.show(Level.CALM, moment(172_800))

    assert driven.steps(16)[-1] == "000"
    assert ("green", True) in driven.told
    driven.lamp.close()


def test_a_new_order_is_shown_at_the_next_tick():
    """From green to red."""
    driven = Driven()
    driven.lamp.show(Level.CALM, moment(0))
    driven.until(lambda: ("green", True) in driven.told)
    driven.lamp.show(Level.ALARM, moment(1))
    seen = driven.steps(12)

    assert seen[-1] in ("100", "000")
    assert set(seen[2:]) <= {"100", "000"}
    driven.lamp.close()


def test_closing_leaves_it_dark_and_says_so():
    """On every stop."""
    driven = Driven()
    driven.lamp.show(Level.ALARM, moment(0))
    driven.until(lambda: ("red", True) in driven.told)
    pins = [driven.factory.pin(number) for number in RGB.pins]

    driven.lamp.close()

    assert [pin.state for pin in pins] == [0, 0, 0]
    assert driven.told[-1] == ("dark", False)


def test_whoever_is_told_of_the_lamp_cannot_stop_it():
    """A file that cannot be written must not leave the last colour on the pins for ever."""
    factory = MockFactory()
    clock = Steps(factory, RGB.pins)

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    lamp = Lamp(RGB, clock, full, on(factory))
    lamp.show(Level.CALM, moment(-9.5))
    deadline = time.monotonic() + 10
    while len(clock.seen) < 20 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert "010" in clock.seen
    assert clock.seen[-1] == "000"
    lamp.close()


@pytest.mark.parametrize("pins", [(), (5,), (5, 6, 13)])
def test_the_simulated_lamp_needs_no_pins_and_heeds_none(pins):
    """`simulated` with pins from an earlier configuration."""
    factory = MockFactory()
    lamp = Lamp(LampSection(pins=pins), lambda: moment(0), lambda *_: None, on(factory))
    lamp.show(Level.ALARM, moment(0))
    time.sleep(4 * TICK)

    assert factory.pin(SIMULATED_PINS[0]).state == 1
    lamp.close()


def test_the_simulation_keeps_its_last_flashes(tmp_path: Path):
    """For the terminal, and for whoever wants to count; a reader never sees half a file."""
    shown = Simulation(tmp_path / "lamp.json")
    for n in range(40):
        shown("red", n % 2 == 0, moment(n / 4))

    told = json.loads((tmp_path / "lamp.json").read_bytes())
    assert (told["colour"], told["lit"], len(told["edges"])) == ("red", False, 16)
    assert [each.name for each in tmp_path.iterdir()] == ["lamp.json"]


def test_a_simulation_that_cannot_be_written_is_no_error(tmp_path: Path):
    """The run directory is gone: the page says that nothing is being watched."""
    Simulation(tmp_path / "nowhere" / "lamp.json")("red", True, moment())
