"""What was so when the sentinel came: a door found open then may have been open for years.

It was so when the first complete check of its family that this store has known found it open, or when it was told
in the first hour of the store's life. Once it is known that nothing was, what comes later is new; and so is a door
that an earlier check of this store, complete or not, found closed.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from sentinel.judgement.doors import ALIVE, EVERY_PORT, SAID_NO
from sentinel.judgement.machines import Machines
from sentinel.model.exposure import Exposure, Outcome, PortList, Reach, ReachOutcome
from sentinel.model.finding import Finding, StoryKind
from sentinel.model.moment import Moment

SETTLES = timedelta(hours=1)
"""Machines are switched on one after the other while somebody installs the sentinel."""


class Installation:
    """Which findings were there before us.

    Args:
        born: when the store was made.
        checked: families of which a complete check is on record.
        refused: families and public ports that a check on record found refused.
    """

    def __init__(
        self, born: Moment, checked: frozenset[int] = frozenset(), refused: Iterable[tuple[int, int]] = ()
    ) -> None:
        self._born = born
        self._checked = checked
        self._refused = set(refused)
        self._silent: dict[tuple[int, int], frozenset[str]] = {}
        """For each door that kept silent, the machines that were alive then."""

    def mark(self, finding: Finding) -> Finding:
        """The finding, marked where it is about a door that may have been open before."""
        if finding.story.kind is not StoryKind.DOOR or finding.ends or self._was_shut(finding):
            return finding
        is_first = not finding.is_visit and finding.story.family not in self._checked
        return replace(finding, installation=is_first or self._is_settling(finding.at))

    def _is_settling(self, at: Moment) -> bool:
        return at.since(self._born) <= SETTLES

    def _was_shut(self, finding: Finding) -> bool:
        """Whether an earlier check found it closed; of a visit only the inside port is known, mostly the same."""
        outside = finding.outside_port
        key = (finding.story.family, finding.story.port if outside is None else outside)
        machine = {finding.mac, finding.machine and str(finding.machine)}
        return key in self._refused or not machine.isdisjoint(self._silent.get(key, ()))

    def hear(self, exposure: Exposure, machines: Machines) -> None:
        """A check found a door closed: refused, or silent while its machine was alive."""
        key = (exposure.address.version, exposure.port)
        if exposure.reach not in SAID_NO or (key[0] in self._checked and not self._is_settling(exposure.at)):
            return
        if exposure.reach is Reach.CLOSED:
            self._refused.add(key)
        else:
            self._silent[key] = machines.awake(exposure.at, ALIVE)

    def learn(self, outcome: ReachOutcome) -> None:
        """A check has ended: once complete, it was the first, or another one."""
        if outcome.outcome is Outcome.CHECKED and outcome.ports is PortList.FULL:
            self._checked |= {outcome.family}
            if outcome.decoys_refused:
                self._refused.add((outcome.family, EVERY_PORT))
