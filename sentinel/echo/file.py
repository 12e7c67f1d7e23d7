"""One SQLite file for all an echo must remember over a restart.

Opened anew for every entry, so that a file that was taken away or made read-only is noticed at once: an echo that
cannot count refuses, it never pretends. No result of a knock is kept, and no address a reader could name: they are
blinded with the echo's own secret, and where a reader needs to know about where, a /24 or a /48 is beside it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar

from sentinel.echo.deny import Network
from sentinel.model.moment import Address


class File:
    """A few tables of the file; every method may raise `sqlite3.Error`, which means "not ready"."""

    schema: ClassVar[str]
    added: ClassVar[dict[str, dict[str, str]]] = {}
    """Table to columns that came later, with their types: a file of before receives them."""

    def __init__(self, path: Path, secret: bytes) -> None:
        self._path = path
        self._secret = secret

    def prepare(self) -> None:
        """Make the file, closed to others, and these tables in it."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        with self._open() as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(self.schema)
            for table, columns in self.added.items():
                _complete(db, table, columns)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Meanwhile an entry is not the last to close the file, which would write all of it to disk each time."""
        with self._open() as db:
            db.execute("SELECT 1 FROM sqlite_schema").fetchone()
            yield

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=0.25, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=NORMAL")
            yield db

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def _blind(self, address: Address | Network) -> bytes:
        packed = address.packed if isinstance(address, Address) else str(address).encode()
        return blake2b(packed, key=self._secret, digest_size=8).digest()


def _complete(db: sqlite3.Connection, table: str, columns: dict[str, str]) -> None:
    there = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
    for name in columns.keys() - there:
        db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")
