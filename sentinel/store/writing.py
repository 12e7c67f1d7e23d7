"""How statements reach the file: opening it for writing, and a row that can never be written."""

import logging
import sqlite3
from pathlib import Path

from sqlite_utils import Database

from sentinel.store import migrations, rows

BUSY_MS = 100
"""How long a locked store is waited for: the lamp must not hang on a reader's mistake."""
UNWRITABLE = (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, UnicodeEncodeError)
"""What is wrong with the row and not with the store."""

log = logging.getLogger(__name__)

Write = tuple[str, tuple[object, ...]]
"""A statement and its values."""


def open_store(path: Path) -> sqlite3.Connection:
    """The file, brought to the present schema.

    Raises:
        sqlite3.Error: it cannot be.
    """
    connection = sqlite3.connect(path, timeout=BUSY_MS / 1000)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # an incident on disk is on disk
        connection.execute("PRAGMA foreign_keys = ON")
        migrations.apply(Database(connection))
        connection.commit()
    except sqlite3.Error:
        connection.close()
        raise
    path.chmod(0o640)
    return connection


def statement(table: str, row: rows.Row, verb: str) -> Write:
    """A row as it is put: `INSERT`, `INSERT OR REPLACE` or `INSERT OR IGNORE`."""
    names = ", ".join(f'"{name}"' for name in row)
    blanks = ", ".join("?" * len(row))
    return f"{verb} INTO {table} ({names}) VALUES ({blanks})", tuple(row.values())


def put(db: sqlite3.Connection, write: Write) -> bool:
    """Inside a transaction; False where no store could ever take the row.

    Raises:
        sqlite3.Error: the store cannot take it now.
    """
    try:
        db.execute(*write)
    except UNWRITABLE as error:
        log.error("a row can never be written: %s", error)
        return False
    return True
