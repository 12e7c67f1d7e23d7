"""Which visitors are known research scanners: asked of the name service, for words and nothing else.

Only who came to an open door is asked about, once a day and a hundred at most; never who merely knocked, or a
stranger could have us ask as often as he likes. The name service learns that we care for an address, so
`[capture] names` turns this off; published networks are known without it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from ipaddress import ip_address
from pathlib import Path

from sentinel import scanners
from sentinel.clock import Clock
from sentinel.config import Capture
from sentinel.model.finding import Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.moment import Address
from sentinel.model.networks import ALWAYS_INSIDE, SHARED
from sentinel.model.passing import SourceName
from sentinel.reach.names import Resolver
from sentinel.store.reading import opened
from sentinel.timetable import Job

A_DAY = 100
"""Look-ups of one day."""
AT_ONCE = 5
"""Look-ups of one run of the job, which would otherwise take minutes where the name service is down."""
STORIES = 50
LOOKS = timedelta(seconds=30)


class Naming:
    """The job: reads the open doors' visitors from the store, and posts whose robots they are.

    Args:
        store: the database, read as the page reads it.
        ask: the organisation of an address; empty where it is nobody's we know, None where nobody answered.
    """

    def __init__(self, store: Path, clock: Clock, ask: Callable[[Address], str | None] | None = None) -> None:
        self._store = store
        self._clock = clock
        self._ask = ask or Resolver()
        self._day: date | None = None
        self._asked: dict[Address, str] = {}
        """What was learnt today."""

    def work(self) -> Iterator[SourceName]:
        """One look at the stories; a store that cannot be read now is read the next time."""
        today = self._clock().wall.date()
        if today != self._day:
            self._day, self._asked = today, {}
        try:
            with opened(self._store) as reader:
                told = reader.incidents(least=Level.ATTENTION, most=STORIES)
        except OSError:
            return
        for source in self._learn(_visitors(told)):
            yield SourceName(source=source, organisation=self._asked[source], at=self._clock())

    def _learn(self, visitors: Iterable[Address]) -> Iterator[Address]:
        """Ask about those not asked about today; what was learnt of the others is told again to a new story."""
        left = AT_ONCE
        for source in visitors:
            if source not in self._asked and left and len(self._asked) < A_DAY:
                left -= 1
                self._asked[source] = self._ask(source) or ""
            if self._asked.get(source):
                yield source


def _visitors(told: Iterable[Incident]) -> list[Address]:
    """Public addresses that came to an open door, whose organisation is not known yet."""
    doors = [each for each in told if each.story.kind is StoryKind.DOOR and each.state is not IncidentState.CLOSED]
    unnamed = [source for each in doors for source, _ in each.sources if source not in dict(each.robots)]
    addresses = [ip_address(source) for source in dict.fromkeys(unnamed)]
    return [each for each in addresses if _is_public(each) and not scanners.by_network(each)]


def _is_public(address: Address) -> bool:
    return not any(address in network for network in (*ALWAYS_INSIDE, SHARED))


def jobs(section: Capture, store: Path, clock: Clock) -> list[Job]:
    """The job, unless the practice does not want it."""
    return [Job(name="names", every=LOOKS, work=Naming(store, clock).work)] if section.names else []
