"""The audit: a row for each act, bounded, and never in the way of the act itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.store import reading
from sentinel.store.archive import Archive
from sentinel.store.audit import AGAIN, Act, Audit
from tests.builders import START, moment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


@pytest.fixture
def audit(path: Path) -> Iterator[Audit]:
    with closing(Archive(path, "boot-1")) as archive:
        yield Audit(archive)


def act(seconds: float = 0, **more: str) -> Act:
    told = {"client": "192.168.1.20", "verb": "read", "who": "Anne", "detail": "incident=1", "reply": "done"}
    return Act(at=START + timedelta(seconds=seconds), **{**told, **more})


def kept(path: Path) -> list[tuple[str, str, str, str, str]]:
    with reading.opened(path) as reader:
        return [(each.client, each.verb, each.who, each.detail, each.reply) for each in reader.accounts.deeds()]


def test_an_act_is_a_row_at_once(audit, path):
    """Read by the page a moment later, the latest first."""
    audit.note(act())
    audit.note(act(1, verb="check", who="", detail="", reply="busy"))

    assert kept(path) == [
        ("192.168.1.20", "check", "", "", "busy"),
        ("192.168.1.20", "read", "Anne", "incident=1", "done"),
    ]


def test_a_cheap_refusal_is_written_once_a_quarter_of_an_hour(audit, path):
    """For each client and verb; a flood wears no card, and an act is never left out."""
    for second in range(200):
        audit.note(act(second, verb="login", reply="too_many"), cheap=True)
    audit.note(act(200, verb="login", reply="too_many", client="192.168.1.21"), cheap=True)
    audit.note(act(AGAIN.total_seconds(), verb="login", reply="too_many"), cheap=True)
    for second in range(3):
        audit.note(act(second))

    assert [row[1:] for row in kept(path)].count(("login", "Anne", "incident=1", "too_many")) == 3
    assert [row[1] for row in kept(path)].count("read") == 3


def test_rows_wait_for_a_store_that_is_locked(audit, path):
    """The answer is not held up, and nothing is lost."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        audit.note(act(verb="first"))
        audit.note(act(verb="second"))
        other.execute("ROLLBACK")
    audit.note(act(verb="third"))

    assert [row[1] for row in kept(path)] == ["third", "second", "first"]


def test_it_never_grows_beyond_its_bound(path):
    """The oldest rows go."""
    with closing(Archive(path, "boot-1")) as archive:
        audit = Audit(archive, most=5)
        for second in range(8):
            audit.note(act(second, detail=f"number={second}"))

    assert [row[3] for row in kept(path)] == [f"number={n}" for n in (7, 6, 5, 4, 3)]


def test_its_rows_go_with_the_network_log(path):
    """Addresses of browsers are kept no longer than the practice decided."""
    with closing(Archive(path, "boot-1")) as archive:
        audit = Audit(archive)
        audit.note(act(verb="old"))
        audit.note(act(40 * 24 * 3600, verb="new"))
        later = replace(moment(), wall=START + timedelta(days=41))
        for _ in archive.purge(later, timedelta(days=30)):
            archive.commit()
        archive.commit()

    assert [row[1] for row in kept(path)] == ["new"]
