"""The board's own LED, in a real tree of files as the kernel lays it out."""

from pathlib import Path

import pytest

from sentinel.errors import MissingDevice
from sentinel.signals.leds import BoardLed


def tree(folder: Path, *names: str, full: str = "1") -> Path:
    for name in names:
        led = folder / name
        led.mkdir()
        (led / "brightness").write_text("1\n")
        (led / "max_brightness").write_text(f"{full}\n")
        (led / "trigger").write_text("none kbd-scrolllock [mmc0] timer\n")
    return folder


def told(folder: Path, name: str) -> tuple[str, str]:
    return tuple((folder / name / each).read_text() for each in ("trigger", "brightness"))


def test_it_stops_showing_the_card_and_is_dark_at_first(tmp_path):
    """A LED that flickers by itself looks like a verdict."""
    led = BoardLed(tree(tmp_path, "ACT", "PWR"))

    assert (told(tmp_path, "ACT"), led.value) == (("none", "0"), 0)
    assert "[mmc0]" in told(tmp_path, "PWR")[0]


def test_it_is_lit_as_brightly_as_it_can_be_and_dark_when_closed(tmp_path):
    """Some are dimmed from 0 to 255, most know on and off."""
    led = BoardLed(tree(tmp_path, "ACT", full="255"))

    led.value = 1
    assert told(tmp_path, "ACT")[1] == "255"
    led.close()
    assert told(tmp_path, "ACT") == ("none", "0")


@pytest.mark.parametrize(
    ("names", "chosen"), [(("led0", "ACT"), "ACT"), (("led0", "led1"), "led0"), (("mmc0::", "ACT"), "ACT")]
)
def test_it_is_found_by_either_of_its_names(tmp_path, names, chosen):
    """Kernels before 6 counted their LEDs; none of another device is taken."""
    BoardLed(tree(tmp_path, *names))

    assert [name for name in names if told(tmp_path, name)[0] == "none"] == [chosen]


def test_a_board_without_one_is_told_what_was_looked_for(tmp_path):
    """With what is there instead."""
    with pytest.raises(MissingDevice, match=r"ACT or led0 \(in .*: PWR, mmc0::\)"):
        BoardLed(tree(tmp_path, "mmc0::", "PWR"))
    with pytest.raises(MissingDevice, match=r"none\)"):
        BoardLed(tmp_path / "nowhere")


def test_a_led_that_may_not_be_written_is_told_by_its_file(tmp_path, monkeypatch):
    """Permission, as for a user whom no rule gave the LED."""
    (tree(tmp_path, "ACT") / "ACT" / "trigger").unlink()
    (tmp_path / "ACT" / "trigger").mkdir()  # root may write everything, but no folder

    with pytest.raises(MissingDevice, match=r"ACT cannot be driven: .*trigger"):
        BoardLed(tmp_path)
