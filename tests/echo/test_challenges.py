from asyncio import Transport
from ipaddress import ip_address

import pytest

from sentinel.echo.challenges import Caller, Challenges
from sentinel.echo.refused import Refused
from tests.builders import moment


class Connection(Transport):
    """As good as any: only its identity counts."""


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return moment(self.seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def challenges(clock):
    return Challenges(clock)


def caller(address="192.0.2.7", connection=None):
    return Caller(
        address=ip_address(address),
        port=50000,
        arrived_at=ip_address("192.0.2.1"),
        connection=connection or Connection(),
    )


def test_a_challenge_is_good_once(challenges):
    """The second time is a replay."""
    home = caller()
    name = challenges.issue(home)

    challenges.spend(name, home)
    with pytest.raises(Refused, match="replay"):
        challenges.spend(name, home)


def test_a_challenge_belongs_to_its_connection(challenges):
    """Another one, even from the same address, gets nothing for it."""
    name = challenges.issue(caller())

    with pytest.raises(Refused, match="challenge_invalid"):
        challenges.spend(name, caller())


def test_a_challenge_from_another_address_says_so(challenges):
    """The line was given a new address in between; the sentinel starts over."""
    name = challenges.issue(caller())

    with pytest.raises(Refused, match="address_changed"):
        challenges.spend(name, caller("192.0.2.8"))


def test_a_challenge_dies_with_its_connection(challenges):
    """However many come after it, none is taken for it."""
    names = [challenges.issue(caller()) for _ in range(50)]

    for name in names:
        with pytest.raises(Refused, match="challenge_invalid"):
            challenges.spend(name, caller())


def test_a_challenge_lasts_a_minute(challenges, clock):
    """By the boot clock."""
    home = caller()
    name = challenges.issue(home)
    clock.seconds = 61

    with pytest.raises(Refused, match="challenge_invalid"):
        challenges.spend(name, home)


def test_an_invented_challenge_is_refused(challenges):
    """It was never given out."""
    with pytest.raises(Refused, match="challenge_invalid"):
        challenges.spend("invented", caller())
