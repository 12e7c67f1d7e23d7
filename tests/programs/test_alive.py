"""`watch` is said to live by the thread of its lamp, and not for ever when its street stands."""

import pytest

from sentinel import systemd
from sentinel.programs.alive import Alive
from tests.builders import moment
from tests.notified import manager


@pytest.fixture
def heard(tmp_path, monkeypatch):
    """What systemd heard of one that is given four seconds."""
    with manager(tmp_path) as hears:
        for name, value in hears.environment(WATCHDOG_USEC="4000000").items():
            monkeypatch.setenv(name, value)
        yield hears


def test_it_speaks_four_times_within_systemds_patience(heard):
    """Ticks are twenty a second."""
    alive = Alive()
    for tick in range(200):
        alive.walked(moment(tick / 20))
        alive.tick(moment(tick / 20))

    assert heard.hear(0.3).count(systemd.ALIVE) == 10


def test_it_says_nothing_before_the_street_begins(heard):
    """Until it is ready systemd has another patience."""
    alive = Alive()
    alive.tick(moment(0))

    assert heard.hear(0.3) == []


def test_a_street_that_stands_for_long_is_given_up(heard):
    """A slow card is not: half a minute here, nearly a minute with the unit's seven seconds."""
    alive, said = Alive(), []
    alive.walked(moment(0))
    for second in range(60):
        alive.tick(moment(second))
        said += heard.hear(0.01)

    assert said.count(systemd.ALIVE) == 33
    alive.walked(moment(60))
    alive.tick(moment(60))
    assert heard.hear(0.3).count(systemd.ALIVE) == 1
