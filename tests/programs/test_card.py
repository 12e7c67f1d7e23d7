"""At the bench: a practice's file is refused before the drive, and laid on nothing but a sentinel's card."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from sentinel import toml
from sentinel.__main__ import main
from sentinel.card.settings import in_force
from sentinel.errors import ConfigurationError, MissingDevice, NotReadable
from sentinel.programs.card import card, outlives
from tests.card.cards import SETTINGS
from tests.card.cards import card as a_card

EXAMPLE = Path(__file__).parents[2] / "docs/examples/sentinel.toml"


@pytest.fixture
def firmware(tmp_path):
    folder = tmp_path / "FIRMWARE"
    folder.mkdir()
    (folder / "config.txt").write_text("os_prefix=a/\narm_64bit=1\n")
    return folder


def laid(file, folder=None):
    lines: list[str] = []
    card(file, folder, lines.append)
    return lines


def test_a_good_file_is_laid_as_it_is(tmp_path, firmware):
    """To the byte, whatever editor wrote it; and what matters on site is told."""
    file = tmp_path / "martin.toml"
    file.write_bytes(SETTINGS.replace("\n", "\r\n").encode("utf-16"))

    told = "\n".join(laid(file, firmware))

    assert (firmware / "sentinel.toml").read_bytes() == file.read_bytes()
    assert "code: 3141-5926" in told
    assert "to call: Sophie Martin 01 02 03 04 05" in told
    assert "1 invitation" in told
    assert "secret-word" not in told


def test_the_command_lays_the_file_on_the_card(firmware):
    """As it is typed at the bench."""
    done = CliRunner().invoke(main, ["card", str(EXAMPLE), str(firmware)])

    assert done.exit_code == 0, done.output
    assert (firmware / "sentinel.toml").read_bytes() == EXAMPLE.read_bytes()


def test_a_file_with_mistakes_is_laid_nowhere(tmp_path, firmware):
    """All of them are told at once."""
    file = tmp_path / "martin.toml"
    file.write_text("[practice]\nfax = '1'\n[page]\nlanguage = 'de'\n")

    with pytest.raises(ConfigurationError) as error:
        card(file, firmware, print)

    assert len(error.value.mistakes) == 2
    assert not (firmware / "sentinel.toml").exists()


def test_what_the_card_sets_itself_is_told_and_no_obstacle(tmp_path):
    """The port of a laptop's file."""
    file = tmp_path / "martin.toml"
    file.write_text("[page]\nport = 8080\n")

    assert "page.port" in laid(file)[0]


def test_only_a_sentinels_card_is_written(tmp_path):
    """Another stick, or the folder of the day before yesterday."""
    file = tmp_path / "martin.toml"
    file.write_text("")
    (tmp_path / "stick").mkdir()

    with pytest.raises(MissingDevice, match="FIRMWARE"):
        card(file, tmp_path / "stick", print)
    with pytest.raises(NotReadable):
        card(tmp_path / "none.toml", None, print)


def test_what_was_put_back_outlives_the_start_of_a_card(tmp_path):
    """Its root is RAM: the next start would know nothing of it. Elsewhere nothing is kept."""
    made = a_card(tmp_path / "card")
    file = tmp_path / "sentinel.toml"
    file.write_text('[practice]\nname = "Cabinet"\n')

    assert outlives(file, made)
    assert in_force(made.settings).tables["practice"]["name"] == "Cabinet"

    (made.root / "proc/cmdline").write_text("quiet\n")
    assert not outlives(file, made)


def test_the_example_is_a_good_file(firmware):
    """It is what people copy."""
    assert any("Cabinet des Tilleuls" in line for line in laid(EXAMPLE, firmware))


REMARKS = ("practice", "technician", "substitute", "pins", "button", "source")
"""What an example's line shows without setting it."""


@pytest.mark.parametrize(
    ("kind", "pins"),
    [("board", "[17, 27, 22]"), ("pins", "[17]"), ("pins", "[17, 27, 22]"), ("traffic", "[17, 27, 22]")],
)
def test_the_example_with_its_remarks_taken_for_real_is_a_good_file_too(firmware, kind, pins):
    """With each lamp it names."""
    every = re.sub(rf"^#({'|'.join(REMARKS)})", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert f'"{kind}"' in every
    every = every.replace('kind = "board"', f'kind = "{kind}"').replace("pins = [17, 27, 22]", f"pins = {pins}")
    file = firmware / "every.toml"
    file.write_text(every, encoding="utf-8")

    assert "notices: 2 addresses" in laid(file)
    held = toml.load(file)
    assert (held.lamp.kind, held.lamp.button) == (kind, 23)
    assert held.practice.substitute
    assert held.update.source.startswith("https://")


def test_the_example_calls_nobody_who_exists():
    """Numbers that the numbering plan keeps for fiction (ARCEP 2018-0881): nobody's phone rings."""
    numbers = re.findall(r'phone = "([^"]*)"', EXAMPLE.read_text(encoding="utf-8"))

    assert len(numbers) == 2
    assert all(each.startswith(("01 99 00 ", "06 39 98 ")) for each in numbers)
    assert toml.load(EXAMPLE).practice.substitute == ""


def test_the_command_is_in_the_help():
    """A technician types it."""
    done = CliRunner().invoke(main, ["--help"])

    assert "card " in done.output
    assert "boot" not in done.output
