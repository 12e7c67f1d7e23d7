"""What the session desk writes: on disk before the answer is given; what waits for its batch goes on waiting."""

import sqlite3
from collections.abc import Iterable

from sentinel.model.ledger import EntryKind
from sentinel.model.moment import Moment
from sentinel.store.ledger import Ledger
from sentinel.store.writing import Write


class AtOnce:
    """Part of `archive.Archive`: its short transactions."""

    _db: sqlite3.Connection
    ledger: Ledger

    def at_once(self, statement: str, values: Iterable[object]) -> list[tuple[object, ...]]:
        """One statement of the session desk, committed before it returns.

        Raises:
            OSError: the store could not be written.
        """
        try:
            with self._db:
                return self._db.execute(statement, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise OSError(str(error)) from error

    def together(self, *writes: Write, entry: tuple[EntryKind, Moment, dict[str, object]] | None = None) -> None:
        """Statements of the session desk and the journal's line of them, in one transaction; what waits waits.

        Raises:
            OSError: the store could not be written; nothing of it was.
        """
        try:
            with self._db:
                for write in writes:
                    self._db.execute(*write)
                if entry is not None:
                    kind, at, told = entry
                    self.ledger.write_one(kind, at.wall, told)
        except sqlite3.Error as error:
            raise OSError(str(error)) from error
        if entry is not None:
            self.ledger.settle_one()
