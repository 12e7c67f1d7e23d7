"""From no file to the present schema, once, and again without harm."""

import sqlite3

import pytest

from sentinel.model.connection import Label
from sentinel.model.standing import Standing
from sentinel.store.archive import Archive
from sentinel.store.reading import Filter, opened
from tests.builders import connection, dicom, moment

TABLES = {
    "attempts",
    "box",
    "chapters",
    "connections",
    "exposures",
    "incidents",
    "machines",
    "networks",
    "outcomes",
    "runs",
    "sessions",
    "wrong_codes",
    "ledger",
    "anchors",
    "register",
    "acceptances",
    "settings",
    "password",
    "audit",
    "notices",
    "papers",
    "traits",
    "uplinks",
}


def tables(path) -> set[str]:
    with sqlite3.connect(path) as db:
        found = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    db.close()
    return {name for name in found if not name.startswith(("sqlite_", "_"))}


def test_an_empty_folder_becomes_a_store_and_stays_one(tmp_path):
    """Opened twice, the steps are taken once."""
    path = tmp_path / "sentinel.db"
    for _ in range(2):
        Archive(path, "boot-1").close()

    assert tables(path) == TABLES


def test_the_store_is_for_its_own_user_and_group(tmp_path):
    """It holds who came and went."""
    path = tmp_path / "sentinel.db"
    Archive(path, "boot-1").close()

    assert path.stat().st_mode & 0o777 == 0o640


def test_a_store_that_was_left_half_way_is_brought_up(tmp_path):
    """An earlier release, whose incidents did not know their boot."""
    path = tmp_path / "sentinel.db"
    Archive(path, "boot-1").close()
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE incidents DROP COLUMN boot")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'incidents_know_their_boot'")
    db.close()

    Archive(path, "boot-1").close()

    with sqlite3.connect(path) as db:
        assert "boot" in {row[1] for row in db.execute("PRAGMA table_info(incidents)")}
    db.close()


@pytest.mark.parametrize("content", [b"garbage, and no store at all" * 100, b"SQLite format 3\0" + bytes(4080)])
def test_what_is_no_store_is_refused_and_left_alone(tmp_path, content):
    """Never overwritten: it may be somebody's evidence."""
    path = tmp_path / "sentinel.db"
    path.write_bytes(content)

    with pytest.raises(OSError, match=r"sentinel\.db"):
        Archive(path, "boot-1")

    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_said(tmp_path):
    """With the path."""
    with pytest.raises(OSError, match="nowhere"):
        Archive(tmp_path / "nowhere" / "sentinel.db", "boot-1")


def test_a_store_that_a_later_release_has_changed_is_refused_by_its_name_and_not_touched(tmp_path):
    """Its tables may mean something else: to go on would spoil what the later release wants to find again."""
    path = tmp_path / "sentinel.db"
    Archive(path, "boot-1").close()
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO _sqlite_migrations VALUES (99, 'sentinel', 'from_tomorrow', '2027-01-01')")
        db.execute("INSERT INTO _sqlite_migrations VALUES (100, 'somebody else', 'theirs', '2027-01-01')")
    db.close()
    before = path.read_bytes()

    with pytest.raises(OSError, match=r"a later release has changed this store \(from_tomorrow\)"):
        Archive(path, "boot-1")
    assert path.read_bytes() == before


def test_a_store_from_before_machines_told_of_themselves_is_brought_up(tmp_path):
    """With its machines, of which nothing is known yet."""
    path = tmp_path / "sentinel.db"
    Archive(path, "boot-1").close()
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE machines DROP COLUMN vendor")
        db.execute("DROP TABLE traits")
        db.execute("DROP TABLE uplinks")
        db.execute(
            "INSERT INTO machines VALUES ('02:00:00:00:00:42', '192.168.1.66', 'arp', '2026', '2026', NULL)"
        )
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'what_machines_tell'")
    db.close()

    Archive(path, "boot-1").close()

    assert tables(path) == TABLES
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT mac, vendor FROM machines").fetchall() == [("02:00:00:00:00:42", None)]
    db.close()


def test_a_store_from_before_labels_gets_them_and_says_of_no_row_what_nobody_looked_at(tmp_path):
    """An association of that time was not seen in part: that was not looked at, and is not claimed."""
    path = tmp_path / "sentinel.db"
    archive = Archive(path, "boot-1")
    archive.begin_run("run-1", moment())
    archive.connection("run-1", connection(dicom=dicom(), label=Label.TLS), Standing.STRANGER)
    archive.commit()
    archive.close()
    with sqlite3.connect(path) as db:
        for column in ("label", "services_whole"):
            db.execute(f"ALTER TABLE connections DROP COLUMN {column}")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'what_is_spoken'")
    db.close()

    Archive(path, "boot-1").close()

    with opened(path) as reader:
        (row,) = reader.connections(Filter())
        assert (row.association, row.request, row.label) == ("accepted", None, None)
