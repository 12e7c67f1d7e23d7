"""The store of before an update: whole or not at all, and told from one that a later release has changed."""

import sqlite3
from contextlib import closing

import pytest

from sentinel.model.standing import Standing
from sentinel.store.archive import Archive
from sentinel.store.kept import Held, copy, held, is_ours
from tests.builders import connection, moment


def store(folder, visits: int = 3):
    """One with so many connections, closed cleanly."""
    folder.mkdir(exist_ok=True)
    archive = Archive(folder / "sentinel.db", "boot-1")
    archive.begin_run("run", moment())
    for serial in range(visits):
        archive.connection("run", connection(serial=serial), Standing.STRANGER)
    archive.commit()
    archive.close()
    return folder / "sentinel.db"


def from_tomorrow(path) -> None:
    """A later release takes a step with it."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO _sqlite_migrations VALUES (99, 'sentinel', 'from_tomorrow', '2027-01-01')")
        db.execute("ALTER TABLE incidents RENAME COLUMN first TO began")


def test_a_copy_holds_what_the_store_held(tmp_path):
    """In one file, with nothing beside it."""
    path = store(tmp_path)

    copy(path, tmp_path / "copy")

    assert held(tmp_path / "copy") == held(path) == Held(connections=3, incidents=0)
    assert is_ours(tmp_path / "copy")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy", "sentinel.db"]


def test_what_lies_in_the_log_of_a_power_cut_is_copied_too(tmp_path):
    """The copy is of the store, not of its file."""
    path = store(tmp_path / "one")
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_autocheckpoint = 0")
    with db:
        db.execute("DELETE FROM connections WHERE serial = 0")
    for name in ("sentinel.db", "sentinel.db-wal"):
        (tmp_path / name).write_bytes((tmp_path / "one" / name).read_bytes())
    db.close()

    copy(tmp_path / "sentinel.db", tmp_path / "copy")

    assert held(tmp_path / "copy") == Held(connections=2, incidents=0)


def test_a_store_that_cannot_be_read_leaves_no_copy(tmp_path):
    """And the reason is told."""
    (tmp_path / "sentinel.db").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)

    with pytest.raises(OSError, match="the store cannot be copied"):
        copy(tmp_path / "sentinel.db", tmp_path / "copy")
    assert [each.name for each in tmp_path.iterdir()] == ["sentinel.db"]


def test_no_room_for_a_copy_leaves_none(tmp_path):
    """Nowhere to write it."""
    path = store(tmp_path)

    with pytest.raises(OSError, match="the store cannot be copied"):
        copy(path, tmp_path / "missing" / "copy")


def test_a_store_of_a_later_release_is_not_ours(tmp_path):
    """Nor one that is damaged, nor one that is none."""
    path = store(tmp_path)
    assert is_ours(path)
    from_tomorrow(path)
    assert not is_ours(path)

    damaged = store(tmp_path / "damaged", visits=400)
    raw = bytearray(damaged.read_bytes())
    raw[8192:40_000] = bytes(31_808)
    damaged.write_bytes(raw)
    assert not is_ours(damaged)

    (tmp_path / "none").write_text("not a store at all, " * 99)
    assert not is_ours(tmp_path / "none")


def test_what_cannot_be_counted_is_not_none(tmp_path):
    """A store nobody can read may hold anything."""
    (tmp_path / "none").write_text("not a store at all, " * 99)

    assert held(tmp_path / "none") is None
    assert held(tmp_path / "missing") is None
