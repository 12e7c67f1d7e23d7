"""Which machine probably stands behind a door, where no mirror shows the knock.

A box that is to hand a knock to a machine that is switched off asks everybody where it is, and all hear that.
So whoever is looked for during the knocks of a check, and was not looked for otherwise, is who the knocks were
for; and if a door that was open before has answered nobody in that check, he is probably behind it. Three checks
in a row must say so, and nobody else must have been looked for in any of them.

It was tried in the laboratory, whose box keeps its neighbours as the usual boxes do. A machine that is off was
named by every knock; one that the box had forgotten as well; one that it knew by none, however long that was
silent: the kernel forgets nobody while it knows fewer than 128. So nothing is said of a machine that answers, and
nothing of this moves a level: anybody in the LAN could make it up.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from sentinel.judgement.door import Door
from sentinel.model.exposure import Knock
from sentinel.model.finding import Code, Finding, Level
from sentinel.model.machine import Sought
from sentinel.model.moment import Address, Moment

BEFORE = timedelta(minutes=10)
"""Whoever was looked for so shortly before the knocks is looked for without them."""
TIMES = 3
MOST = 512
"""Searches remembered, and doors."""

Key = tuple[int, int]
"""Family and public port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Who was looked for while one door answered nobody."""

    machine: Address
    times: int


class Behind:
    """The box's searches of the last half hour, and what they say of each door."""

    def __init__(self) -> None:
        self._searches: deque[Sought] = deque(maxlen=MOST)
        self._guesses: dict[Key, Guess] = {}

    def hear(self, sought: Sought) -> None:
        """The box looks for somebody."""
        self._searches.append(sought)

    def checked(
        self, knock: Knock, opened: Iterable[int], doors: dict[Key, Door], at: Moment
    ) -> Iterator[Finding]:
        """A check has ended: what it says of each door whose machine was never seen, and that was not open now."""
        knocked = {(probe.target.version, probe.target_port) for probe in knock.probes}
        silent = knocked - {(4, port) for port in opened}
        sought = self._for(knock)
        for key, door in doors.items():
            if key[0] != 4 or key not in silent or door.machine is not None or door.is_box:
                continue
            guess = self._guess(key, sought)
            if guess is not None and guess.times == TIMES:
                yield _finding(door, guess.machine, at)

    def _for(self, knock: Knock) -> Address | None:
        """Who was looked for during these knocks and not before them, if that was one alone."""
        during, otherwise = set(), set()
        for each in self._searches:
            since = each.at.since(knock.opens)
            if timedelta(0) <= since <= knock.lasts:
                during.add(each.address)
            elif -BEFORE <= since < timedelta(0):
                otherwise.add(each.address)
        found = during - otherwise
        return found.pop() if len(found) == 1 else None

    def _guess(self, key: Key, sought: Address | None) -> Guess | None:
        before = self._guesses.pop(key, None)
        if sought is None:
            return None
        times = before.times + 1 if before and before.machine == sought else 1
        guess = self._guesses[key] = Guess(machine=sought, times=times)
        while len(self._guesses) > MOST:
            del self._guesses[next(iter(self._guesses))]
        return guess


def _finding(door: Door, machine: Address, at: Moment) -> Finding:
    """A remark on the door's story, that names nobody in it."""
    return Finding(code=Code.MACHINE_PROBABLE, story=door.story, level=Level.NOTE, at=at, machine=machine, count=0)
