"""`sentinel paper wall-card`, and the cards of docs/wall-card that everybody can print."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sentinel.__main__ import main
from sentinel.evidence.wallcard import as_pdf, as_svg
from sentinel.model.finding import Level
from sentinel.programs.wallcard import card, lit
from sentinel.text import say
from tests.evidence.cases import words

DOCS = Path(__file__).resolve().parents[2] / "docs/wall-card"


@pytest.mark.parametrize(("language", "name"), [("fr", "carte-murale"), ("en", "wall-card")])
def test_the_cards_of_the_documentation_are_the_ones_that_are_drawn(language, name):
    """Change a word or a rhythm, and print them anew: sentinel paper wall-card docs/wall-card --language fr."""
    assert (DOCS / f"{name}.svg").read_text(encoding="utf-8") == as_svg(card(language))
    assert (DOCS / f"{name}.pdf").read_bytes() == as_pdf(card(language))


@pytest.mark.parametrize("contact", ["", "Camille Martin"])
@pytest.mark.parametrize(("language", "told"), [("fr", "On vous dira"), ("en", "You will be told")])
def test_who_is_called_says_which_cable_for_the_page_hides_it_from_passers_by(language, told, contact):
    """Without the password the page names no machine, and a card that sends people there costs minutes."""
    alarm = say(language, "wallcard.alarm.gesture")

    assert told in alarm
    assert "page" not in alarm
    assert alarm in as_svg(card(language, contact))


def test_the_rhythms_are_those_of_the_pins():
    """Two slow lights and half of a third in five seconds, ten fast ones, six winks, one dip."""
    assert {level: len(lit(level)) for level in (Level.CALM, Level.ATTENTION, Level.ALARM, Level.UNSURE)} == {
        Level.CALM: 1,
        Level.ATTENTION: 3,
        Level.ALARM: 10,
        Level.UNSURE: 6,
    }
    assert lit(Level.CALM) == [(0.0, 0.96)]


def run(folder: Path, *words: str, settings: str = ""):
    (folder / "sentinel.toml").write_text(settings, encoding="utf-8")
    base = ["--config", str(folder / "sentinel.toml"), "--dir", str(folder / "var")]
    return CliRunner().invoke(main, [*base, "paper", "wall-card", *words])


def test_the_practices_own_card_names_its_contact(tmp_path):
    """From the file; without a store, and without a sentinel that runs."""
    practice = '[practice]\ncontact = "Camille Martin"\nphone = "06 12 34 56 78"\n'
    done = run(tmp_path, str(tmp_path), settings=practice)

    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [str(tmp_path / f"carte-murale.{each}") for each in ("svg", "pdf")]
    assert "Camille Martin" in words((tmp_path / "carte-murale.pdf").read_bytes())
    assert "Camille Martin" in (tmp_path / "carte-murale.svg").read_text(encoding="utf-8")


def test_it_is_made_in_the_language_that_is_asked_for(tmp_path):
    """Whatever the page speaks."""
    done = run(tmp_path, str(tmp_path), "--language", "en")

    assert (done.exit_code, (tmp_path / "wall-card.pdf").exists()) == (0, True)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    """No traceback."""
    done = run(tmp_path, str(tmp_path / "nowhere"))

    assert done.exit_code == 65
    assert "cannot be written" in done.output
