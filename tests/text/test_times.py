"""Times, ages and sizes read as a person would write them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sentinel.text import times

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def plain(words: str) -> str:
    """The same words with ordinary spaces."""
    return words.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("when", "french", "english"),
    [
        (datetime(2026, 11, 23, 7, 12, tzinfo=UTC), "à 8 h 12", "at 08:12"),
        (datetime(2026, 11, 22, 23, 5, tzinfo=UTC), "à 0 h 05", "at 00:05"),  # today already in Paris
        (datetime(2026, 11, 22, 7, 12, tzinfo=UTC), "hier à 8 h 12", "yesterday at 08:12"),
        (datetime(2026, 11, 20, 18, 38, tzinfo=UTC), "vendredi à 19 h 38", "on Friday at 19:38"),
        (datetime(2026, 11, 26, 8, 16, tzinfo=UTC), "jeudi à 9 h 16", "on Thursday at 09:16"),
        (
            datetime(2026, 11, 6, 7, 12, tzinfo=UTC),
            "le vendredi 6 novembre à 8 h 12",
            "on Friday 6 November at 08:12",
        ),
        (
            datetime(2025, 8, 1, 6, 12, tzinfo=UTC),
            "le vendredi 1er août 2025 à 8 h 12",
            "on Friday 1 August 2025 at 08:12",
        ),
    ],
)
def test_a_moment_in_a_sentence_is_as_near_as_it_can_be_told(when, french, english):
    """The day only where it is not today, the date only beyond a week, the year only when it is another."""
    assert plain(times.at("fr", when, NOW, PARIS)) == french
    assert times.at("en", when, NOW, PARIS) == english


def test_since_stands_without_a_preposition():
    """« depuis hier, 8 h 12 »."""
    assert plain(times.since("fr", NOW - timedelta(days=1), NOW, PARIS)) == "hier, 10 h 30"
    assert plain(times.since("fr", NOW, NOW, PARIS)) == "10 h 30"


def test_hours_never_break_at_the_end_of_a_line():
    """« 8 h 12 » holds together."""
    assert times.hour("fr", NOW, PARIS) == "10\u00a0h\u00a030"


def test_a_stamp_is_exact_to_the_second():
    """Tables tell the whole moment, in the practice's zone."""
    assert plain(times.stamp("fr", NOW, PARIS)) == "23 nov. 2026, 10:30:00"


@pytest.mark.parametrize(
    ("count", "french", "english"),
    [
        (1, "1 octet", "1 byte"),
        (999, "999 octets", "999 bytes"),
        (1_400_000, "1 400 ko", "1,400 kB"),
        (12_400_000, "12 Mo", "12 MB"),
        (3_000_000_000, "3 Go", "3 GB"),
    ],
)
def test_a_size_is_told_in_the_unit_people_use(count, french, english):
    """Always two of a unit or more, so that « sont sortis » is right."""
    assert plain(times.size("fr", count)) == french
    assert plain(times.size("en", count)) == english


@pytest.mark.parametrize(
    ("age", "french"),
    [
        (timedelta(seconds=20), "à l’instant"),
        (timedelta(minutes=5), "il y a 5 minutes"),
        (timedelta(hours=3), "il y a 3 heures"),
    ],
)
def test_an_age_is_told_to_the_minute(age, french):
    """A page that says seconds would change at every look."""
    assert plain(times.ago("fr", age)) == french
