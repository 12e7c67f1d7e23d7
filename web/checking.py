"""The check under way, on every page behind the code: how far it is, how it ended, when the next is possible."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask import g, session

from sentinel.model.exposure import Outcome
from sentinel.model.passing import Progress
from sentinel.store import reading
from sentinel.store.listed import LastCheck
from sentinel.store.reading import Reader
from web.matrix import IN_DOUBT, OPEN
from web.scene import Scene, surroundings

QUICK, SLOW = 2, 20
ASKED = "asked"
"""A check that was asked for, and begins within EAGER seconds or not at all."""
EAGER = 30
TOLD_FOR = timedelta(seconds=60)
"""How long after its end a check's outcome stands on every page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One check that has just ended."""

    check: LastCheck
    proved: bool
    opened: int
    """Doors; what is open is open whether or not the check counts."""
    unsure: int
    """Doors of which the check, though it counts, does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What a page says of checks."""

    under_way: tuple[Progress, ...] = ()
    ended: tuple[Ended, ...] = ()
    missed: tuple[LastCheck, ...] = ()
    """The last attempts that told nothing, and why."""
    hosts: Mapping[str, str]
    """Key id of an echo to its name for people."""


def checking() -> Checking:
    """What goes on now; nothing while the sentinel does not run, or for readers without the code."""
    if "checking" not in g:  # several parts of a page ask
        g.checking = _look(g.scene)
    known: Checking = g.checking
    return known


def _look(scene: Scene) -> Checking:
    if not scene.named or not scene.alive or scene.pulse is None:
        return Checking(hosts={})
    busy = {(each.echo, each.family) for each in scene.pulse.asking}
    try:
        with reading.opened(surroundings().places.store) as reader:
            last = reader.last_checks()
            fresh = [each for each in last if timedelta(0) <= scene.audience.now - each.at <= TOLD_FOR]
            ended = tuple(_ended(reader, each) for each in fresh if (each.echo, each.family) not in busy)
    except OSError:
        last, ended = [], ()
    return Checking(
        under_way=scene.pulse.asking,
        ended=ended,
        missed=tuple(each for each in last if each.outcome not in (Outcome.CHECKED, Outcome.NOT_OURS)),
        hosts={each.echo: each.host for each in last},
    )


def _ended(reader: Reader, check: LastCheck) -> Ended:
    proved = check.outcome == Outcome.CHECKED and check.check is not None
    cells = reader.cells_of(check.check) if check.check else []
    return Ended(
        check=check,
        proved=proved,
        opened=sum(each.verdict in OPEN for each in cells),
        unsure=sum(each.verdict in IN_DOUBT for each in cells),
    )


def postpone(what: str, seconds: int) -> None:
    """Remember for this browser that `what` is not possible before; by the boot clock, which nobody sets."""
    waits = dict(session.get("waits", {}))
    waits[what] = g.scene.now.boot.total_seconds() + seconds
    session["waits"] = waits


def seconds_left(what: str) -> float:
    """How long `what` stays impossible; 0 when it may be asked for."""
    scene: Scene = g.scene
    until: float = session.get("waits", {}).get(what, 0.0)
    return max(0.0, until - scene.now.boot.total_seconds())


def minutes_left(what: str) -> int:
    """The same in minutes begun."""
    return math.ceil(seconds_left(what) / 60)


def renews_in() -> int:
    """Seconds after which a page without script loads itself again."""
    return QUICK if checking().under_way or seconds_left(ASKED) else SLOW
