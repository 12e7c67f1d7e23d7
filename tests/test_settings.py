"""What is set on the page covers the file, a section at a time, and only where it can be understood."""

import pytest

from sentinel import codec
from sentinel.config import Config, Language, Notices, Practice
from sentinel.settings import SECTIONS, Reading, covered, mistakes, understood


def written(value: object) -> str:
    """A section as it is kept."""
    return codec.encode(value).decode()


def test_a_section_of_the_page_covers_the_files_whole_section():
    """Otherwise nobody could take a substitute out again."""
    file = Config(practice=Practice(name="Cabinet Rivage", substitute="Luc"))

    config = covered(file, {"practice": written(Practice(name="Cabinet du Port"))})

    assert (config.practice.name, config.practice.substitute) == ("Cabinet du Port", "")
    assert config.capture == file.capture


def test_language_readers_and_months_are_set_together():
    """They lie in two sections of the file."""
    kept = written(Reading(language=Language.EN, page_from=("10.8.0.0/24",), months=12))

    config = covered(Config(), {"reading": kept})

    assert (config.page.language, config.page.page_from, config.store.months) == (
        Language.EN,
        ("10.8.0.0/24",),
        12,
    )
    assert config.page.port == Config().page.port


@pytest.mark.parametrize("value", ["", "{", '{"name": 5}', "[]"])
def test_what_cannot_be_understood_covers_nothing(value):
    """A row of another release must not blank the contact."""
    file = Config(practice=Practice(contact="Sophie"))

    assert covered(file, {"practice": value, "capture": "{}"}) == file


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_comes_back_as_it_was_kept(section):
    """Through JSON and back."""
    value = {"aa:bb:cc:00:00:01": "IRM"} if section == "labels" else SECTIONS[section]()

    assert understood(section, written(value)) == value


def test_a_section_with_a_mistake_is_told_and_not_kept():
    """In the same words as the file's."""
    (mistake,) = mistakes(Config(), "notices", written(Notices(practice=("not an address",))))

    assert "notices.practice[0]" in mistake
    assert "not an address" not in mistake
    assert mistakes(Config(), "capture", "{}") != []
    assert mistakes(Config(), "reading", written(Reading(months=12))) == []
