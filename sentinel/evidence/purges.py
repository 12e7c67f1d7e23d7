"""What a purge may have taken away: what had its time, and never an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sentinel.model.ledger import Entry, EntryKind

SHORTEST = timedelta(days=28)
"""Nothing is kept for less than a month."""
AHEAD = timedelta(days=1)
"""So far the sentinel's clock may have been ahead of the echo's that signed a purge."""


@dataclass(frozen=True, slots=True)
class Purge:
    """One entry that told of what was taken away."""

    number: int
    at: datetime
    before: str
    """What it took was older."""
    incidents: frozenset[int]
    taken_out: frozenset[int]
    """Numbers of entries whose text it took."""

    @property
    def is_honest(self) -> bool:
        """What it took was a month old by its own clock."""
        return self.at - datetime.fromisoformat(self.before) >= SHORTEST

    def took(self, entry: Entry) -> bool:
        """It may have left of this entry its hash."""
        is_told = entry.kind == EntryKind.INCIDENT and entry.number in self.taken_out
        return is_told and entry.at < self.before and self.is_honest

    def ended(self, row: Mapping[str, Any]) -> bool:
        """It may have taken this incident, which was closed by then."""
        return self.is_honest and row["number"] in self.incidents and str(row.get("closed") or "~") < self.before

    def is_ahead(self, signed: datetime) -> bool:
        """It is dated after somebody outside signed that it was there: its clock, or it, lied."""
        return self.at > signed + AHEAD


def read(entry: Entry, body: Mapping[str, Any]) -> Purge:
    """A purge from its entry.

    Raises:
        ValueError, KeyError, TypeError: nobody can read it.
    """
    at = datetime.fromisoformat(entry.at)
    if at.tzinfo is None or datetime.fromisoformat(body["before"]).tzinfo is None:
        raise ValueError("a time has no zone")
    return Purge(
        entry.number,
        at,
        body["before"],
        frozenset(body.get("incidents", ())),
        frozenset(body.get("taken_out", ())),
    )
