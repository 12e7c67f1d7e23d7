"""What an echo must not forget of a door it has asked, so that a harm is never done twice.

A door is asked at most once a day, unless somebody presses a button. One that stopped answering after our question
is left alone for 90 days, whoever presses what, and whichever address the practice has by then.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address

from sentinel.echo.book import MARKS_KEPT_S, Book
from sentinel.echo.quota import DAY_S
from sentinel.model.declared import Identify
from sentinel.model.moment import Address

log = logging.getLogger("sentinel.echo")

ASKED, GONE = "asked", "gone"
ANYWHERE = IPv4Address(0)


class Memory:
    """Of the doors of one caller, at one address."""

    def __init__(self, book: Book, key: str, target: Address, wall: Callable[[], float]) -> None:
        """`wall`: seconds since 1970."""
        self._book = book
        self.key = key
        self._target = target
        self._wall = wall

    def spared(self, ports: Iterable[int], identify: str) -> set[int]:
        """The doors that must not be asked again now."""
        ports, now = set(ports), self._wall()
        spared = self._book.marked_among(GONE, self.key, ANYWHERE, ports, now - MARKS_KEPT_S)
        if identify != Identify.ALL:
            spared |= self._book.marked_among(ASKED, self.key, self._target, ports, now - DAY_S)
        return spared

    def will_ask(self, port: int) -> bool:
        """Write down that a door is about to be asked; one that could not be written down must not be."""
        return self._write(ASKED, self._target, port)

    def is_gone(self, port: int) -> None:
        """Write down that a door stopped answering after our question."""
        self._write(GONE, ANYWHERE, port)

    def _write(self, kind: str, target: Address, port: int) -> bool:
        try:
            self._book.mark(kind, self.key, target, port, self._wall())
        except sqlite3.Error as error:
            log.error("the book cannot be used: %s", error)
            return False
        return True
