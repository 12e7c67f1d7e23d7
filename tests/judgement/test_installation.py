"""What was there when the sentinel came, and what came later."""

import pytest

from sentinel.judgement.installation import Installation
from sentinel.judgement.judge import Judge, Terms
from sentinel.model.exposure import Exposure, Outcome, PortList, Reach
from sentinel.model.finding import Code, Grade, Story, StoryKind
from tests.builders import exposure, finding, knock, knock_heard, moment, networks, outcome, sighting

HOUR = 3600.0


def by_echo(at: float, **more: object) -> object:
    return finding(Code.DOOR_REACHABLE, grade=Grade.REACHABLE, source=None, at=moment(at), **more)


def test_what_the_first_complete_check_finds_may_be_years_old():
    """However late it comes: without an echo the first days, nobody had looked."""
    new = Installation(moment())

    assert new.mark(by_echo(3 * 24 * HOUR)).installation
    new.learn(outcome())
    assert not new.mark(by_echo(3 * 24 * HOUR + 60)).installation


def test_each_family_has_a_first_check_of_its_own():
    """IPv6 was switched on a week later."""
    new = Installation(moment(), frozenset({4}))
    six = Story(kind=StoryKind.DOOR, about="x", port=104, family=6)

    assert not new.mark(by_echo(2 * HOUR)).installation
    assert new.mark(by_echo(2 * HOUR, story=six)).installation


@pytest.mark.parametrize(
    "made", [outcome(Outcome.NOT_PROVED), outcome(ports=PortList.HOURLY), outcome(ports=PortList.RETEST)]
)
def test_a_check_that_was_not_complete_settles_nothing(made):
    """What it did not ask about may have been open all the time."""
    new = Installation(moment())
    new.learn(made)

    assert new.mark(by_echo(2 * HOUR)).installation


@pytest.mark.parametrize(("at", "marked"), [(0, True), (HOUR, True), (HOUR + 1, False)])
def test_in_the_first_hour_everything_may_have_been_so_before(at, marked):
    """Machines are switched on one by one, and a stranger may come before the first check."""
    new = Installation(moment(), frozenset({4}))

    assert new.mark(finding(at=moment(at))).installation is marked
    assert new.mark(by_echo(at)).installation is marked


def test_visitors_of_everywhere_are_a_visit_and_no_first_check():
    """A sum that names no source tells of today all the same."""
    new = Installation(moment())

    assert not new.mark(finding(source=None, at=moment(HOUR + 1))).installation
    assert new.mark(by_echo(HOUR + 1)).installation


def test_only_doors_are_found_at_installation():
    """Nobody asks since when robots knock, and what ends tells no beginning."""
    new = Installation(moment())
    visits = Story(kind=StoryKind.VISITS, about="x")

    assert not new.mark(finding(story=visits)).installation
    assert not new.mark(by_echo(0, ends=True)).installation


def judged(judge: Judge, fact: Exposure) -> list[bool]:
    return [each.installation for each in judge.exposure(fact)]


@pytest.mark.parametrize(
    ("earlier", "is_alive", "marked"),
    [
        (Reach.CLOSED, False, False),
        (Reach.FILTERED, True, False),
        (Reach.FILTERED, False, True),  # a machine that sleeps hides its door
        (Reach.UNKNOWN, True, True),
        (Reach.OPEN, True, True),
    ],
)
def test_what_an_earlier_check_found_closed_was_not_there_at_installation(earlier, is_alive, marked):
    """Also within the first hour: what this store saw closed is new, and the page must not say otherwise."""
    judge = Judge(networks(), Terms(), moment())
    if is_alive:
        judge.sighting(sighting(moment(0)))
    list(judge.exposure(exposure(port=4242, reach=earlier, at=moment(10))))
    judge.sighting(sighting(moment(590)))
    judge.knock(knock(check="check-2", at=moment(600)))
    judge.standing(knock_heard(at=moment(600.01)))
    assert judged(judge, exposure(check="check-2", at=moment(601)))[-1] is marked


def test_a_visit_to_a_door_that_was_refused_is_no_older_either():
    """A check refused that port; a stranger connects half an hour later."""
    judge = Judge(networks(), Terms(), moment())
    list(judge.exposure(exposure(port=4242, reach=Reach.CLOSED, at=moment(10))))

    assert not judge.installation.mark(finding(at=moment(1800))).installation
    assert judge.installation.mark(finding(at=moment(1800), outside_port=11112)).installation


def test_a_refusal_that_the_mirror_contradicts_is_no_proof():
    """The echo denies what was answered inside."""
    judge = Judge(networks(), Terms(), moment())
    judge.knock(knock(at=moment(1)))
    judge.standing(knock_heard(at=moment(1.01)))
    list(judge.exposure(exposure(reach=Reach.CLOSED, at=moment(2))))

    assert judge.installation.mark(by_echo(600, outside_port=4242)).installation
