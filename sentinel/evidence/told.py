"""What a journal told of incidents, to be held against the rows that a store shows of them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sentinel.evidence.purges import Purge, read
from sentinel.model.decided import Decided
from sentinel.model.finding import Level
from sentinel.model.last_word import differing
from sentinel.model.ledger import Entry, EntryKind

Row = Mapping[str, Any]
FOUND = ("incident", "acceptance", "network")


class Told:
    """Gathers, entry by entry, what is left to be true at the end."""

    def __init__(self) -> None:
        self.incidents: dict[int, Row] = {}
        """The last word on each."""
        self.lines: dict[int, list[Row]] = {}
        """Of each incident's timeline."""
        self.alarms: set[int] = set()
        self.purges: list[Purge] = []
        self._took: dict[int, list[Purge]] = {}
        """By the number of an entry."""
        self._ended: dict[int, list[Purge]] = {}
        """By the number of an incident."""
        self.decided = Decided()
        self.altered: list[tuple[str, str, str]] = []
        """What a start found to be other than it was told, as a word of `FOUND`; which; and when."""
        self.keys: frozenset[str] = frozenset()
        """Key ids with which the sentinel has asked."""

    def take(self, entry: Entry) -> None:
        """One entry whose hash is right; a body nobody can read tells nothing."""
        if entry.is_taken_out:
            return
        body = json.loads(entry.body)
        match entry.kind:
            case EntryKind.STARTED:
                self.keys |= {str(body["key"])} if body.get("key") else set()
            case EntryKind.PURGED:
                self._purge(read(entry, body))
            case EntryKind.ALTERED:
                word = next((each for each in FOUND if each in body), "")
                self.altered.append((word, str(body[word]), entry.at))
            case EntryKind.ACCEPTED | EntryKind.WITHDRAWN | EntryKind.NETWORK:
                self.decided.take(entry.kind, entry.at, body)
            case EntryKind.INCIDENT | EntryKind.ALARM:
                self._incident(body)

    def _purge(self, purge: Purge) -> None:
        self.purges.append(purge)
        for numbers, kept in ((purge.taken_out, self._took), (purge.incidents, self._ended)):
            for number in numbers:
                kept.setdefault(number, []).append(purge)

    def _incident(self, body: Row) -> None:
        row = body["incident"]
        number = row["number"]
        self.incidents[number] = row
        self.lines.setdefault(number, []).extend(body["chapters"])
        if row["level"] == Level.ALARM:
            self.alarms.add(number)

    def took(self, entry: Entry) -> bool:
        """A purge has told that it left of this entry its hash, and may have."""
        return any(purge.took(entry) for purge in self._took.get(entry.number, ()))

    def differs(self, row: Row) -> bool:
        """A row that says something else than the last word on it, or less; or that nobody can read."""
        return bool(differing(self.incidents[row["number"]], row))

    def other_lines(self, number: int, lines: Iterable[Row]) -> bool:
        """A timeline that is longer, shorter or other than what was told of it."""
        told = self.lines.get(number, [])
        shown = [{name: line.get(name) for name in _names(told)} for line in lines]
        return shown != told

    def missing(self, shown: set[int]) -> Iterator[int]:
        """Incidents that were told, were not purged, and are not there; an alarm is never purged."""
        for number in sorted(self.incidents.keys() - shown):
            row, purges = self.incidents[number], self._ended.get(number, ())
            if number in self.alarms or not any(purge.ended(row) for purge in purges):
                yield number


def _names(lines: list[Row]) -> list[str]:
    return list(lines[0]) if lines else ["number"]
