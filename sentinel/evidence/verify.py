"""What a journal proves: pure, so that anybody can look again, years later, with nothing but the file.

The chain alone proves that no entry was changed by somebody who did not write all the later ones anew. Only a head
under an echo's signature proves that nobody did: what it covers was there at that time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sentinel.evidence.anchors import Anchor
from sentinel.evidence.anchors import read as read_anchor
from sentinel.evidence.pack import ANCHORS, JOURNAL, REPORTS, Pack
from sentinel.evidence.told import Told
from sentinel.model.ledger import FIRST, Entry, EntryKind, read_line


class Point(StrEnum):
    """One thing that was found out; each has its sentence in both languages."""

    # what holds
    SEALED = "sealed"
    CHAIN = "chain"
    ANCHORED = "anchored"
    REPORTS = "reports"
    ROWS = "rows"
    # what is so, and accuses nobody
    NOT_ANCHORED = "not_anchored"
    TAIL = "tail"
    TAIL_TELLS = "tail_tells"
    WITHHELD = "withheld"
    UNBOUND = "unbound"
    # what is wrong
    NOT_SIGNED = "not_signed"
    KEY_UNTOLD = "key_untold"
    FILE_CHANGED = "file_changed"
    NO_JOURNAL = "no_journal"
    LINE_UNREADABLE = "line_unreadable"
    ENTRY_CHANGED = "entry_changed"
    ENTRY_MISSING = "entry_missing"
    ENTRY_MOVED = "entry_moved"
    BODY_GONE = "body_gone"
    PURGE_FALSE = "purge_false"
    OTHER_HEAD = "other_head"
    HEAD_LOST = "head_lost"
    ANCHOR_FORGED = "anchor_forged"
    ANCHOR_FOREIGN = "anchor_foreign"
    ANCHOR_UNNAMED = "anchor_unnamed"
    REPORT_FORGED = "report_forged"
    FOUND_INCIDENT = "found_incident"
    FOUND_ACCEPTANCE = "found_acceptance"
    FOUND_NETWORK = "found_network"
    INCIDENT_CHANGED = "incident_changed"
    INCIDENT_ADDED = "incident_added"
    INCIDENT_REMOVED = "incident_removed"
    TIMELINE_CHANGED = "timeline_changed"
    REGISTER_CHANGED = "register_changed"
    ACCEPTANCE_CHANGED = "acceptance_changed"
    NETWORK_CHANGED = "network_changed"
    STORE_DAMAGED = "store_damaged"


HOLDS = frozenset({Point.SEALED, Point.CHAIN, Point.ANCHORED, Point.REPORTS, Point.ROWS})
NEUTRAL = frozenset({Point.NOT_ANCHORED, Point.TAIL, Point.TAIL_TELLS, Point.WITHHELD, Point.UNBOUND})
WEIGHTY = frozenset(EntryKind) - {
    EntryKind.STARTED,
    EntryKind.STOPPED,
    EntryKind.DAY,
    EntryKind.PAPER,
    EntryKind.CLOSED_DOWN,
}
"""Entries of incidents, of what people decided, of what was taken away: such an end is not whole unsigned."""


@dataclass(frozen=True, slots=True)
class Found:
    """One point, and what its sentence is about."""

    point: Point
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_bad(self) -> bool:
        """Somebody changed something, or it was damaged on its way."""
        return self.point not in HOLDS | NEUTRAL


class Chain:
    """Walks a journal entry by entry, and stops at the first that is not what it should be."""

    def __init__(self) -> None:
        self.told = Told()
        self.heads: dict[str, int] = {FIRST: 0}
        """Every hash, and the number of its entry."""
        self.first: Entry | None = None
        self.last: Entry | None = None
        self.withheld: list[Entry] = []
        self.weighty: list[int] = []
        """Numbers of the entries of these kinds."""
        self.broken: Found | None = None

    def walk(self, entries: Iterable[Entry]) -> "Chain":
        """All of them, in their order."""
        for entry in entries:
            self.broken = self._wrong(entry) or self._take(entry)
            if self.broken is not None:
                break
        return self

    def _wrong(self, entry: Entry) -> Found | None:
        about = {"number": str(entry.number), "at": entry.at, "kind": entry.kind}
        if not entry.is_whole:
            return Found(Point.ENTRY_CHANGED, about)
        if self.last is None:
            return Found(Point.ENTRY_MISSING, about) if entry.number == 1 and entry.before != FIRST else None
        if entry.number != self.last.number + 1:
            return Found(Point.ENTRY_MISSING, about | {"number": str(self.last.number + 1)})
        return Found(Point.ENTRY_MOVED, about) if entry.before != self.last.hash else None

    def _take(self, entry: Entry) -> Found | None:
        try:
            self.told.take(entry)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Found(Point.LINE_UNREADABLE, {"number": str(entry.number)})
        if self.first is None:
            self.first = entry
            self.heads[entry.before] = entry.number - 1
        self.last = entry
        self.heads[entry.hash] = entry.number
        if entry.is_taken_out:
            self.withheld.append(entry)
        if entry.kind in WEIGHTY:
            self.weighty.append(entry.number)
        return None

    def points(self, *, excerpt: bool) -> Iterable[Found]:
        """What the chain says of itself. An excerpt may leave out other stories, a store only what was purged."""
        if self.broken is not None:
            yield self.broken
        elif self.first is None or self.last is None:
            yield Found(Point.NO_JOURNAL)
        else:
            yield Found(Point.CHAIN, {"first": str(self.first.number), "last": str(self.last.number)})
            if not excerpt and self.first.number != 1:
                yield Found(Point.ENTRY_MISSING, {"number": "1", "at": self.first.at, "kind": self.first.kind})
        unexplained = [entry for entry in self.withheld if not self.told.took(entry)]
        if excerpt and self.withheld:
            yield Found(Point.WITHHELD, {"count": len(self.withheld)})
        elif unexplained:
            yield Found(Point.BODY_GONE, {"number": str(unexplained[0].number)})
        for purge in self.told.purges:
            if not purge.is_honest:
                yield Found(Point.PURGE_FALSE, {"number": str(purge.number)})
        for word, which, at in self.told.altered:
            yield Found(Point(f"found_{word}"), {"which": which, "at": at})


def anchors(
    chain: Chain,
    lines: Iterable[str],
    own: frozenset[str],
    named: frozenset[str] = frozenset(),
    *,
    asked_by: str = "",
) -> Iterable[Found]:
    """What the countersigned heads say of a chain.

    Args:
        chain: walked to its end, or to its first bad entry.
        lines: of `anchors.jsonl`.
        own: key ids of the sentinel whose journal it is; those that its starts have told count as well.
        named: key ids of echoes, as their operators told them; any, where nobody named one.
        asked_by: only what was signed for this key of ours bears witness; any of `own` where empty.
    """
    own |= chain.told.keys
    newest: tuple[int, Anchor] | None = None
    false: dict[int, Found] = {}
    for line in lines:
        anchor = read_anchor(line)
        wrong = _of_anchor(chain, anchor, own, named)
        if wrong is not None:
            yield wrong
        elif (
            anchor is not None
            and anchor.head in chain.heads
            and anchor.asked_by in ({asked_by} if asked_by else own)
        ):
            place = (chain.heads[anchor.head], anchor)
            newest = max(newest or place, place, key=lambda each: (each[0], each[1].at))
            false |= _ahead(chain, *place)
    yield from false.values()
    yield from _covered(chain, newest)


def _of_anchor(chain: Chain, anchor: Anchor | None, own: frozenset[str], named: frozenset[str]) -> Found | None:
    if anchor is None:
        return Found(Point.ANCHOR_FORGED)
    about = {"at": anchor.at.isoformat(), "echo": anchor.signer}
    before = chain.first is not None and chain.first.number > 1 and anchor.at.isoformat() < chain.first.at
    if (
        anchor.asked_by not in own
    ):  # before an excerpt the sentinel may have had another key, told in no entry of it
        return None if before else Found(Point.ANCHOR_FOREIGN, about)
    if named and anchor.signer not in named:
        return Found(Point.ANCHOR_UNNAMED, about)
    if not anchor.head or anchor.head in chain.heads or chain.broken is not None:
        return None  # a chain that is broken anyway is told where it breaks
    return None if before else Found(Point.HEAD_LOST, about)


def _ahead(chain: Chain, number: int, anchor: Anchor) -> dict[int, Found]:
    """Purges that were signed before they are said to have been: they may have taken what had not had its time."""
    return {
        purge.number: Found(Point.PURGE_FALSE, {"number": str(purge.number)})
        for purge in chain.told.purges
        if purge.number <= number and purge.is_ahead(anchor.at)
    }


def _covered(chain: Chain, newest: tuple[int, Anchor] | None) -> Iterable[Found]:
    if chain.broken is not None or chain.first is None or chain.last is None:
        return
    if newest is None or newest[0] < chain.first.number:  # what was signed before it began covers none of it
        yield Found(Point.NOT_ANCHORED)
        return
    number, anchor = newest
    yield Found(
        Point.ANCHORED,
        {"number": str(number), "at": anchor.at.isoformat(), "echo": anchor.signer, "head": anchor.head},
    )
    if chain.last.number > number:
        yield Found(Point.TAIL, {"count": chain.last.number - number})
    weighty = sum(each > number for each in chain.weighty)
    if weighty:
        yield Found(Point.TAIL_TELLS, {"count": weighty})


def pack(read: Pack, by: str, named: frozenset[str] = frozenset()) -> list[Found]:
    """A dossier: its seal, its journal, its anchors, its signed checks.

    Args:
        read: as it was unsealed.
        by: key id of the sentinel that sealed it.
        named: key ids of echoes; any, where nobody named one.
    """
    found = [Found(Point.SEALED, {"by": by, "at": read.made.isoformat()})] if read.is_signed else []
    found += [] if read.is_signed else [Found(Point.NOT_SIGNED)]
    found += [Found(Point.FILE_CHANGED, {"name": name}) for name in read.wrong]
    chain = Chain()
    try:
        chain.walk(read_line(line) for line in _lines(read.files.get(JOURNAL, b"")))
    except ValueError:
        number = chain.last.number + 1 if chain.last else 1
        chain.broken = Found(Point.LINE_UNREADABLE, {"number": str(number)})
    if chain.told.keys and by not in chain.told.keys:  # anybody can seal anew: the journal tells whose key it is
        found.append(Found(Point.KEY_UNTOLD, {"by": by}))
    found += chain.points(excerpt=True)
    if chain.broken is None and chain.last is not None and chain.last.hash != read.head:
        found.append(Found(Point.OTHER_HEAD, {"number": str(chain.last.number)}))
    found += anchors(chain, _lines(read.files.get(ANCHORS, b"")), frozenset({by}), named, asked_by=by)
    return found + list(_reports(read, chain.told.keys | {by}))


def _lines(content: bytes) -> list[str]:
    return [line for line in content.decode("utf-8", errors="replace").split("\n") if line.strip()]


def _reports(read: Pack, own: frozenset[str]) -> Iterable[Found]:
    names = [name for name in read.files if name.startswith(REPORTS)]
    for name in names:
        anchor = read_anchor(read.files[name].decode("utf-8", errors="replace"))
        if anchor is None or anchor.asked_by not in own:
            yield Found(Point.REPORT_FORGED, {"name": name})
    if names:
        yield Found(Point.REPORTS, {"count": len(names)})
