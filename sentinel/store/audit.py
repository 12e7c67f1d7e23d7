"""Who did what on the page: a row for every act and every refused try, without any secret of it.

A row never holds up the answer it is about: where the store cannot be written the rows wait in memory. A refusal
that costs nothing to provoke is written once a quarter of an hour, so that a flood wears no card.
"""

import contextlib
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from sentinel.store import rows
from sentinel.store.archive import Archive

MOST = 10_000
"""Rows that are kept, whatever their age; the older ones go with the network log (`store.retention`)."""
WAITING = 1000
"""Rows that may wait for a store that cannot be written; the oldest go first."""
AGAIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One row."""

    at: datetime
    client: str
    """The browser's address; empty: the command line."""
    verb: str
    who: str
    """The name that was typed, where the form asks for one."""
    detail: str
    """What it was about, as `incident=3 port=104`."""
    reply: str


class Audit:
    """The rows on their way to the store."""

    def __init__(self, archive: Archive, most: int = MOST) -> None:
        self._archive = archive
        self._most = most
        self._waiting: deque[Act] = deque(maxlen=WAITING)
        self._told: dict[tuple[str, str, str], datetime] = {}

    def note(self, act: Act, *, cheap: bool = False) -> None:
        """Write one row; a `cheap` one not again within a quarter of an hour."""
        if cheap and self._is_repeated(act):
            return
        self._waiting.append(act)
        with contextlib.suppress(OSError):  # then they go with the next act
            while self._waiting:
                self._write(self._waiting[0])
                self._waiting.popleft()

    def _is_repeated(self, act: Act) -> bool:
        what = (act.client, act.verb, act.reply)
        last = self._told.get(what)
        if last is not None and timedelta(0) <= act.at - last < AGAIN:
            return True
        if len(self._told) > WAITING:
            self._told.clear()
        self._told[what] = act.at
        return False

    def _write(self, act: Act) -> None:
        self._archive.at_once(
            "INSERT INTO audit (at, client, verb, who, detail, reply) VALUES (?, ?, ?, ?, ?, ?)",
            (rows.text(act.at), act.client, act.verb, act.who, act.detail, act.reply),
        )
        self._archive.at_once(
            "DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?", (self._most,)
        )
