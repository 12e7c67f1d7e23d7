"""A door that was excused while it was open, and what becomes of it when nobody accepts it any more."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sentinel.judgement.casebook import Casebook
from sentinel.judgement.judge import Judge, Terms
from sentinel.model.acting import Acceptance, Withdrawal
from sentinel.model.exposure import Application, Kind, Reach
from sentinel.model.finding import Code, Finding, Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.passing import Beat
from tests.builders import exposure, knock, knock_heard, moment, networks, sighting
from tests.judgement.test_granted import acceptance

HOUR, DAY = 3600.0, 86_400.0


class Practice:
    """A judge and a casebook, where one door of the imaging server is accepted for a day."""

    def __init__(self, *acceptances: Acceptance) -> None:
        self.judge = Judge(networks(), Terms(), moment())
        self.casebook = Casebook()
        for each in acceptances or (acceptance(days=1, source=None),):
            self.judge.accept(each)

    def check(self, at: float, port: int = 104, **more: object) -> list[Finding]:
        """The echo knocks at one public port that leads to the imaging server."""
        check = f"check-{at}-{port}"
        self.judge.knock(knock(port, at=moment(at), check=check))
        heard = knock_heard(serial=int(900 + at), at=moment(at + 1))
        if more.get("reach", Reach.OPEN) is Reach.OPEN:
            list(self.judge.connection(heard, self.judge.standing(heard)))
        return self.take(self.judge.exposure(exposure(port=port, at=moment(at + 5), check=check, **more)))

    def take(self, findings: object) -> list[Finding]:
        told = [each for each in findings if each.story.kind is StoryKind.DOOR or each.code is Code.EXPECTED_BROAD]
        for each in told:
            self.casebook.take(each)
        return told

    def beat(self, at: float) -> list[Finding]:
        return self.take(self.judge.beat(Beat(at=moment(at))))

    def story(self) -> Incident:
        (told,) = self.casebook.told()
        return told


def test_a_door_that_is_excused_comes_back_when_its_acceptance_ends():
    """At once and unsure: it was open an hour ago; red by the very next knock, without waiting for any list."""
    practice = Practice()
    assert practice.check(HOUR) == []

    (over,) = practice.beat(DAY)
    assert (over.code, over.level, over.grade, over.outside_port) == (
        Code.ACCEPTANCE_OVER,
        Level.UNSURE,
        None,
        104,
    )
    assert over.who == "VPN Dupont"
    assert practice.judge.outside.public_ports(over.story) == (104,)

    practice.check(DAY + 10)

    assert (practice.story().code, practice.story().level) == (Code.DOOR_REACHABLE, Level.ALARM)
    assert practice.beat(DAY + 20) == []


def test_a_door_that_is_shut_by_then_ends_the_story_by_proof():
    """The technician has closed it before he left."""
    practice = Practice(acceptance(days=1, source=None, window=True))
    practice.check(HOUR)
    (over,) = practice.beat(DAY)
    assert over.code is Code.WINDOW_OVER
    practice.judge.sighting(sighting(moment(DAY + 14)))
    practice.check(DAY + 10, reach=Reach.CLOSED)

    assert list(practice.casebook.told()) == []


def test_a_door_whose_machine_sleeps_by_then_is_neither_open_nor_closed():
    """It is off for the night: the story waits for it."""
    practice = Practice()
    practice.check(HOUR)
    practice.beat(DAY)
    practice.check(DAY + 10, reach=Reach.FILTERED)

    assert (practice.story().state, practice.story().level) == (IncidentState.DORMANT, Level.UNSURE)


def test_a_door_that_was_shut_at_its_last_check_is_no_story():
    """Nothing was excused when it ended."""
    practice = Practice()
    practice.check(HOUR)
    practice.check(2 * HOUR, reach=Reach.CLOSED)

    assert practice.beat(DAY) == []


@pytest.mark.parametrize(
    "other",
    [acceptance(2, days=2, source=None), acceptance(2, days=2, port=4243, source=None), acceptance(2, days=2)],
    ids=["prolonged", "another port", "narrow"],
)
def test_only_an_acceptance_of_the_same_door_goes_on_excusing_it(other):
    """One that was prolonged is not over; a narrow one never excused the door itself."""
    practice = Practice(acceptance(days=1, source=None), other)
    practice.check(HOUR)

    over = practice.beat(DAY)

    assert bool(over) is not (other.port == 4242 and other.source is None)


def test_withdrawing_is_an_end_like_any_other():
    """By whoever has thought better of it."""
    practice = Practice()
    practice.check(HOUR)

    (over,) = practice.take(practice.judge.withdraw(Withdrawal(number=1, who="Anne", at=moment(2 * HOUR))))

    assert (over.code, over.at) == (Code.ACCEPTANCE_OVER, moment(2 * HOUR))
    assert practice.judge.ends == 1


def test_an_old_story_goes_on_under_its_number():
    """Found open, accepted, and accepted no more."""
    practice = Practice(acceptance(days=-1))
    practice.check(0)
    first = practice.story()
    practice.judge.accept(replace(acceptance(2, days=1, source=None), until=moment(DAY).wall))
    practice.check(HOUR)
    assert list(practice.casebook.told()) == []

    practice.beat(DAY)

    assert practice.story().number == first.number
    assert practice.story().first == first.first


def test_a_door_that_is_accepted_no_more_is_not_accepted_too_broadly():
    """Storage was recognised there: once it is a story of its own, that word is over."""
    practice = Practice(acceptance(days=1, source=None, port=443))
    nas = Application(kind=Kind.HTTP, product="synology")
    practice.judge.knock(knock(443, at=moment(HOUR), check="first"))
    heard = knock_heard(at=moment(HOUR + 1), port=443)
    list(practice.judge.connection(heard, practice.judge.standing(heard)))
    found = exposure(port=443, at=moment(HOUR + 5), check="first", app=nas)
    assert [each.code for each in practice.take(practice.judge.exposure(found))] == [Code.EXPECTED_BROAD]

    practice.beat(DAY)
    practice.take(practice.judge.exposure(replace(found, at=moment(DAY + 5))))

    assert (practice.story().code, practice.story().level) == (Code.DOOR_REACHABLE, Level.ALARM)
    assert timedelta(days=1).total_seconds() == DAY
