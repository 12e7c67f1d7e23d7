"""The steps of the first hour: kept as words, read back, and never finished by halves."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sentinel.text import say
from web.steps import ALL, HOUR, NAMES, Ended, following, hour, is_offered, noted

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def test_the_steps_take_an_hour():
    """As the technician was promised."""
    assert sum(step.minutes for step in HOUR) == 60


def test_how_a_step_ended_comes_back_as_it_was_kept():
    """With whoever said so, and the minute; who may be empty."""
    kept = {"welcome": noted(Ended.DONE, AT, "Anne Marie"), "view": noted(Ended.SKIPPED, AT, "")}

    welcome, practice, view, *_ = hour(kept)

    assert (welcome.ended, welcome.at, welcome.who) == (Ended.DONE, AT, "Anne Marie")
    assert practice.ended is None
    assert (view.ended, view.who) == (Ended.SKIPPED, "")


@pytest.mark.parametrize("kept", ["", "done", "done yesterday Anne", "finished 2026-11-23T09:30Z", "é" * 80])
def test_what_cannot_be_read_is_still_to_do(kept):
    """Unknown is never done."""
    assert following({"welcome": kept}) == "welcome"


def test_a_first_hour_is_offered_until_it_ends_or_is_put_off():
    """A skipped step counts as ended, a later one does not finish an earlier one."""
    kept = dict.fromkeys(NAMES[1:], noted(Ended.DONE, AT, "Anne"))
    assert following(kept) == NAMES[0]
    assert is_offered(kept)
    assert not is_offered({**kept, ALL: noted(Ended.SKIPPED, AT, "Anne")})

    kept[NAMES[0]] = noted(Ended.SKIPPED, AT, "Anne")

    assert following(kept) == ""
    assert not is_offered(kept)


@pytest.mark.parametrize(
    ("page", "language"), [("docs/first-hour.md", "en"), ("README.fr.md", "fr")], ids=["technician", "practice"]
)
def test_what_people_read_beforehand_names_the_same_steps(page, language):
    """In the screen's own words and order, with its minutes: an hour in both."""
    text = (ROOT / page).read_text(encoding="utf-8").replace("\u00a0", " ")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    names = [say(language, f"first.step.{step.name}") for step in HOUR]

    told = [row for row in rows if any(name in row.split("|", 3)[1] + row.split("|", 3)[2] for name in names)]

    assert [name for name, row in zip(names, told, strict=True) if name not in row] == []
    if language == "fr":
        assert [int(row.split("|")[2].split()[0]) for row in told] == [step.minutes for step in HOUR]
    else:
        spans = [row.split("|")[1].strip().split("–") for row in told]
        assert [int(end) - int(begin) for begin, end in spans] == [step.minutes for step in HOUR]


@pytest.mark.parametrize(
    ("page", "language", "word"),
    [("docs/first-hour.md", "en", "password"), ("README.fr.md", "fr", "mot de passe")],
    ids=["technician", "practice"],
)
def test_the_password_is_chosen_in_the_step_whose_screen_asks_for_it(page, language, word):
    """And in no other: who holds the sheet beside the screen finds the same on both."""
    text = (ROOT / page).read_text(encoding="utf-8").replace("\u00a0", " ")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    screens = {step.name: (ROOT / f"web/templates/steps/{step.name}.html").read_text() for step in HOUR}

    told = {name for name in screens for row in rows if say(language, f"first.step.{name}") in row and word in row}

    assert told == {name for name, screen in screens.items() if "first.welcome.password" in screen} != set()
