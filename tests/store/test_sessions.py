"""Who is let in: five tries in fifteen minutes, tokens kept as hashes, both surviving a restart."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.store.archive import Archive
from sentinel.store.sessions import LASTS, Sessions
from tests.builders import START

CODE = "ABCD-EF23"
PHONE, LAPTOP = "192.168.1.20", "192.168.1.21"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


@pytest.fixture
def desk(path: Path) -> Iterator[Sessions]:
    with closing(Archive(path, "boot-1")) as archive:
        yield Sessions(archive, CODE)


@pytest.mark.parametrize("typed", [CODE, "abcdef23", " abcd ef23 ", "ABCD‑EF23"])
def test_a_code_is_taken_as_people_type_it(desk, typed):
    """Case, spaces and dashes do not count."""
    assert desk.knows(desk.enter(typed, PHONE, START).token, START)


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCD-EF24", "ABCD-EF233", "-" * 9, "ÄBCD-EF23"])
def test_a_wrong_code_lets_nobody_in(desk, typed):
    """Without a word about what was wrong with it."""
    entry = desk.enter(typed, PHONE, START)

    assert (entry.token, entry.wait) == ("", timedelta(0))


def test_after_five_wrong_codes_even_the_right_one_waits(desk):
    """Until the first of them is fifteen minutes old; another client is not kept waiting."""
    for second in range(5):
        desk.enter("wrong", PHONE, START + timedelta(seconds=second))

    entry = desk.enter(CODE, PHONE, START + timedelta(seconds=10))

    assert (entry.token, entry.wait) == ("", timedelta(minutes=14, seconds=50))
    assert desk.enter(CODE, LAPTOP, START + timedelta(seconds=10)).token
    assert desk.enter(CODE, PHONE, START + timedelta(minutes=15)).token


def test_four_wrong_codes_are_forgiven(desk):
    """People mistype."""
    for _ in range(4):
        desk.enter("wrong", PHONE, START)

    assert desk.enter(CODE, PHONE, START).token


def test_the_count_survives_a_restart(path):
    """Pulling the plug is no way around it."""
    with closing(Archive(path, "boot-1")) as archive:
        for _ in range(5):
            Sessions(archive, CODE).enter("wrong", PHONE, START)
    with closing(Archive(path, "boot-2")) as archive:
        assert Sessions(archive, CODE).enter(CODE, PHONE, START).wait


def test_a_login_lasts_thirty_days_and_ends_when_it_is_left(desk):
    """And a restart does not end it."""
    token = desk.enter(CODE, PHONE, START).token

    assert desk.knows(token, START + LASTS - timedelta(seconds=1))
    assert not desk.knows(token, START + LASTS)
    desk.leave(token)
    assert not desk.knows(token, START)
    assert not desk.knows("", START)


def test_tokens_are_long_and_kept_as_hashes(desk, path):
    """A copy of the store opens no page."""
    tokens = {desk.enter(CODE, PHONE, START).token for _ in range(20)}

    assert len(tokens) == 20
    assert all(len(token) >= 43 for token in tokens)
    with closing(sqlite3.connect(path)) as db:
        kept = {token for (token,) in db.execute("SELECT token FROM sessions")}
    assert not kept & tokens


def test_where_tries_cannot_be_recorded_nobody_is_let_in(desk, path):
    """A locked store must not become a way to try forever."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for typed in ("wrong", CODE):
            with pytest.raises(OSError, match="locked"):
                desk.enter(typed, PHONE, START)
        other.execute("ROLLBACK")


def test_a_login_does_not_write_what_waits_for_its_batch(path):
    """The desk's statement is committed alone."""
    from sentinel.model.standing import Standing
    from tests.builders import connection

    with closing(Archive(path, "boot-1")) as archive:
        archive.connection("run-1", connection(), Standing.STRANGER)
        Sessions(archive, CODE).enter(CODE, PHONE, START)
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("SELECT count(*) FROM connections").fetchone() == (0,)
        assert len(archive) == 1
