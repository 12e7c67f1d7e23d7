"""When the rings are looked at, and in what order what they held goes on: without a card."""

import pytest

from sentinel.capture import rings as module
from sentinel.capture.ring import Frame
from sentinel.capture.rings import LOOK_MS, Rings
from sentinel.capture.route import Kind


class Filling:
    """A ring that a quarter of has filled by that glance."""

    def __init__(self, glance: int) -> None:
        self._glance = glance

    def waits(self, share: int) -> bool:
        self._glance -= 1
        return share == 4 and self._glance <= 0


def turning(**filling: int) -> Rings:
    """Rings of which those fill, and the others stay empty."""
    rings = object.__new__(Rings)
    rings._watch({kind: Filling(filling.get(kind.name.lower(), 99)) for kind in Kind})  # type: ignore[misc]
    return rings


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of each sleep, none of which takes place."""
    naps: list[float] = []
    monkeypatch.setattr(module.time, "sleep", naps.append)
    return naps


def test_nothing_wakes_it_but_a_glance_in_the_middle(slept):
    """An empty line costs ten of them a second."""
    turning()._wait(LOOK_MS)

    assert slept == [0.1, 0.1]


@pytest.mark.parametrize("kind", Kind)
def test_whichever_ring_fills_is_looked_at_sooner(slept, kind):
    """Strangers can fill most of them."""
    turning(**{kind.name.lower(): 1})._wait(LOOK_MS)

    assert slept == [0.1]


def test_in_a_flood_it_sleeps_a_hundredth_of_a_second(slept):
    """Or as long as it was told to, where that is less."""
    rings = turning()
    rings._is_flooded = True
    rings._wait(LOOK_MS)
    rings._wait(5)

    assert slept == [0.01, 0.005]


def held(*nanoseconds: int) -> list[Frame]:
    """Frames that wait for their order."""
    return [Frame(each, b"", 0, None) for each in nanoseconds]


def test_what_nothing_can_come_before_goes_on_in_its_order_and_the_rest_waits():
    """What is of the future by the clock waits for nothing."""
    rings = turning()
    rings._held = [*held(90, 10, 130, 70, 101)]

    assert rings._ripe(100, 120) == held(10, 70, 90, 130)
    assert rings._held == held(101)


@pytest.mark.parametrize("now", [0, 60, 95, 100])
def test_each_goes_on_once_though_the_clock_is_set_back_meanwhile(now):
    """Then all that is held is of the past, or of the future."""
    rings = turning()
    rings._held = [*held(50, 10, 120, 95, 90)]

    assert rings._ripe(100, now) == held(10, 50, 90, 95, 120)
    assert rings._held == []
