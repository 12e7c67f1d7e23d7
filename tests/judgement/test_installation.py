"""What was there when the sentinel came, and what came later."""

import pytest

from sentinel.judgement.installation import Installation
from sentinel.model.exposure import Outcome, PortList
from sentinel.model.finding import Code, Story, StoryKind
from tests.builders import finding, moment, outcome

HOUR = 3600.0


def by_echo(at: float, **more: object) -> object:
    return finding(Code.DOOR_REACHABLE, source=None, at=moment(at), **more)


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


def test_only_doors_are_found_at_installation():
    """Nobody asks since when robots knock, and what ends tells no beginning."""
    new = Installation(moment())
    visits = Story(kind=StoryKind.VISITS, about="x")

    assert not new.mark(finding(story=visits)).installation
    assert not new.mark(by_echo(0, ends=True)).installation
