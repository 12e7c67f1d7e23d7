"""The journal nobody can quietly rewrite: what an entry is, and the one rule that binds each to the one before.

The rule, so that anybody can check it without us:

    hash = SHA-256 of "sentinel-ledger-v1", number, at, kind, before, SHA-256 of the body in hex
           as UTF-8, each on a line of its own, a line feed between them and none at the end

`before` is the hash of the entry before, 64 zeros for the first. The body is JSON in ASCII with sorted keys and no
spaces. It enters by its own hash so that it can be taken out again, after its time or from an excerpt that is
about another story: what is left of it is `sha256:` and that hash, and the chain holds all the same.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from sentinel.model.finding import Level
from sentinel.model.moment import Moment

RULE: Final = "sentinel-ledger-v1"
FIRST: Final = "0" * 64
"""What the first entry names as the hash before it."""
TAKEN_OUT: Final = "sha256:"


class EntryKind(StrEnum):
    """What an entry tells."""

    STARTED = "started"
    STOPPED = "stopped"
    INCIDENT = "incident"
    """An incident as it now stands and the lines of its timeline that are new: also « J’ai vu », a measure, a
    false alarm."""
    ALARM = "alarm"
    """The same of one that is an alarm. The kind is in the hash: no purge can ever take such an entry's text."""
    ALTERED = "altered"
    """A start found an incident's row to be other than it was told: somebody edited it meanwhile."""
    NETWORK = "network"
    """Somebody said whose a private network is."""
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    SETTING = "setting"
    """A section of the settings was changed; its name only, for values may be secrets."""
    FORGOTTEN = "forgotten"
    """Somebody at the device had the page's password forgotten."""
    PAPER = "paper"
    DAY = "day"
    """What was proved on one day: good days are told too."""
    PURGED = "purged"
    RESTORED = "restored"
    CLOSED_DOWN = "closed_down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal, exactly as it is hashed."""

    number: int
    """Counts from 1 without a gap."""
    at: str
    """ISO 8601, UTC, microseconds, by the sentinel's own clock."""
    kind: str
    """A word of `EntryKind`, or one of a later release."""
    body: str
    """Canonical JSON, or what is left of it: `sha256:…`."""
    before: str
    hash: str

    @property
    def is_taken_out(self) -> bool:
        """Only the body's hash is left."""
        return self.body.startswith(TAKEN_OUT)

    @property
    def is_whole(self) -> bool:
        """The hash is what the rule makes of the rest."""
        return self.hash == hashed(self.number, self.at, self.kind, self.body, self.before)

    def without_body(self) -> "Entry":
        """The same link of the chain; what it told is gone."""
        return Entry(
            number=self.number,
            at=self.at,
            kind=self.kind,
            body=TAKEN_OUT + body_hash(self.body),
            before=self.before,
            hash=self.hash,
        )


def canonical(body: Mapping[str, Any]) -> str:
    """The one way a body is written."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def body_hash(body: str) -> str:
    """SHA-256 of a body in hex, also of one that was taken out."""
    if body.startswith(TAKEN_OUT):
        return body.removeprefix(TAKEN_OUT)
    return sha256(body.encode()).hexdigest()


def hashed(number: int, at: str, kind: str, body: str, before: str) -> str:
    """The hash of an entry, in hex."""
    lines = (RULE, str(number), at, kind, before, body_hash(body))
    return sha256("\n".join(lines).encode()).hexdigest()


def next_entry(last: tuple[int, str], at: str, kind: EntryKind, body: Mapping[str, Any]) -> Entry:
    """The entry that follows the number and hash of the last one; `(0, FIRST)` before the first."""
    number, before = last[0] + 1, last[1]
    text = canonical(body)
    return Entry(
        number=number,
        at=at,
        kind=kind.value,
        body=text,
        before=before,
        hash=hashed(number, at, kind.value, text, before),
    )


def write_line(entry: Entry) -> str:
    """An entry as one line of `journal.jsonl`."""
    names = ("number", "at", "kind", "body", "before", "hash")
    return json.dumps({name: getattr(entry, name) for name in names}, separators=(",", ":"))


def write_lines(entries: Iterable[Entry]) -> bytes:
    """A whole `journal.jsonl`."""
    return "".join(f"{write_line(entry)}\n" for entry in entries).encode()


def last_hash(lines: bytes) -> str:
    """The head that a whole `journal.jsonl` ends with; 64 zeros where it is empty.

    Raises:
        ValueError: its last line is no entry.
    """
    told = lines.splitlines()
    return read_line(told[-1].decode()).hash if told else FIRST


def read_line(line: str) -> Entry:
    """An entry from its line.

    Raises:
        ValueError: the line holds none.
    """
    try:
        read = json.loads(line)
        entry = Entry(**read)
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    words = (entry.at, entry.kind, entry.body, entry.before, entry.hash)
    if type(entry.number) is not int or not all(isinstance(word, str) for word in words):
        raise ValueError("a field is of another type")
    return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A check came back with its report, signed by the echo; posted after its cells and before its outcome."""

    check: str
    """The echo's name for this check."""
    echo: str
    """Key id of the echo."""
    head: str
    """The journal's head as we sent it and the echo signed it; empty where it signed none, or another."""
    line: str
    """Question, plan and report: a line of `reach.record`."""
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch of a day in which no complete check of one family was fresh, or a part of us did not know."""

    family: int
    """4 or 6; 0 where it is about no family: nobody listened, or what was heard could not be trusted."""
    begin: datetime
    end: datetime
    why: str
    """A word of `Outcome` that was met most often meanwhile; `off` where the sentinel was, `unasked` where nothing
    was tried; without a family a word of `Code`, or `off`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Off:
    """The sentinel was not running, or gave no sign of life."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What was proved on one day of the practice's calendar."""

    day: date
    complete: dict[int, int] = field(default_factory=dict)
    """Complete checks, by family."""
    failed: dict[int, int] = field(default_factory=dict)
    """Attempts that taught nothing, by family."""
    gaps: tuple[Gap, ...] = ()
    off: tuple[Off, ...] = ()
    worst: Level = Level.NOTE
    """Of what was told that day."""
    opened: tuple[int, ...] = ()
    """Incidents about doors that began."""
    closed: tuple[int, ...] = ()
    """Those that were closed, with proof or by their time."""
    visits: int = 0
    """Connections from outside that were answered."""

    @property
    def is_proved(self) -> bool:
        """Checked and watched all day: no gap in any family nor of any part, and at least one complete check."""
        return bool(sum(self.complete.values())) and not self.gaps
