"""A configuration that is written reads the same again, whatever is in it."""

import tomllib
from datetime import date, datetime, time
from string import printable

from hypothesis import given
from hypothesis import strategies as some

from sentinel.written import document, section

NAMES = some.text(alphabet=printable + "é’:\x7f", min_size=1, max_size=12)
TEXTS = some.text(alphabet=some.characters(exclude_categories=["Cs"]), max_size=40)
PLAIN = some.one_of(
    TEXTS,
    some.booleans(),
    some.integers(),
    some.floats(allow_nan=False),
    some.dates(date(1000, 1, 1)),
    some.times(),
    some.datetimes(datetime(1000, 1, 1)),  # noqa: DTZ001 - TOML has local ones
)
VALUES = PLAIN | some.lists(PLAIN, max_size=3) | some.dictionaries(NAMES, PLAIN, max_size=3)
TABLES = some.dictionaries(NAMES, VALUES, max_size=4)


@given(some.dictionaries(NAMES, PLAIN | TABLES | some.lists(TABLES, max_size=3), max_size=4))
def test_what_is_written_reads_the_same(tables):
    """Any name, any text with quotes, line ends and controls in it, any number, any time."""
    assert tomllib.loads(document(tables)) == tables


def test_a_section_is_written_as_people_write_it():
    """One key a line, names in quotes only where they need them, times bare."""
    table = {"opens": time(8, 30), "until": date(2026, 12, 1), "00:11:22:33:44:55": "Panoramique"}

    assert list(section("labels", table)) == [
        "[labels]",
        "opens = 08:30:00",
        "until = 2026-12-01",
        '"00:11:22:33:44:55" = "Panoramique"',
    ]


def test_a_series_of_sections_stays_one():
    """`[[expected]]`, each with its keys."""
    tables = {"expected": [{"port": 443}, {"port": 80}]}

    assert document(tables) == "[[expected]]\nport = 443\n[[expected]]\nport = 80\n"
