"""A file of the flasher, and the copy that stands for it once its secrets are gone."""

import tomllib

import pytest

from sentinel.card.cleaning import clean
from sentinel.card.handed import LARGEST, merged
from sentinel.card.refusal import NotTaken
from tests.card.cards import INVITATION, PRESEED, SETTINGS, card


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    """A card may hold a film of that name."""
    one = card(tmp_path).settings
    one.file.write_bytes(b"#" * (LARGEST + 1))

    with pytest.raises(NotTaken, match="256 KiB"):
        one.given()


def test_a_name_whose_end_windows_hid_is_told(tmp_path):
    """Notepad adds one of its own; where the right name is there too, it is a copy."""
    one = card(tmp_path).settings
    one.file.with_name("sentinel.toml.txt").write_text(SETTINGS)

    with pytest.raises(NotTaken, match="rename this file"):
        one.given()
    one.file.write_text(SETTINGS)
    assert one.given() == tomllib.loads(SETTINGS)


def test_a_folder_of_that_name_is_a_refusal(tmp_path):
    """As is anything else that cannot be read."""
    one = card(tmp_path).settings
    one.file.mkdir()

    with pytest.raises(NotTaken, match="directory"):
        one.given()


def cleaned(folder):
    one = card(folder).settings
    one.file.write_text(SETTINGS)
    given = one.given()
    assert given is not None
    one.keep(given)
    clean(one)
    return one


def test_the_copy_stands_for_a_file_that_was_cleaned(tmp_path):
    """Nothing new is on the card."""
    one = cleaned(tmp_path)

    assert one.given() is None
    assert one.stored() == tomllib.loads(SETTINGS)


def test_a_new_file_may_leave_out_the_secrets_it_cannot_know(tmp_path):
    """Whoever writes it has the cleaned one before him; what it says itself goes before."""
    one = cleaned(tmp_path)
    changed = (
        one.file.read_text()
        .replace("Sophie", "Paul")
        .replace("[notices]", '[notices]\npractice = ["ntfys://b/c"]')
    )
    one.file.write_text(changed)

    given = one.given()

    assert given is not None
    assert given["practice"]["contact"] == "Paul Martin"
    assert given["echo"]["invitation"] == INVITATION
    assert given["notices"]["practice"] == ["ntfys://b/c"]
    assert given["notices"]["technician"] == tomllib.loads(SETTINGS)["notices"]["technician"]


def test_an_empty_file_says_nothing(tmp_path):
    """A copy that was broken off must not take the last good settings along."""
    one = card(tmp_path).settings
    one.keep(tomllib.loads(SETTINGS))
    one.file.write_bytes(b"")

    assert one.given() is None
    assert not one.is_sealed(b"")


def test_before_the_claim_what_is_left_out_is_gone(tmp_path):
    """The file on the card is the only word there is."""
    one = card(tmp_path).settings
    one.keep(tomllib.loads(SETTINGS))
    one.file.write_text("[practice]\nname = 'x'\n")

    assert one.given() == {"practice": {"name": "x"}}


def test_a_copy_that_is_spoilt_leaves_the_file_that_is_left(tmp_path):
    """A failing card: less, and not nothing."""
    one = cleaned(tmp_path)
    one.kept.write_bytes(b"\0\0\0")

    given = one.given()

    assert given is not None
    assert given["practice"]["contact"] == "Sophie Martin"


def test_what_nothing_needs_is_not_kept(tmp_path):
    """The account's password hash of Imager, and the token of its remote access."""
    one = card(tmp_path).preseed
    one.file.write_text(PRESEED + '\n[connect]\nenabled = true\ntoken = "rpuak_secret"\n')

    given = one.given()

    assert given is not None
    one.keep(given)
    assert "$y$" not in one.kept.read_text()
    assert "rpuak" not in one.kept.read_text()
    assert given["wlan"]["password"] == "correct horse battery"


def test_documents_are_merged_key_by_key():
    """Within a section; a list is a whole."""
    under = {"page": {"port": 80, "host": "::"}, "a": [1], "b": 1}

    assert merged(under, {"page": {"port": 81}, "a": [2], "c": {"d": 1}}) == {
        "page": {"port": 81, "host": "::"},
        "a": [2],
        "b": 1,
        "c": {"d": 1},
    }
    assert under["page"] == {"port": 80, "host": "::"}
