"""Doors whose acceptance has ended: asked about until the echo has said something, and not for ever."""

from dataclasses import replace

import pytest

from sentinel.judgement.unanswered import Unanswered
from sentinel.model.acting import MeasureKind
from sentinel.model.finding import Code, Level, Story
from sentinel.model.incident import Incident, IncidentState
from tests.builders import DOOR, incident, moment

PORTS: dict[Story, tuple[int, ...]] = {DOOR: (11112, 104), replace(DOOR, family=6): (4242,)}


def over(**more: object) -> Incident:
    facts: dict[str, object] = {"code": Code.WINDOW_OVER, "level": Level.UNSURE, "grade": None, **more}
    return incident(**facts)


def unanswered() -> Unanswered:
    return Unanswered(lambda story: PORTS.get(story, ()))


def test_every_door_of_a_family_is_one_question():
    """By the public ports that lead to it."""
    six = over(story=replace(DOOR, family=6), code=Code.ACCEPTANCE_OVER)

    assert unanswered().due([over(), six], moment()) == [(4, (104, 11112)), (6, (4242,))]


def test_it_is_asked_again_every_ten_seconds_for_ten_minutes():
    """An echo may make us wait for half a minute; after that the timetable does it."""
    made = unanswered()

    asked = [at for at in range(1000) if made.due([over()], moment(at))]

    assert asked == list(range(0, 601, 10))


def test_a_measure_is_followed_by_one_retest_more_a_minute_later():
    """The echo may have been busy with the first one, or the cable not pulled yet."""
    made = unanswered()
    story = incident(measured=moment(-300), measure_told=moment(100), measure=MeasureKind.MACHINE_UNPLUGGED)

    asked = [at for at in range(1000) if made.due([story], moment(at))]

    assert asked == [160]


@pytest.mark.parametrize(
    "answered",
    [
        over(code=Code.DOOR_REACHABLE, level=Level.ALARM),
        over(state=IncidentState.DORMANT),
        over(story=replace(DOOR, port=9999)),
    ],
    ids=["open", "asleep", "no public port"],
)
def test_what_was_answered_or_cannot_be_asked_is_not_asked_again(answered):
    """Open or not open: the echo has said something."""
    assert unanswered().due([answered], moment()) == []
