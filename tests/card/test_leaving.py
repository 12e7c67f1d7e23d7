"""What may not stay on a claimed card is written over before it goes, and nothing is lost on the way."""

import pytest

from sentinel.card import leaving
from tests.card.cards import SETTINGS, card

BAD = f"{SETTINGS}\n[practise\n".encode()


@pytest.fixture
def one(tmp_path):
    """A file with a mistake."""
    handed = card(tmp_path).settings
    handed.file.write_bytes(BAD)
    return handed


def test_what_is_removed_was_written_over(tmp_path):
    """A file that is only unlinked can be found again: another name of the same bytes shows them."""
    (tmp_path / ".Trash-1000/files").mkdir(parents=True)
    for name in ("FSCK0000.REC", ".Trash-1000/files/sentinel.toml"):
        path = tmp_path / name
        path.write_bytes(BAD * 1000)
        (tmp_path / f"{path.name}.seen").hardlink_to(path)

    leaving.erase(tmp_path / "FSCK0000.REC")
    leaving.erase(tmp_path / ".Trash-1000")

    assert sorted(each.name for each in tmp_path.iterdir()) == ["FSCK0000.REC.seen", "sentinel.toml.seen"]
    for each in tmp_path.iterdir():
        assert each.read_bytes() == bytes(len(BAD) * 1000)


def test_fat_tells_no_case_apart(tmp_path):
    """What lies there may be written either way."""
    names = {"FSCK0000.REC", "fsck0001.rec", "SENTINEL.TOML~", ".trash-0", "CODE-SENTINELLE.TXT"}
    for name in (*names, "config.txt", "SENTINEL.TOML"):
        (tmp_path / name).write_bytes(b"x")

    assert {each.name for each in leaving.left(tmp_path)} == names


def test_a_cut_while_it_is_covered_loses_nothing(one):
    """Half covered it is refused again: what was kept is not overwritten with that."""
    leaving.cover(one)
    for cut in range(0, len(BAD), 7):
        covered = one.file.read_bytes()
        with one.file.open("r+b") as file:
            file.write(covered[:cut] + BAD[cut:])

        leaving.cover(one)

        assert leaving.aside(one, one.file.name).read_bytes() == BAD
        assert one.file.read_bytes() == covered
        assert one.is_sealed(covered)


def test_another_refused_file_of_the_same_length_is_kept(one):
    """It is none that was covered in part."""
    leaving.cover(one)
    other = BAD.replace(b"3141", b"2718")
    one.file.write_bytes(other)

    leaving.cover(one)

    assert leaving.aside(one, one.file.name).read_bytes() == other


@pytest.mark.parametrize("raw", [b"x", b"[[", b"[practice\n"])
def test_what_is_left_of_it_says_nothing(one, raw):
    """Neither an empty document, which would be taken for a good one, nor a mistake."""
    one.file.write_bytes(raw)

    leaving.cover(one)

    assert one.file.stat().st_size == len(raw)
    assert one.given() is None


def test_a_good_file_ends_what_is_told(one):
    """Until then it is told where the refused one lies."""
    leaving.cover(one)
    assert [(each.file, each.detail) for each in leaving.told(one)] == [
        ("sentinel.toml", f"{one.kept}.refused"),
    ]

    leaving.forget(one)

    assert leaving.told(one) == []


def test_a_film_of_that_name_goes_without_a_copy(one, monkeypatch):
    """It would fill the data partition."""
    monkeypatch.setattr(leaving, "LARGEST", 100)

    leaving.cover(one)

    assert (one.file.exists(), leaving.kept_aside(one)) == (False, [])
    assert list(one.file.parent.iterdir()) == []
