"""Who probably stands behind a door: looked for during its knocks, and otherwise not, three times in a row."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from sentinel.judgement.behind import TIMES, Behind
from sentinel.judgement.door import Door
from sentinel.model.finding import Code, Finding, Level
from sentinel.model.machine import Sought
from sentinel.model.moment import Address
from tests.builders import DOOR, IMAGING, IMAGING_MAC, WORKSTATION, knock, moment

HOUR = 3600.0
UNNAMED = Door(story=replace(DOOR, about="25.0.0.2"), machine=None, mac=None, port=None)
NAMED = Door(story=DOOR, machine=IMAGING, mac=IMAGING_MAC, port=4242)


class Night:
    """A practice whose machines are off, and an echo that knocks each hour."""

    def __init__(self, doors: dict[tuple[int, int], Door] | None = None) -> None:
        self.behind = Behind()
        self.doors = doors or {(4, 4242): UNNAMED}
        self.checks = 0

    def looks(self, machine: Address, at: float) -> None:
        """The box asks everybody where it is."""
        self.behind.hear(Sought(address=machine, at=moment(at)))

    def check(
        self, *sought: Address, opened: Iterable[int] = (), ports: tuple[int, ...] = (4242,), family: int = 4
    ) -> list[Finding]:
        """Knocks at these ports, and whom the box looks for meanwhile."""
        self.checks += 1
        at = self.checks * HOUR
        for machine in sought:
            self.looks(machine, at + 2)
        knocks = knock(*ports, at=moment(at), family=family)
        return list(self.behind.checked(knocks, opened, self.doors, moment(at + 6)))


def test_a_machine_that_is_looked_for_in_three_checks_in_a_row_is_probably_behind_the_door():
    """Said once, as a remark on the door's own story, which names nobody by it."""
    night = Night()
    told = [night.check(IMAGING) for _ in range(6)]

    assert [len(each) for each in told] == [0, 0, 1, 0, 0, 0]
    [[found]] = [each for each in told if each]
    assert (found.code, found.level, found.story, found.machine, found.mac, found.grade, found.count) == (
        Code.MACHINE_PROBABLE,
        Level.NOTE,
        UNNAMED.story,
        IMAGING,
        None,
        None,
        0,
    )


@pytest.mark.parametrize(
    "between",
    [
        lambda night: night.check(),  # nobody was looked for
        lambda night: night.check(WORKSTATION),  # somebody else
        lambda night: night.check(IMAGING, WORKSTATION),  # two: which of them?
    ],
)
def test_one_check_that_says_otherwise_begins_the_count_anew(between):
    """A box looks for a machine that is off at each knock for it."""
    night = Night()
    for _ in range(TIMES - 1):
        night.check(IMAGING)
    assert between(night) == []
    told = [night.check(IMAGING) for _ in range(TIMES)]

    assert [len(each) for each in told] == [0, 0, 1]


@pytest.mark.parametrize(
    ("neutral", "more"), [("open", {"opened": [4242]}), ("not asked", {"ports": (104,)}), ("IPv6", {"family": 6})]
)
def test_a_check_that_does_not_meet_silence_at_this_door_says_nothing_of_it(neutral, more):
    """Open, its machine is awake; unasked, or asked over IPv6, nobody knocked there."""
    night = Night()
    for _ in range(TIMES - 1):
        night.check(IMAGING)
    for _ in range(5):
        assert night.check(WORKSTATION, **more) == [], neutral

    assert len(night.check(IMAGING)) == 1


@pytest.mark.parametrize(("before", "told"), [(599, 0), (601, 1)])
def test_who_is_looked_for_without_knocks_is_not_who_they_are_for(before, told):
    """The box wants something of it itself: within ten minutes before the knocks."""
    night = Night()
    found = []
    for _ in range(TIMES):
        night.looks(IMAGING, (night.checks + 1) * HOUR - before)
        found += night.check(IMAGING)

    assert len(found) == told


@pytest.mark.parametrize(("after", "told"), [(30, 1), (31, 0)])
def test_who_is_looked_for_after_the_knocks_is_not_who_they_were_for(after, told):
    """They have their time, which the echo announced."""
    night = Night()
    found = []
    for _ in range(TIMES):
        night.looks(IMAGING, (night.checks + 1) * HOUR + after)
        found += night.check()

    assert len(found) == told


def test_a_door_whose_machine_was_seen_needs_no_guess():
    """Nor one at which the box itself answers."""
    night = Night({(4, 4242): NAMED, (4, 104): replace(UNNAMED, is_box=True), (6, 4242): UNNAMED})

    assert [night.check(IMAGING, ports=(4242, 104)) for _ in range(TIMES)] == [[], [], []]


def test_every_silent_door_leads_to_the_one_that_is_looked_for_and_no_open_one():
    """A knock at each of them would have had the box look for somebody else."""
    other = replace(UNNAMED, story=replace(UNNAMED.story, port=8042))
    awake = replace(UNNAMED, story=replace(UNNAMED.story, port=445))
    night = Night({(4, 4242): UNNAMED, (4, 8042): other, (4, 445): awake})
    found = [each for _ in range(TIMES) for each in night.check(IMAGING, ports=(4242, 8042, 445), opened=[445])]

    assert [each.story for each in found] == [UNNAMED.story, other.story]
