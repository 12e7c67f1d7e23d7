"""Accepted doors on disk: what pages see of them, and what a restart reads back."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.model.acting import Withdrawal
from sentinel.model.ledger import EntryKind
from sentinel.store.acceptances import Standing
from sentinel.store.archive import Archive
from sentinel.store.reading import opened
from tests.builders import moment
from tests.judgement.test_granted import acceptance

DAY = 86_400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    with closing(Archive(path, "boot-1")) as kept:
        yield kept


def withdraw(number: int, who: str = "Anne", at: float = 60) -> Withdrawal:
    return Withdrawal(number=number, who=who, at=moment(at))


def test_pages_see_what_holds_what_ended_and_what_was_withdrawn(archive, path):
    """The newest first; who withdrew it and when stays known, and the first one counts."""
    archive.acceptance(acceptance(1, days=-1))
    archive.acceptance(acceptance(2, days=30, window=True))
    archive.acceptance(acceptance(3, days=30, source=None))
    archive.withdrawal(withdraw(3))
    archive.withdrawal(withdraw(3, "Paul", 90))
    archive.commit()

    with opened(path) as reader:
        found = reader.acceptances()

    assert [(each.acceptance.number, each.stands(moment().wall)) for each in found] == [
        (3, Standing.WITHDRAWN),
        (2, Standing.VALID),
        (1, Standing.ENDED),
    ]
    assert (found[0].withdrawn, found[0].withdrawn_by) == (moment(60).wall, "Anne")
    kept = replace(found[1].acceptance, at=moment())
    assert kept == acceptance(2, days=30, window=True)


def test_the_end_itself_is_over(archive, path):
    """To the moment."""
    archive.acceptance(acceptance(1, days=1))
    archive.commit()
    with opened(path) as reader:
        (found,) = reader.acceptances()

    assert found.stands(moment(DAY - 1).wall) is Standing.VALID
    assert found.stands(moment(DAY).wall) is Standing.ENDED


def test_a_restart_reads_back_what_holds_or_may_hold_again(archive):
    """What ended long ago is history, unless the file still says it; ages are of this boot's clock."""
    archive.acceptance(acceptance(1, days=-9))
    archive.acceptance(acceptance(2, days=-7))
    archive.acceptance(acceptance(3, days=-9, from_file=True))
    archive.acceptance(acceptance(4, made=-DAY))
    archive.commit()

    now = replace(moment(), boot=timedelta(minutes=3))
    found = archive.acceptances(now)

    assert [each.acceptance.number for each in found] == [2, 3, 4]
    assert found[-1].acceptance.at.boot == timedelta(minutes=3) - timedelta(days=1)
    assert archive.next_acceptance() == 5


def test_the_journal_tells_both(archive, path):
    """Who accepted what, and who took it back."""
    archive.acceptance(acceptance(1))
    archive.withdrawal(withdraw(1))
    archive.commit()

    with closing(sqlite3.connect(path)) as db:
        told = {kind: json.loads(body) for kind, body in db.execute("SELECT kind, body FROM ledger")}

    assert told[EntryKind.ACCEPTED]["why"] == "télémaintenance"
    assert told[EntryKind.WITHDRAWN] == {"number": 1, "who": "Anne"}
