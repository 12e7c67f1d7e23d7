"""What checks said of one door, told in as few lines as there were changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sentinel.model.exposure import Answer, Application, CellVerdict, Kind
from sentinel.store.listed import Cell
from web.sightings import seen, sightings

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CELL = Cell(
    address="25.0.0.2",
    port=11112,
    reach="open",
    why="synack",
    verdict="exposed",
    at=NOW,
    machine=None,
    mac=None,
    inside_port=None,
    echo="ONE",
    family=4,
    check="c",
    app=None,
)


def cells(*verdicts: str, echo: str = "ONE") -> list[Cell]:
    """Newest first, an hour apart."""
    return [
        replace(CELL, verdict=each, at=NOW - timedelta(hours=place), echo=echo)
        for place, each in enumerate(verdicts)
    ]


def test_the_same_word_again_is_the_same_line():
    """With every time it was said, newest first."""
    found = sightings(cells("not_seen", "exposed", "exposed", "exposed", "not_seen"))

    assert [(each.verdict, len(each.times)) for each in found] == [
        ("not_seen", 1),
        ("exposed", 3),
        ("not_seen", 1),
    ]
    assert found[1].times == tuple(NOW - timedelta(hours=each) for each in (1, 2, 3))


def test_another_echo_between_does_not_break_a_line():
    """Each tells its own story."""
    mixed = sorted(
        [*cells("exposed", "exposed"), *cells("not_seen", echo="TWO")], key=lambda each: -each.at.timestamp()
    )
    found = sightings(mixed)

    assert sorted((each.echo, each.verdict, len(each.times)) for each in found) == [
        ("ONE", "exposed", 2),
        ("TWO", "not_seen", 1),
    ]


def test_what_answered_is_told_though_it_was_asked_but_once():
    """A service is not asked again who it is."""
    app = Application(kind=Kind.DICOM, answer=Answer.ACCEPTED)
    first, second = cells("exposed", "exposed")

    assert sightings([first, replace(second, app=app)])[0].app == app


@pytest.mark.parametrize("verdict", CellVerdict)
def test_every_verdict_is_open_shut_or_doubt(verdict):
    """Only what was proved shut is shut."""
    shut = {CellVerdict.NOT_SEEN, CellVerdict.NOT_OURS}
    doubt = {CellVerdict.UNKNOWN, CellVerdict.CONTRADICTED, CellVerdict.DORMANT}

    assert seen(verdict.value) == ("shut" if verdict in shut else "doubt" if verdict in doubt else "open")
    assert seen("a word of a later version") == "doubt"
