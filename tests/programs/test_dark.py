"""The lamp is out when nobody drives it: pins and the board's LED, and what is not there is no mistake."""

import subprocess
import sys
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from sentinel.config import Lamp, LampKind
from sentinel.errors import MissingDevice
from sentinel.programs.dark import dark
from sentinel.signals import driven
from sentinel.signals.leds import BoardLed
from sentinel.signals.lights import Light, switched_on

PINS = (17, 27, 22)


class Board:
    """Pins that a killed `watch` left lit, and a LED that flickers with the card."""

    def __init__(self, folder: Path) -> None:
        self.led = folder / "ACT"
        self.led.mkdir()
        for name, content in (("brightness", "255"), ("max_brightness", "255"), ("trigger", "none [mmc0]")):
            (self.led / name).write_text(content)
        self.factory = MockFactory()
        for number in PINS:
            self.factory.pin(number).output_with_state(True)

    def light(self, section: Lamp) -> Light:
        """As the real ones are switched on."""
        if section.kind is LampKind.BOARD:
            return BoardLed(self.led.parent)
        return switched_on(section, self.factory)

    @property
    def lit(self) -> list[int]:
        return [number for number in PINS if self.factory.pin(number).state]

    @property
    def flickers(self) -> bool:
        return ((self.led / "trigger").read_text(), (self.led / "brightness").read_text()) != ("none", "0")


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.toml"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Of a `watch` that has not run, unless a test writes it."""
    return tmp_path / "driven.json"


@pytest.mark.parametrize(
    ("lamp", "left"),
    [
        ('kind = "pins"\npins = [17, 27, 22]', []),
        ('kind = "traffic"\npins = [17, 27, 22]', []),
        ('kind = "pins"\npins = [27]', [17, 22]),
        ('kind = "board"', [17, 27, 22]),
    ],
)
def test_the_lamp_of_the_configuration_is_out_and_the_boards_led_with_it(board, file, record, lamp, left):
    """Other pins are somebody else's."""
    file.write_text(f"[lamp]\n{lamp}\n")
    assert (board.lit, board.flickers) == ([17, 27, 22], True)

    assert dark(file, record, print, board.light) == 0

    assert (board.lit, board.flickers) == (left, False)


EDITED = ('[lamp]\nkind = "pins"\npins = [27]\n', '[lamp]\nkind = "board"\n', '[lamp]\nkind = "simulated"\n')


@pytest.mark.parametrize("content", [None, "[lamp\n", '[lamp]\nkind = "candle"\n', *EDITED])
def test_what_watch_drove_is_out_whatever_became_of_the_file(board, file, record, content):
    """Edited or broken while `watch` ran, and then it was killed: no green may stay."""
    driven.note(record, Lamp(kind=LampKind.TRAFFIC, pins=PINS))
    if content is not None:
        file.write_text(content)

    assert dark(file, record, print, board.light) == 0
    assert (board.lit, board.flickers) == ([], False)


def test_a_lamp_that_was_written_anew_is_out_as_well(board, file, record):
    """What was driven, and what is going to be."""
    driven.note(record, Lamp(kind=LampKind.PINS, pins=(22,)))
    file.write_text('[lamp]\nkind = "pins"\npins = [17]\n')

    assert dark(file, record, print, board.light) == 0
    assert board.lit == [27]


def test_a_record_that_cannot_be_read_is_told_and_the_file_is_heeded(board, file, record):
    """No unit fails for it."""
    record.write_text('{"kind":"candle"}')
    file.write_text('[lamp]\nkind = "pins"\npins = [17, 27, 22]\n')
    told: list[str] = []

    assert dark(file, record, told.append, board.light) == 0
    assert ([str(record) in each for each in told], board.lit, board.flickers) == ([True], [], False)


@pytest.mark.parametrize("content", [None, "[lamp\n", '[lamp]\nkind = "candle"\n'])
def test_without_record_and_configuration_the_board_is_dark(board, file, record, content):
    """Early at boot a card may not have laid it yet, and nothing was driven."""
    if content is not None:
        file.write_text(content)

    assert dark(file, record, print, board.light) == 0
    assert not board.flickers


def test_a_laptop_is_left_alone(board, file, record):
    """Its lamp is in the terminal."""
    file.write_text('[lamp]\nkind = "simulated"\n')
    driven.note(record, Lamp())

    assert dark(file, record, print, board.light) == 0
    assert (board.lit, board.flickers) == ([17, 27, 22], True)


def test_what_is_not_there_is_told_and_the_rest_is_put_out(board, file, record):
    """A chip whose driver comes late does not keep the LED alight, and no unit fails."""
    file.write_text('[lamp]\nkind = "pins"\npins = [17]\n')
    told: list[str] = []

    def light(section: Lamp) -> Light:
        if section.kind is LampKind.PINS:
            raise MissingDevice("no GPIO chip is labelled pinctrl-bcm2835 (there: none)")
        return board.light(section)

    assert dark(file, record, told.append, light) == 0
    assert told == ["pins: no GPIO chip is labelled pinctrl-bcm2835 (there: none)"]
    assert not board.flickers


def test_the_program_ends_well_on_a_machine_without_pins_or_led(file):
    """Its unit is not failed, whatever board this is."""
    file.write_text('[lamp]\nkind = "pins"\npins = [17]\nchip = "no-such-chip"\n')
    done = subprocess.run(
        [sys.executable, "-m", "sentinel", "--config", str(file), "--run", str(file.parent), "dark"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "no-such-chip" in done.stdout
