"""The store as it was before a new release touched it: kept, counted against, looked at before it is put back."""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sentinel.store.migrations import unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How much is in a store."""

    connections: int
    incidents: int


def copy(store: Path, to: Path) -> None:
    """One moment of it, whole or not at all; nobody else is writing.

    Raises:
        OSError: it cannot be read, or there is no room for it.
    """
    draft = to.with_name(f"{to.name}.new")
    draft.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(store)) as db, closing(sqlite3.connect(draft)) as taken:
            db.backup(taken)
            taken.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
        _settle(draft)
        draft.replace(to)
        _settle(to.parent)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        raise OSError(f"the store cannot be copied: {error}") from error


def is_ours(store: Path) -> bool:
    """Whether this release can go on with it: it can be read, and no later one has changed it."""
    try:
        with closing(sqlite3.connect(store)) as db:
            return not unknown(db) and db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except sqlite3.Error:
        return False


def held(store: Path) -> Held | None:
    """What is in it; nothing where it cannot be counted, which is not none."""
    way = "mode=ro" if store.with_name(f"{store.name}-wal").exists() else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{store.absolute().as_uri()}?{way}", uri=True)) as db:
            counted = (db.execute(f"SELECT count(*) FROM {name}") for name in ("connections", "incidents"))  # noqa: S608
            connections, incidents = (int(each.fetchone()[0]) for each in counted)
    except sqlite3.Error:
        return None
    return Held(connections=connections, incidents=incidents)


def _settle(path: Path) -> None:
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
