"""The 72 hours: from which moment they are counted, and for which alarms they run."""

from dataclasses import replace

import pytest
from spoken import AUDIENCE, at_door, deadline, incident, known, moment, reason, verdict

from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.incident import Incident
from sentinel.model.verdict import Reason
from sentinel.text.points import record
from sentinel.text.sentences import verdict_words

REACHABLE = Code.DOOR_REACHABLE


def told(story: Incident, *reasons: Reason, view: View = View.MIRROR) -> str:
    said = verdict(*(reasons or (at_door(story.code),)), view=view)
    return deadline(verdict_words(said, AUDIENCE, known(story)))


def test_they_are_counted_from_the_moment_the_alarm_was_shown():
    """Neither from the first knock nor from the line of the timeline; the careful reading says so itself."""
    said = told(incident(shown=moment(1.5)))

    assert said.startswith(
        "Par prudence, le délai de 72 heures est compté depuis l’affichage de l’alerte, à 9 h 00."
    )
    assert "Échéance : jeudi à 9 h 00, week-end compris." in said


def test_a_store_of_an_older_release_has_only_the_timeline():
    """Two hours ago it became an alarm."""
    assert "l’alerte, à 8 h 30." in told(incident())


@pytest.mark.parametrize(
    ("story", "view", "runs"),
    [
        (incident(code=REACHABLE), View.MIRROR, False),  # a weakness: close it now
        (incident(code=REACHABLE), View.LIMITED, True),  # somebody may have come unseen
        (incident(code=REACHABLE, asks_nobody=True), View.MIRROR, True),  # it serves whoever asks
        (incident(code=Code.STRANGER_CONNECTED), View.MIRROR, True),
        (incident(code=Code.IMAGES_LEFT), View.MIRROR, True),
    ],
)
def test_they_run_where_images_may_have_been_read(story, view, runs):
    """Domain.md 2.1: somebody came; or the service answers anybody; or nobody could have seen it."""
    assert bool(told(story, view=view)) is runs


@pytest.mark.parametrize(
    "quiet",
    [at_door(Code.ALARM_READ, Level.ATTENTION), at_door(Code.UNPLUGGED, Level.UNSURE)],
    ids=["read", "cable"],
)
@pytest.mark.parametrize(("code", "runs"), [(Code.STRANGER_QUERIED, True), (REACHABLE, False)])
def test_neither_reading_nor_a_pulled_cable_stops_them(quiet, code, runs):
    """What came of it is not over."""
    assert bool(told(incident(code=code, read=moment(0.5), read_by="Anne"), quiet)) is runs


def test_a_false_alarm_stops_them_until_whoever_came_comes_again():
    """Somebody knows the visitor, and has decided; his next visit is another matter."""
    false = incident(read=moment(0.5), false_alarm=moment(0.5), last_visit=moment(1))
    again = replace(false, last_visit=moment(0.25))

    assert not told(false, at_door(Code.ALARM_READ, Level.ATTENTION))
    assert told(again)


@pytest.mark.parametrize("view", View)
def test_an_exercise_never_starts_them(view):
    """Nothing is open."""
    assert not told(incident(code=Code.DRILL), view=view)


@pytest.mark.parametrize(("hours", "runs"), [(71, True), (73, False)])
def test_an_alarm_that_ended_is_counted_from_when_it_was_shown(hours, runs):
    """Three days, closed or not."""
    over = record(incident(shown=moment(hours)), [])
    words = verdict_words(replace(verdict(), reasons=()), AUDIENCE, {1: over})

    assert bool(deadline(words)) is runs


def test_the_oldest_alarm_counts():
    """Of two that were shown."""
    stories = {
        number: record(incident(number=number, shown=moment(hours)), []) for number, hours in ((1, 1.0), (2, 2.0))
    }
    reasons = [replace(at_door(Code.STRANGER_ASSOCIATED), incident=number) for number in stories]

    assert "l’alerte, à 8 h 30." in deadline(verdict_words(verdict(*reasons), AUDIENCE, stories))
    assert reason(Code.NO_ECHO, Level.UNSURE).incident is None
