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
from tests.builders import START


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
