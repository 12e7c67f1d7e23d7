"""The header's pins, as far as a machine without any can tell; tests/image drives real lines in a guest.

The chip here keeps what the kernel would: which line is held, with what settings, and what was put on it.
"""

import re
import threading
import time
from pathlib import Path
from xml.etree import ElementTree

import gpiod
import pytest
from gpiod.line import Bias, Direction, Edge, Value
from gpiozero import LED, Button, GPIOPinInUse, PinFixedPull, PinInvalidFunction, PinInvalidPin, PinSetInput

from sentinel.errors import MissingDevice
from sentinel.signals.pins import DENIED, FORTY_PINS, LABELS, HeaderFactory, chips, chosen


class Line:
    """One line that somebody holds."""

    def __init__(self, chip: "Chip", number: int, settings: gpiod.LineSettings) -> None:
        self.chip, self.number, self.settings = chip, number, settings
        chip.held[number] = self
        if settings.direction is Direction.OUTPUT:
            chip.levels[number] = settings.output_value
        self.edges: list[object] = []
        self.ready = threading.Event()
        self.broken = False

    def get_value(self, number: int) -> Value:
        return self.chip.levels.get(number, Value.INACTIVE)

    def set_value(self, number: int, value: Value) -> None:
        assert self.settings.direction is Direction.OUTPUT
        self.chip.levels[number] = value

    def release(self) -> None:
        if self.chip.held.get(self.number) is self:
            del self.chip.held[self.number]

    def wait_edge_events(self, timeout: float) -> bool:
        return self.ready.wait(timeout)

    def read_edge_events(self) -> list[object]:
        self.ready.clear()
        if self.broken:
            raise OSError(19, "No such device")
        taken, self.edges = self.edges, []
        return taken


class Edged:
    """An edge, as libgpiod tells it."""

    Type = gpiod.EdgeEvent.Type

    def __init__(self, *, rose: bool) -> None:
        self.event_type = self.Type.RISING_EDGE if rose else self.Type.FALLING_EDGE
        self.timestamp_ns = time.monotonic_ns()


class Chip:
    """One chip: a line is one holder's, and keeps its level when it is let go."""

    def __init__(self) -> None:
        self.held: dict[int, Line] = {}
        self.levels: dict[int, Value] = {}
        self.opened = 0

    def __enter__(self) -> "Chip":
        self.opened += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.opened -= 1

    def request_lines(self, config: dict[int, gpiod.LineSettings], consumer: str) -> Line:
        ((number, settings),) = config.items()
        assert consumer == "cabinet-sentinel"
        if number in self.held:
            raise OSError(16, "Device or resource busy")
        return Line(self, number, settings)

    def press(self, number: int, *, down: bool) -> None:
        """Somebody closes the line to ground, or lets it go."""
        self.levels[number] = Value.INACTIVE if down else Value.ACTIVE
        line = self.held[number]
        line.edges.append(Edged(rose=not down))
        line.ready.set()

    def break_off(self, number: int) -> None:
        """The kernel's error at the next look for edges."""
        self.held[number].broken = True
        self.held[number].ready.set()


@pytest.fixture
def chip():
    return Chip()


@pytest.fixture
def factory(chip):
    made = HeaderFactory(opened=lambda: chip)
    yield made
    made.close()


PI5 = [
    (Path("/dev/gpiochip10"), "gpio-brcmstb@107d508500"),
    (Path("/dev/gpiochip11"), "gpio-brcmstb@107d517c00"),
    (Path("/dev/gpiochip13"), "pinctrl-rp1"),
]
PI4 = [(Path("/dev/gpiochip0"), "pinctrl-bcm2711"), (Path("/dev/gpiochip1"), "raspberrypi-exp-gpio")]
PI3 = [(Path("/dev/gpiochip1"), "raspberrypi-exp-gpio"), (Path("/dev/gpiochip0"), "pinctrl-bcm2835")]


@pytest.mark.parametrize(("there", "device"), [(PI5, 13), (PI5[::-1], 13), (PI4, 0), (PI3, 0)])
def test_the_header_is_found_by_its_label_whatever_its_number(there, device):
    """A Pi 5 has had it as chip 4, 0 and 13, one kernel after the other."""
    assert chosen(there) == Path(f"/dev/gpiochip{device}")


def test_a_chip_that_is_named_is_the_one_that_is_taken():
    """Even where the board's header is there too."""
    there = [*PI4, (Path("/dev/gpiochip2"), "gpio-sim.0-node0")]

    assert chosen(there, "gpio-sim.0-node0") == Path("/dev/gpiochip2")
    with pytest.raises(MissingDevice, match=r"labelled header \(there: pinctrl-bcm2711, raspberrypi-exp-gpio, "):
        chosen(there, "header")


def test_a_machine_without_any_is_told_what_was_looked_for():
    """Every label of a Raspberry Pi by name."""
    with pytest.raises(MissingDevice) as told:
        chosen([])

    assert all(label in str(told.value) for label in LABELS)
    assert "there: none" in str(told.value)
    with pytest.raises(MissingDevice, match="group gpio"):
        chosen([(Path("/dev/gpiochip0"), DENIED)])


def test_a_file_that_only_looks_like_a_chip_is_none(tmp_path):
    """Nor is a second name for one, as /dev/gpiochip4 on a Pi 5."""
    (tmp_path / "gpiochip0").write_text("")
    (tmp_path / "gpiochip4").symlink_to("gpiochip0")

    assert list(chips(tmp_path)) == []


def test_a_led_is_low_when_it_is_taken_and_when_it_is_let_go(chip, factory):
    """A line keeps its last level: left high it would be a lamp that is green for ever."""
    led = LED(17, pin_factory=factory)
    led.on()
    assert (chip.levels[17], chip.held[17].settings.direction) == (Value.ACTIVE, Direction.OUTPUT)

    led.close()
    assert (chip.levels[17], chip.held, chip.opened) == (Value.INACTIVE, {}, 0)


def test_a_closed_pin_can_be_taken_again(factory, chip):
    """After a fault the lamp is."""
    for _ in range(3):
        led = LED(17, pin_factory=factory)
        led.on()
        assert (led.value, chip.levels[17]) == (1, Value.ACTIVE)
        led.close()


def test_closing_the_factory_leaves_every_line_low(chip):
    """Whoever forgot to."""
    factory = HeaderFactory(opened=lambda: chip)
    leds = [LED(pin, pin_factory=factory) for pin in (17, 27, 22)]
    for led in leds:
        led.on()
    factory.close()

    assert ({*chip.levels.values()}, chip.held) == ({Value.INACTIVE}, {})


def test_a_line_that_is_somebody_elses_is_the_kernels_error(chip, factory):
    """It passes through, and the lamp says it."""
    chip.request_lines({17: gpiod.LineSettings()}, "cabinet-sentinel")

    with pytest.raises(OSError, match="busy"):
        LED(17, pin_factory=factory)


def test_two_of_ours_cannot_share_a_pin(factory):
    """gpiozero's own reservation."""
    led = LED(17, pin_factory=factory)

    with pytest.raises(GPIOPinInUse):
        LED(17, pin_factory=factory)
    led.close()


def test_a_button_is_pulled_up_debounced_by_the_kernel_and_heard(chip, factory):
    """Down and up again, in gpiozero's own words; nothing is heard after it was closed."""
    chip.levels[23] = Value.ACTIVE
    heard: list[str] = []
    button = Button(23, bounce_time=0.05, pin_factory=factory)
    down, up = lambda: heard.append("down"), lambda: heard.append("up")
    button.when_pressed, button.when_released = down, up
    settings = chip.held[23].settings
    assert (settings.direction, settings.bias) == (Direction.INPUT, Bias.PULL_UP)
    assert (settings.edge_detection, settings.debounce_period.total_seconds()) == (Edge.BOTH, 0.05)
    assert not button.is_pressed

    for n, is_down in enumerate((True, False, True)):
        chip.press(23, down=is_down)
        eventually(lambda n=n: len(heard) == n + 1)
    assert (heard, button.is_pressed) == (["down", "up", "down"], True)

    button.close()
    assert chip.held == {}
    assert not [each for each in threading.enumerate() if "_listen" in each.name]


def eventually(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_a_pin_cannot_do_is_gpiozeros_error(factory):
    """Its errors are what its devices expect."""
    pin = factory.pin(17)
    with pytest.raises(PinSetInput):
        pin.state = 1
    with pytest.raises(PinInvalidFunction):
        pin.function = "spi"
    pin.function = "output"
    with pytest.raises(PinFixedPull):
        pin.pull = "up"
    with pytest.raises(PinInvalidPin):
        factory.pin(40)
    pin.close()


def test_a_pin_with_a_resistor_on_the_board_keeps_its_pull(factory):
    """GPIO 2 and 3 are pulled up for the I²C bus."""
    with pytest.raises(PinFixedPull):
        factory.pin(2).pull = "down"
    factory.pin(2).pull = "up"


def test_the_header_is_the_one_with_forty_pins(factory):
    """BCM 17, 27, 22 and 23 where the drawing has them."""
    (header,) = (each for name, each in factory.board_info.headers.items() if name == "J8")
    places = {pin.name: number for number, pin in header.pins.items()}

    assert (FORTY_PINS, len(header.pins)) == (0xA020D3, 40)
    assert [places[f"GPIO{bcm}"] for bcm in (17, 27, 22, 23)] == [11, 13, 15, 16]


def test_the_wiring_drawing_has_every_pin_where_the_header_has_it(factory):
    """Each label by its place and its BCM number; what is called ground is ground on every board."""
    drawing = ElementTree.parse(Path(__file__).resolve().parents[2] / "docs/hardware/wiring.svg")
    labels = [each for each in drawing.iter("{http://www.w3.org/2000/svg}g") if each.get("data-pin")]
    header = factory.board_info.headers["J8"].pins

    said = set()
    for label in labels:
        place, bcm = int(label.get("data-pin")), label.get("data-bcm")
        assert header[place].name == ("GND" if bcm == "GND" else f"GPIO{bcm}")
        assert label[-1].text == f"{place} · {'GND' if bcm == 'GND' else f'GPIO {bcm}'}"
        said.add((place, bcm))
    assert said == {(9, "GND"), (11, "17"), (13, "27"), (14, "GND"), (15, "22"), (16, "23")}
    assert [header[place].name for place in (2, 4)] == ["5V", "5V"]


def test_no_pin_of_the_drawing_is_pulled_up_before_anybody_drives_it():
    """GPIO 0 to 8 are, at power-on (BCM2835 ARM Peripherals, table 6-31): a LED there would glow at each boot."""
    root = Path(__file__).resolve().parents[2]
    drawing = (root / "docs/hardware/wiring.svg").read_text(encoding="utf-8")

    assert all(int(bcm) > 8 for bcm in re.findall(r'data-bcm="(\d+)"', drawing))
