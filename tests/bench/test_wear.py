"""The card of the bench counts what reaches it, and a short day is acted on it to its end."""

import os
from pathlib import Path

import pytest

from tests.bench import card, wear

WRITTEN = 1 << 20
"""Bytes."""


def test_what_reaches_the_card_is_counted_in_sectors_of_the_device(tmp_path: Path, lab_possible: None):
    """The file and the file system's own journal, and nothing while nobody writes."""
    with card.inserted(tmp_path) as inserted:
        before, _ = inserted.written()
        assert inserted.written()[0] - before < 32 << 10
        (inserted.folder / "file").write_bytes(os.urandom(WRITTEN))
        after, requests = inserted.written()

    assert WRITTEN <= after - before < 2 * WRITTEN
    assert requests > 0


def test_a_card_that_cannot_be_had_is_said_in_the_tools_words(tmp_path: Path, monkeypatch, lab_possible: None):
    """And what was begun is taken back."""
    monkeypatch.setattr(card, "SIZE", 4096)

    with pytest.raises(card.NoCardError, match="mke2fs"), card.inserted(tmp_path):
        pass

    assert str(tmp_path) not in Path("/proc/mounts").read_text()


def test_a_short_day_is_measured_to_its_end(tmp_path: Path, lab_possible: None):
    """Each act of it is done; how much that is in a day, only an hour can say."""
    [figure] = wear.measure(tmp_path, minutes=0.2, settles=0, batch=1)

    assert figure.value > 0
    assert figure.name == wear.called(0.2, checked=True)
    assert dict(figure.parts).keys() == set(wear.PROGRAMS)
    assert dict(figure.parts)["watch"] > dict(figure.parts)["listen"] == 0  # the page's log is not on the card
    assert " 0 " not in figure.note
