"""What is set on the page covers the file, a section at a time, and only where it can be understood."""

from datetime import time

import pytest

from sentinel import codec
from sentinel.config import Config, Language, Notices, Practice, Update
from sentinel.settings import MOST, SECTIONS, Night, Reading, covered, merged, mistakes, steps, understood

MAC = "aa:bb:cc:00:00:01"


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


def test_a_section_with_a_mistake_covers_nothing():
    """A zone this machine does not know would stop every page; the other sections hold all the same."""
    kept = {"practice": written(Practice(name="X", time_zone="Mars/Olympus")), "labels": written({MAC: "IRM"})}

    assert covered(Config(), kept) == Config(labels={MAC: "IRM"})


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_comes_back_as_it_was_kept(section):
    """Through JSON and back."""
    plain = {"labels": {"aa:bb:cc:00:00:01": "IRM"}, "steps": {"welcome": "done"}}
    value = plain.get(section) or SECTIONS[section]()

    assert understood(section, written(value)) == value


def test_a_section_with_a_mistake_is_told_and_not_kept():
    """In the same words as the file's."""
    (mistake,) = mistakes(Config(), "notices", written(Notices(practice=("not-an-address",))))

    assert "notices.practice[0]" in mistake
    assert "not-an-address" not in mistake
    assert mistakes(Config(), "capture", "{}") != []
    assert mistakes(Config(), "reading", written(Reading(months=12))) == []


def test_a_label_is_added_to_the_others_and_an_empty_one_taken_out():
    """Two people who name machines do not undo each other; the file's names stay until somebody empties them."""
    file = Config(labels={"aa:bb:cc:00:00:01": "IRM", "aa:bb:cc:00:00:02": "Accueil"})
    kept = {"labels": merged(file, {}, "labels", written({"aa:bb:cc:00:00:03": "NAS"}))}

    again = merged(file, kept, "labels", written({"aa:bb:cc:00:00:02": ""}))

    assert understood("labels", again) == {"aa:bb:cc:00:00:01": "IRM", "aa:bb:cc:00:00:03": "NAS"}


def test_the_steps_of_the_first_hour_add_up():
    """And cover nothing of the configuration."""
    kept = {"steps": merged(Config(), {}, "steps", written({"welcome": "done"}))}
    kept = {"steps": merged(Config(), kept, "steps", written({"view": "skipped"}))}

    assert steps(kept) == {"welcome": "done", "view": "skipped"}
    assert covered(Config(), kept) == Config()
    assert steps({}) == steps({"steps": "["}) == {}


@pytest.mark.parametrize(
    ("section", "value", "place"),
    [
        ("practice", Practice(contact="A" * 81), "practice.contact"),
        ("practice", Practice(opens=time(19), closes=time(8)), "practice.closes"),
        ("practice", Practice(holidays=("2026-12-24/2027-01-03",) * 41), "practice.holidays"),
        ("practice", Practice(time_zone="Mars"), "practice.time_zone"),
        ("labels", {"IRM": "the MRI"}, "labels.IRM"),
        ("labels", {"aa:bb:cc:00:00:01": "A" * 81}, "labels.aa:bb:cc:00:00:01"),
        ("labels", {f"aa:bb:cc:00:{n >> 8:02x}:{n & 255:02x}": "A" for n in range(2001)}, "labels"),
        ("notices", Notices(practice=("json://localhost",) * 6), "notices.practice"),
        ("notices", Notices(technician=("json://user:secret@" + "a" * 500,)), "notices.technician"),
        ("reading", Reading(months=13), "store.months"),
        ("reading", Reading(page_from=("here",)), "page.page_from"),
        ("reading", Reading(page_from=("10.0.0.0/8",) * 11), "reading.page_from"),
        ("reading", Reading(page_from=("0.0.0.0/0",)), "reading.page_from"),
        ("reading", Reading(page_from=("203.0.113.0/24",)), "reading.page_from"),
        ("notices", Notices(practice=("json://é",)), "notices.practice"),
        ("notices", Notices(practice=("json://a b",)), "notices.practice"),
        ("steps", {"x": "A" * 81}, "steps.x"),
        ("steps", {"<x>": "A"}, "steps.<x>"),
        ("steps", {"x" * n: "done" for n in range(1, 25)}, "steps"),
        ("nothing", {}, "no section"),
    ],
)
def test_what_a_page_sends_is_bounded(section, value, place):
    """A hole in the page must not fill the card, and no mistake repeats a password."""
    found = mistakes(Config(), section, written(value))

    assert found
    assert found[0].startswith(place)
    assert "secret" not in " ".join(found)


def test_two_thousand_machines_have_names():
    """That is the most."""
    labels = {f"aa:bb:cc:00:{n >> 8:02x}:{n & 255:02x}": "A" for n in range(MOST["labels"])}

    assert mistakes(Config(), "labels", written(labels)) == []


def test_the_page_ticks_updates_and_names_no_place_they_come_from():
    """Where from is the file's; without one a tick covers nothing."""
    file = Config(update=Update(source="https://example.org/sentinel"))
    ticked = written(Night(automatic=True, opens=time(23), closes=time(4)))

    config = covered(file, {"update": ticked})
    assert config.update == Update(source=file.update.source, automatic=True, opens=time(23), closes=time(4))
    assert covered(Config(), {"update": ticked}) == Config()
    assert covered(file, {"update": '{"source": "https://evil.example"}'}).update == file.update
    assert mistakes(Config(), "update", ticked) == [
        "update.automatic: needs update.source, from where new versions come"
    ]
