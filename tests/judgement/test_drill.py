"""A drill walks where an alarm walks, and never in front of one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sentinel.judgement import drill
from sentinel.judgement.casebook import Casebook
from sentinel.judgement.outlook import Outlook
from sentinel.judgement.verdict import weigh
from sentinel.model.acting import Drill
from sentinel.model.declared import View
from sentinel.model.finding import Code, Finding, Grade, Level, Story, StoryKind
from sentinel.model.incident import IncidentState
from sentinel.model.passing import Read
from sentinel.model.verdict import Verdict
from tests.builders import IMAGING_MAC, STRANGER, moment, outcome

EXERCISE = Drill(who="Alice", at=moment())


def held() -> Casebook:
    """A casebook with a drill under way, and nothing else."""
    book = Casebook(started=moment(-90_000))
    book.take(drill.begun(EXERCISE))
    return book


def door(code: Code, level: Level, grade: Grade | None, seconds: float = 60) -> Finding:
    story = Story(kind=StoryKind.DOOR, about=IMAGING_MAC, port=104, family=4)
    return Finding(code=code, story=story, level=level, at=moment(seconds), grade=grade, source=STRANGER)


def calm_outlook() -> Outlook:
    began = Outlook(started=moment(-90_000), view=View.MIRROR, echo=True)
    return began.learn(outcome(at=moment(-60)))


def weighed(book: Casebook, seconds: float = 120) -> Verdict:
    return weigh(book.told(), calm_outlook(), moment(seconds))


def test_a_drill_is_an_alarm_and_the_only_reason():
    """What staff sees is what they would see."""
    verdict = weighed(held())

    assert verdict.level is Level.ALARM
    assert [each.code for each in verdict.reasons] == [Code.DRILL]


@pytest.mark.parametrize(
    ("code", "level", "grade"),
    [
        (Code.DOOR_REACHABLE, Level.ALARM, Grade.REACHABLE),
        (Code.STRANGER_CONNECTED, Level.ALARM, Grade.CONNECTED),
        (Code.VIEW_LOST, Level.UNSURE, None),
    ],
)
def test_beside_something_real_the_verdict_is_what_it_would_be_without_the_drill(code, level, grade):
    """Colour, first reason and every real one after it; the drill is a note at the end."""
    book, alone = held(), Casebook(started=moment(-90_000))
    for each in (book, alone):
        each.take(door(code, level, grade))
    with_drill, without = weighed(book), weighed(alone)

    assert with_drill.level is without.level
    assert [replace(each, incident=None) for each in with_drill.reasons[:-1]] == [
        replace(each, incident=None) for each in without.reasons
    ]
    assert (with_drill.reasons[-1].code, with_drill.reasons[-1].level) == (Code.DRILL, Level.NOTE)


def test_a_mild_thing_waits_behind_the_drill():
    """It is told below, as it would be behind an alarm."""
    book = held()
    book.take(door(Code.DOOR_ATTENTION, Level.ATTENTION, Grade.REACHABLE))

    assert [each.code for each in weighed(book).reasons] == [Code.DRILL, Code.DOOR_ATTENTION]


def test_who_reads_it_ends_it():
    """Its record stays, with the name and both times."""
    book = held()
    [number] = [each.number for each in book.told()]
    change = book.hear(Read(incident=number, who="Camille", at=moment(240)))

    assert change is not None
    assert change.chapter is not None
    ended = change.incident
    assert (ended.state, ended.read_by, ended.read, ended.closed) == (
        IncidentState.CLOSED,
        "Camille",
        moment(240),
        moment(240),
    )
    assert list(book.told()) == []
    assert weighed(book, 300).level is Level.CALM


def test_unread_it_ends_by_itself_after_half_an_hour_and_says_that_nobody_came():
    """Also where the sentinel was blind meanwhile: there is nothing to have seen."""
    book = held()
    book.take(door(Code.CAPTURE_LOST, Level.UNSURE, None, 10))
    lasts = drill.LASTS.total_seconds()

    assert list(book.beat(moment(lasts - 1))) == []
    [change] = [each for each in book.beat(moment(lasts + 1)) if each.incident.code is Code.DRILL]
    assert change.incident.state is IncidentState.CLOSED
    assert change.incident.read is None


def test_reading_a_real_alarm_does_not_end_it():
    """Only a proof does."""
    book = Casebook(started=moment(-90_000))
    book.take(door(Code.DOOR_REACHABLE, Level.ALARM, Grade.REACHABLE))
    change = book.hear(Read(incident=1, who="Camille", at=moment(240)))

    assert change is not None
    assert change.incident.state is IncidentState.OPEN


def test_next_month_s_drill_is_another_story():
    """Also one held three days later."""
    book = held()
    book.hear(Read(incident=1, who="Camille", at=moment(240)))
    later = moment(timedelta(days=3).total_seconds())
    book.take(drill.begun(Drill(who="", at=later)))

    assert [each.number for each in book.told()] == [2]
    assert next(book.told()).read is None
