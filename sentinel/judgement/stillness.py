"""A stillness that is no quiet night: machines want something of the box, the line works, and nothing passes.

Whoever asks everybody where the box is sends it something next, and if it hangs where it did in the last week,
that passes the watched port. One such machine may have been moved; two, before a check of ours that went well,
mean that the port shows nobody any more: the mirror was switched off, or copies another port.
"""

from datetime import timedelta

from sentinel.model.coverage import Coverage
from sentinel.model.moment import Moment

LEAST = 2
MOST = 64
"""Machines remembered; two are enough."""


class Stillness:
    """Who has wanted something of the box since a frame for somebody else last passed."""

    def __init__(self) -> None:
        self._foreign: int | None = None
        self._wanting: dict[str, Moment] = {}

    def asks(self, mac: str, at: Moment) -> None:
        """A machine of which much has passed asks where the box is."""
        if self._foreign is not None and len(self._wanting) < MOST:
            self._wanting.setdefault(mac, at)

    def report(self, coverage: Coverage) -> None:
        """One report: whatever passed for somebody else ends the stillness; who does not count knows of none."""
        if coverage.foreign is None or coverage.foreign != self._foreign:
            self._wanting.clear()
        self._foreign = coverage.foreign

    def stood(self, at: Moment) -> bool:
        """Whether enough of them had asked by then, and nothing has passed since."""
        return sum(at.since(asked) > timedelta(0) for asked in self._wanting.values()) >= LEAST
