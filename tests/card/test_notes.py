"""What a sentinel writes on its card for people: both languages, readable by the oldest editor."""

import pytest

from sentinel.card.notes import Board, board, code_note, is_new, mistakes_note, put
from sentinel.card.refusal import Refused, Why
from sentinel.text import LANGUAGES
from tests.card.cards import card


def test_the_board_is_told_by_its_numbers(tmp_path):
    """Two sentinels of one name differ in the box's list by their MAC address, and by the sticker."""
    made = card(tmp_path)

    assert board(made.root, "sentinel") == Board(
        name="sentinel", serial="10000000abcd1234", macs=("dc:a6:32:00:00:01",)
    )
    assert board(tmp_path / "nowhere", "x") == Board(name="x")


def test_a_virtual_network_card_is_none(tmp_path):
    """The loopback has an address too."""
    made = card(tmp_path)
    loopback = made.root / "sys/class/net/lo"
    loopback.mkdir()
    (loopback / "address").write_text("00:00:00:00:00:00\n")

    assert board(made.root, "sentinel").macs == ("dc:a6:32:00:00:01",)


def test_the_code_comes_with_the_way_to_the_page(tmp_path):
    """In French first; address, name, MAC and serial number in it."""
    note = code_note("ABCD-EF23", Board(name="sentinel", serial="1234", macs=("dc:a6:32:00:00:01",)))

    assert note.index("Code d’accès") < note.index("Access code")
    for part in ("ABCD-EF23", "http://sentinel.local", "dc:a6:32:00:00:01", "1234"):
        assert note.count(part) == 2


def test_a_note_is_written_as_windows_reads_it(tmp_path):
    """With its mark and its line ends; and only when something has changed."""
    path = tmp_path / "note.txt"
    note = code_note("ABCD-EF23", Board(name="sentinel"))

    assert is_new(note, path)
    put(note, path)

    assert not is_new(note, path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfSENTINELLE DE CABINET\r\n")
    assert is_new(note.replace("AB", "XY"), path)


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_its_words(why):
    """A new one comes with them, or this fails: a missing key is an error in the tests."""
    note = mistakes_note([Refused(file="sentinel.toml", why=why, detail="page.port")])

    assert note.count("page.port") >= len(LANGUAGES) or why in (Why.BINARY, Why.LARGE)
