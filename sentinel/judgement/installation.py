"""What was so when the sentinel came: a door found open then may have been open for years.

It was so when the first complete check of its family that this store has known found it open, or when it was told
in the first hour of the store's life. Once it is known that nothing was, what comes later is new.
"""

from dataclasses import replace
from datetime import timedelta

from sentinel.model.exposure import Outcome, PortList, ReachOutcome
from sentinel.model.finding import Finding, StoryKind
from sentinel.model.moment import Moment

SETTLES = timedelta(hours=1)
"""Machines are switched on one after the other while somebody installs the sentinel."""


class Installation:
    """Which findings were there before us.

    Args:
        born: when the store was made.
        checked: families of which a complete check is on record.
    """

    def __init__(self, born: Moment, checked: frozenset[int] = frozenset()) -> None:
        self._born = born
        self._checked = checked

    def mark(self, finding: Finding) -> Finding:
        """The finding, marked where it is about a door that may have been open before."""
        if finding.story.kind is not StoryKind.DOOR or finding.ends:
            return finding
        is_first = finding.source is None and finding.story.family not in self._checked
        return replace(finding, installation=is_first or finding.at.since(self._born) <= SETTLES)

    def learn(self, outcome: ReachOutcome) -> None:
        """A check has ended: once complete, it was the first, or another one."""
        if outcome.outcome is Outcome.CHECKED and outcome.ports is PortList.FULL:
            self._checked |= {outcome.family}
