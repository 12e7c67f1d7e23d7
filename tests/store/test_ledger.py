"""What the journal tells, that it is one transaction with the row it tells, and that the chain has no break."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.ledger import FIRST, Entry, EntryKind, next_entry
from sentinel.model.passing import NetworkAnswer
from sentinel.store.archive import Archive
from sentinel.store.ledger import entries
from tests.builders import incident, moment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    kept = Archive(path, "boot-1")
    yield kept
    kept.close()


def chapter(seconds: float = 0, **more: Any) -> Chapter:
    about = {"incident": 1, "code": Code.STRANGER_CONNECTED, "grade": Grade.CONNECTED, "level": Level.ALARM}
    return Chapter(**about | {"at": moment(seconds)} | more)


def told(path: Path) -> list[Entry]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return list(entries(db))


def rows_of(path: Path, table: str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def keep(archive: Archive, *changes: tuple[Incident, Chapter | None]) -> None:
    for change in changes:
        archive.incident(*change)
    archive.commit()


def test_every_line_of_a_timeline_is_an_entry_and_each_holds_the_one_before(archive, path):
    """From 64 zeros on, numbered without a gap."""
    keep(archive, (incident(), chapter()))
    keep(archive, (incident(count=2), chapter(1)), (incident(count=3, read=moment(2)), chapter(2, who="Léa")))

    found = told(path)

    assert [each.number for each in found] == [1, 2, 3]
    assert [each.before for each in found] == [FIRST, found[0].hash, found[1].hash]
    assert all(each.is_whole for each in found)
    assert json.loads(found[2].body)["chapters"][0]["who"] == "Léa"
    assert archive.ledger.head == found[2].hash


def test_a_restart_goes_on_where_the_chain_ended(archive, path):
    """And knows what was told."""
    keep(archive, (incident(), chapter()))
    archive.close()

    again = Archive(path, "boot-2")
    (known,) = again.incidents(moment(60))
    keep(again, (replace(known, last=moment(60)), None))
    assert len(told(path)) == 1
    keep(again, (replace(known, last=moment(61)), chapter(61)))

    assert [each.before for each in told(path)] == [FIRST, told(path)[0].hash]
    again.close()


def test_row_and_entry_are_one_transaction(archive, path):
    """Where the journal cannot be written the row is not there either, and both are tried again."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TRIGGER no BEFORE INSERT ON ledger BEGIN SELECT RAISE(ABORT, 'no'); END")
        other.commit()
        archive.incident(incident(), chapter())
        with pytest.raises(OSError, match="no"):
            archive.commit()
        assert (rows_of(path, "incidents"), rows_of(path, "chapters"), len(told(path))) == (0, 0, 0)
        assert archive.ledger.head == FIRST

        other.execute("DROP TRIGGER no")
        other.commit()
    archive.commit()

    assert (rows_of(path, "incidents"), rows_of(path, "chapters"), len(told(path))) == (1, 1, 1)


def test_the_disk_is_waited_for(archive):
    """`synchronous` is FULL (2) on the very connection that commits: an incident on disk is on disk."""
    assert archive.at_once("PRAGMA synchronous", ()) == [(2,)]
    assert archive.at_once("PRAGMA journal_mode", ()) == [("wal",)]


def test_an_act_is_told_beside_its_row(archive, path):
    """Who said it, and what."""
    archive.network(NetworkAnswer(network="10.8.0.0/24", ours=True, who="Sophie", at=moment()))
    archive.tell(EntryKind.SETTING, moment(1), section="notices", who="Sophie")
    archive.commit()

    network, setting = told(path)
    assert (network.kind, json.loads(network.body)) == (
        "network",
        {"network": "10.8.0.0/24", "ours": True, "who": "Sophie"},
    )
    assert (setting.kind, json.loads(setting.body)) == ("setting", {"section": "notices", "who": "Sophie"})


def test_counts_are_told_when_they_have_doubled_and_the_rest_once_a_day(archive, path):
    """10,000 visits are 14 entries and not 10,000, and at the day's end the journal knows the exact number."""
    keep(archive, (incident(), chapter()))
    for count in range(2, 10_001):
        archive.incident(incident(count=count), None)
    archive.commit()
    assert [json.loads(each.body)["incident"]["count"] for each in told(path)][-2:] == [4096, 8192]
    assert len(told(path)) == 14

    archive.tell_moved(moment(60))
    archive.tell_moved(moment(61))
    archive.commit()

    assert json.loads(told(path)[-1].body)["incident"]["count"] == 10_000
    assert len(told(path)) == 15


@pytest.mark.parametrize(
    "change", [{"machine": None}, {"nature": None, "grade": Grade.QUERIED}, {"calling": "ZZ"}, {"read_by": "Léa"}]
)
def test_whatever_else_changes_is_told_at_once(archive, path, change):
    """Also without a line in the timeline: an edit of it would be seen."""
    keep(archive, (incident(), chapter()))
    keep(archive, (incident(**change), None))

    assert len(told(path)) == 2


def test_a_closed_story_is_not_told_again(archive, path):
    """It is told once when it closes."""
    keep(archive, (incident(), chapter()))
    keep(archive, (incident(count=2, state=IncidentState.CLOSED, closed=moment(9)), chapter(9)))
    archive.tell_moved(moment(60))
    archive.commit()

    assert len(told(path)) == 2


def test_the_next_entry_follows_the_rule_and_not_the_table(archive, path):
    """An entry made by the rule alone is the one that was written."""
    at = moment()
    archive.tell(EntryKind.STARTED, at, version="0")
    archive.commit()

    (entry,) = told(path)
    assert entry == next_entry((0, FIRST), entry.at, EntryKind.STARTED, {"version": "0"})
    assert at.since(moment()) == timedelta(0)


def test_answers_of_a_release_without_a_journal_are_its_first_entries(archive, path):
    """Whose a network is was kept before there was a journal: no start takes it for an edit."""
    archive.network(NetworkAnswer(network="10.99.0.0/24", ours=True, who="A", at=moment(2)))
    keep(archive)
    archive.at_once("DELETE FROM ledger", ())
    archive.close()
    for boot in ("boot-2", "boot-3"):
        again = Archive(path, boot)
        again.incidents(moment(60))
        again.commit()
        assert len(again.known_networks()) == 1
        again.close()

    assert [(each.kind, each.at) for each in told(path)] == [("network", "2026-03-02T09:00:02.000000Z")]


def test_a_store_of_a_release_without_a_journal_is_taken_over(archive, path):
    """Its incidents, their lines and the alarms of the register are the first that is told; once."""
    keep(archive, (incident(), chapter()), (incident(number=2, level=Level.ATTENTION), chapter(incident=2)))
    archive.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM ledger")
        db.execute("DELETE FROM register")
        db.commit()

    for boot in ("boot-2", "boot-3"):
        again = Archive(path, boot)
        again.incidents(moment(60))
        again.commit()
        again.close()

    assert [(each.kind, len(json.loads(each.body)["chapters"])) for each in told(path)] == [
        ("alarm", 1),
        ("incident", 1),
    ]
    assert rows_of(path, "register") == 1
