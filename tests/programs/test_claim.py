"""The claim code: made once, shown at the console until a password is set, and gone for good then."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sentinel.config import Config, Page
from sentinel.places import Places
from sentinel.programs.claim import reception, shown_code
from sentinel.store.archive import Archive
from sentinel.store.sessions import Sessions
from tests.builders import START, moment


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(lasting=tmp_path / "var", passing=tmp_path / "run")
    made.make()
    return made


def test_the_code_is_made_once_and_read_by_nobody_else(places):
    """Two starts, one code."""
    first, second = (shown_code(Config(), places) for _ in range(2))

    assert first == second == places.code.read_text().strip()
    assert places.code.stat().st_mode & 0o077 == 0


def test_the_code_of_the_file_is_taken_where_there_is_one(places):
    """And none is written."""
    assert shown_code(replace(Config(), page=Page(code="3141-5926")), places) == "3141-5926"
    assert not places.code.exists()


@pytest.mark.parametrize("code", ["", "3141-5926"])
def test_once_claimed_no_code_is_shown_made_or_left(places, code):
    """Not even where a power cut had left its file."""
    config = replace(Config(), page=Page(code=code))
    with closing(Archive(places.store, "boot-1")) as archive:
        Sessions(archive, "ABCD-EF23").set_password("scrypt$…", START)
        places.code.write_text("ABCD-EF23\n")

        reception(archive, config, places)

    assert not places.code.exists()
    assert shown_code(config, places) == ""
    assert not places.code.exists()


@pytest.mark.parametrize("code", ["", "3141-5926"])
def test_after_a_forgotten_password_a_code_made_here_claims_it(places, code):
    """Whatever the file says, and after a restart too: the old code may be on a photograph."""
    config = replace(Config(), page=Page(code=code))
    with closing(Archive(places.store, "boot-1")) as archive:
        sessions = reception(archive, config, places)
        sessions.set_password("scrypt$…", START)
        sessions.forget_password(moment(), "somebody")
        made = places.code.read_text().strip()
        assert sessions.names[0] == made != code

    with closing(Archive(places.store, "boot-2")) as archive:
        sessions = reception(archive, config, places)
        assert (sessions.password, sessions.is_forgotten) == ("", True)
        assert sessions.enter(made, "192.168.1.20", START).token
        assert not sessions.enter(code or "3141-5926", "192.168.1.20", START).token
    assert shown_code(config, places) == made


def test_a_code_that_cannot_be_written_leaves_the_password(places):
    """Nobody is shut out by a full disk."""
    with closing(Archive(places.store, "boot-1")) as archive:
        sessions = reception(archive, Config(), places)
        sessions.set_password("scrypt$…", START)
        places.code.mkdir()

        with pytest.raises(OSError, match="CODE"):
            sessions.forget_password(moment(), "somebody")

        assert sessions.password == "scrypt$…"
