"""Which light a configuration means, and that each verdict looks like nothing else on it."""

import re
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from sentinel.config import Lamp, LampKind
from sentinel.errors import MissingDevice
from sentinel.model.finding import Level
from sentinel.signals.lights import palette, switched_on
from sentinel.signals.rhythm import is_lit
from sentinel.toml import parse

LEVELS = (Level.CALM, Level.ATTENTION, Level.ALARM, Level.UNSURE)
LAMPS = {
    "board": Lamp(kind=LampKind.BOARD),
    "led": Lamp(kind=LampKind.PINS, pins=(17,)),
    "rgb": Lamp(kind=LampKind.PINS, pins=(17, 27, 22)),
    "traffic": Lamp(kind=LampKind.TRAFFIC, pins=(17, 27, 22)),
}


@pytest.mark.parametrize("section", LAMPS.values(), ids=LAMPS.keys())
def test_no_two_verdicts_look_the_same(section):
    """By colour or place and rhythm together, over ten seconds; on one plain LED by rhythm alone."""
    worn = palette(section)

    films = {
        level: tuple(worn.of(level)[1] if is_lit(level, tick / 20) else worn.dark for tick in range(200))
        for level in LEVELS
    }

    assert len(set(films.values())) == len(LEVELS)
    assert all(set(film) > {worn.dark} for film in films.values())


@pytest.mark.parametrize("section", [LAMPS["rgb"], LAMPS["traffic"]], ids=["rgb", "traffic"])
def test_green_is_lit_for_proof_alone_and_red_for_an_alarm_alone(section):
    """Not for a wink: a glance catches one frame."""
    worn = palette(section)
    green = {level for level in LEVELS if worn.of(level)[1] == worn.of(Level.CALM)[1]}
    red = {level for level in LEVELS if worn.of(level)[1] == worn.of(Level.ALARM)[1]}

    assert (green, red) == ({Level.CALM}, {Level.ALARM})


@pytest.mark.parametrize("name", ["led", "rgb", "traffic"])
def test_every_light_takes_every_colour_of_its_palette(name):
    """On pins that are not there, in gpiozero's own way, and all of them dark at the end."""
    factory, section = MockFactory(), LAMPS[name]
    light, worn = switched_on(section, factory), palette(section)

    for level in LEVELS:
        light.value = worn.of(level)[1]
        assert light.value == worn.of(level)[1]
    light.off()

    assert [factory.pin(pin).state for pin in section.pins] == [0] * len(section.pins)
    light.close()


def test_a_board_without_a_header_says_which_chip_it_looked_for():
    """This test's machine may have chips: none of this label."""
    with pytest.raises(MissingDevice, match="labelled no-such-chip"):
        switched_on(Lamp(kind=LampKind.PINS, pins=(17,), chip="no-such-chip"))


def test_every_lamp_of_the_documentation_can_be_configured_as_it_stands_there():
    """docs/hardware.md, block by block: what is copied from it means the pins of the drawing."""
    text = (Path(__file__).resolve().parents[2] / "docs/hardware.md").read_text(encoding="utf-8")
    lamps = [parse(block).lamp for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "[lamp]" in block]

    assert [(each.kind, each.pins, each.button) for each in lamps] == [
        (LampKind.BOARD, (), 0),
        (LampKind.PINS, (17,), 0),
        (LampKind.PINS, (17, 27, 22), 0),
        (LampKind.TRAFFIC, (17, 27, 22), 0),
        (LampKind.SIMULATED, (), 23),
    ]
