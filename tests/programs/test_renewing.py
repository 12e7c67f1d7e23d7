"""Word of an update is left in one small file, for the next start and for the page."""

import logging

import pytest

from sentinel.errors import NotReadable
from sentinel.model.renewal import Came, Lack, Renewal
from sentinel.places import Places
from sentinel.programs.renewing import Word, read, running_version
from tests.builders import moment


@pytest.fixture
def places(tmp_path) -> Places:
    made = Places(lasting=tmp_path, passing=tmp_path / "run")
    made.make()
    return made


def test_word_that_was_left_is_read(places, caplog):
    """And logged, in one line; the page's user may read it, others not."""
    caplog.set_level(logging.INFO)
    Word(places, moment, "0.2.0", "0.1.0").leave(Came.GIVEN_UP, lack=Lack.COPY, why="disk full")

    assert read(places) == Renewal(
        version="0.2.0", before="0.1.0", came=Came.GIVEN_UP, at=moment().wall, lack=Lack.COPY, why="disk full"
    )
    assert places.renewal.stat().st_mode & 0o777 == 0o640
    assert caplog.messages == ["update from 0.1.0 to 0.2.0: given_up disk full"]


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"came": "beamed up"}', b"[]"])
def test_what_cannot_be_understood_is_no_word(places, content):
    """A later release may have said it in its own way."""
    if content is not None:
        places.renewal.write_bytes(content)

    assert read(places) is None


def test_the_running_version_is_the_roots(tmp_path):
    """Not the program's opinion of itself."""
    (tmp_path / "version").write_text("0.1.0\n")

    assert running_version(tmp_path / "version") == "0.1.0"
    with pytest.raises(NotReadable, match="does not say which version is running"):
        running_version(tmp_path / "missing")
