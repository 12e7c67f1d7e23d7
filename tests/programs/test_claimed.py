"""The card's FAT partition follows the claim: the code comes to it, and every secret leaves it."""

import os
import tomllib
from contextlib import closing
from dataclasses import replace

import pytest

from sentinel.config import Config, Page
from sentinel.programs.claim import reception, shown_code
from sentinel.programs.claimed import is_claimed, settle
from sentinel.store.archive import Archive
from sentinel.store.sessions import Sessions
from tests.builders import START
from tests.card.cards import PRESEED, SETTINGS, card, places

SECRETS = ("3141-5926", "sentinel-echo", "ntfys:", "secret-word", "$y$", "horse battery")


@pytest.fixture
def prepared(tmp_path):
    """A card as the boot leaves it: both files laid, both kept."""
    made, own = card(tmp_path), places(tmp_path)
    (made.root / "etc/hostname").write_text("sentinel\n")
    for handed, words in ((made.settings, SETTINGS), (made.preseed, PRESEED)):
        handed.file.write_text(words, encoding="utf-8")
        handed.keep(handed.given() or {})
    return made, own


def claim(own, code="ABCD-EF23"):
    """A password is set, as on the page."""
    with closing(Archive(own.store, "boot-1")) as archive:
        desk = reception(archive, replace(Config(), page=Page(code=code)), own)
        desk.set_password("scrypt$…", START)


def on_the_fat(made):
    return {each.name: each.read_bytes() for each in made.fat.iterdir()}


def test_until_it_is_claimed_the_code_lies_on_the_card(prepared):
    """And the flasher's files as he left them."""
    made, own = prepared
    before = on_the_fat(made)

    settle(made, own, replace(Config(), page=Page(code="3141-5926")))

    assert "3141-5926" in made.code.read_text("utf-8-sig")
    assert on_the_fat(made) == {**before, made.code.name: made.code.read_bytes()}


def test_once_claimed_no_secret_is_on_the_fat(prepared):
    """Neither in a file nor in what stood there; the copies have everything the sentinel needs."""
    made, own = prepared
    settle(made, own, replace(Config(), page=Page(code="3141-5926")))
    claim(own)

    settle(made, own, Config())

    everything = b"".join(on_the_fat(made).values()).decode()
    assert sorted(on_the_fat(made)) == ["rpi-preseed.toml", "sentinel.toml"]
    assert [secret for secret in SECRETS if secret in everything] == []
    assert made.settings.stored() == tomllib.loads(SETTINGS)
    assert made.preseed.stored()["wlan"]["password"] == "correct horse battery"


def test_copies_that_were_left_on_the_card_go_too(prepared):
    """A draft that a cut broke off, what a file manager threw away, what an editor kept."""
    made, own = prepared
    (made.fat / ".Trash-1000/files").mkdir(parents=True)
    for name in (
        ".sentinel.toml.abc.new",
        "sentinel.toml~",
        "sentinel.toml.bak",
        ".Trash-1000/files/sentinel.toml",
        "FSCK0000.REC",
    ):
        (made.fat / name).write_text(SETTINGS)
    (made.fat / "config.txt").write_text("os_prefix=a/\n")
    claim(own)

    settle(made, own, Config())

    assert sorted(on_the_fat(made)) == ["config.txt", "rpi-preseed.toml", "sentinel.toml"]


def test_a_claimed_card_is_written_once(prepared):
    """The next start, and the next, write nothing."""
    made, own = prepared
    claim(own)
    settle(made, own, Config())
    before = {each: each.stat().st_mtime_ns for each in made.fat.iterdir()}
    os.utime(made.fat, (1, 1))

    settle(made, own, Config())

    assert {each: each.stat().st_mtime_ns for each in made.fat.iterdir()} == before
    assert made.fat.stat().st_mtime == 1


def test_a_new_code_comes_to_the_card(prepared):
    """The button takes the password away and leaves a code; the flasher's own is dead."""
    made, own = prepared
    claim(own)
    settle(made, own, Config())
    own.code.write_text("WXYZ-2345\n")

    assert not is_claimed(own)
    settle(made, own, replace(Config(), page=Page(code="3141-5926")))

    assert "WXYZ-2345" in made.code.read_text("utf-8-sig")
    assert "3141" not in made.code.read_text("utf-8-sig")


def test_a_code_the_flasher_adds_later_takes_the_place_of_ours(prepared):
    """As in `watch`, while nobody has claimed it: a note with another code would open nothing."""
    made, own = prepared
    settle(made, own, Config())
    assert own.code.exists()

    settle(made, own, replace(Config(), page=Page(code="3141-5926")))

    assert "3141-5926" in made.code.read_text("utf-8-sig")
    assert shown_code(replace(Config(), page=Page(code="3141-5926")), own) == "3141-5926"


def test_a_second_claim_clears_the_card_again(prepared):
    """As the first did."""
    made, own = prepared
    claim(own)
    own.code.write_text("WXYZ-2345\n")
    settle(made, own, Config())
    claim(own)

    settle(made, own, Config())

    assert is_claimed(own)
    assert not made.code.exists()


def test_the_mark_comes_after_the_code_has_gone(prepared):
    """The unit that waits for it must find everything settled."""
    _, own = prepared
    own.code.write_text("ABCD-EF23\n")
    os.utime(own.lasting, (1, 1))

    claim(own)

    assert own.claimed.exists()
    assert not own.code.exists()


def test_a_power_cut_before_the_mark_is_made_good_by_the_next_start(prepared):
    """The store knows that a password is set."""
    _, own = prepared
    with closing(Archive(own.store, "boot-1")) as archive:
        Sessions(archive, "ABCD-EF23").set_password("scrypt$…", START)
    assert not own.claimed.exists()

    with closing(Archive(own.store, "boot-2")) as archive:
        reception(archive, Config(), own)

    assert is_claimed(own)


def test_a_file_that_was_refused_leaves_the_card_and_is_kept_whole(prepared):
    """Its secrets are nowhere else, and one under a key that is spelt wrong is known to nobody."""
    made, own = prepared
    claim(own)
    settle(made, own, Config())
    bad = SETTINGS.replace("ntfys://ntfy.example.org/cabinet", "ntfys://ntfy.example.org/other") + "\n[practise]\n"
    made.settings.file.write_text(bad, encoding="utf-8")

    settle(made, own, Config())

    kept = made.data / "sentinel.toml.refused"
    assert (kept.read_text(encoding="utf-8"), kept.stat().st_mode & 0o777) == (bad, 0o600)
    assert made.settings.file.read_bytes().strip() == b"# retire - removed"
    assert str(kept) in made.mistakes.read_text("utf-8-sig")
    assert made.settings.stored() == tomllib.loads(SETTINGS)
    assert made.settings.given() is None


@pytest.mark.parametrize("raw", [b"\x00\x01secret-word", b"[practice\ncode = '3141-5926'\n", b"#" * (300 << 10)])
def test_what_cannot_be_read_leaves_the_card_and_is_kept_whole(prepared, raw):
    """And stops nothing else; what the start found wrong stays told."""
    made, own = prepared
    made.settings.file.write_bytes(raw)
    made.mistakes.write_bytes("line 1, column 10".encode("utf-8-sig"))
    claim(own)

    settle(made, own, Config())

    assert (made.data / "sentinel.toml.refused").read_bytes() == raw
    assert [secret for secret in SECRETS if secret.encode() in b"".join(on_the_fat(made).values())] == []
    assert made.settings.file.stat().st_size == len(raw)
    told = made.mistakes.read_text("utf-8-sig")
    assert "line 1, column 10" in told
    assert "sentinel.toml.refused" in told
    before = on_the_fat(made)
    settle(made, own, Config())
    assert on_the_fat(made) == before


def test_copies_under_other_names_leave_the_card_and_what_they_say_is_kept(prepared):
    """Windows and its editor make them; one that says the same as what is in force needs no keeping."""
    made, own = prepared
    names = ("Sentinel - Copie.toml", "sentinel (1).toml", "sentinel.toml.txt", "rpi-preseed (1).toml")
    for name in names:
        (made.fat / name).write_text("[notices]\npractice = ['ntfys://other']\n")
    (made.fat / "SENTINEL (2).TOML").write_text(SETTINGS, encoding="utf-8")
    claim(own)

    settle(made, own, Config())

    assert sorted(on_the_fat(made)) == ["ERREUR-SENTINELLE.txt", "rpi-preseed.toml", "sentinel.toml"]
    assert sorted(each.name for each in made.data.glob("*.refused")) == sorted(f"{name}.refused" for name in names)


def test_a_file_whose_name_windows_hid_is_kept_too(prepared):
    """There is no other."""
    made, own = prepared
    made.settings.file.rename(made.fat / "sentinel.toml.txt")
    made.settings.kept.unlink()
    claim(own)

    settle(made, own, Config())

    assert (made.data / "sentinel.toml.txt.refused").read_text(encoding="utf-8") == SETTINGS
    assert "sentinel.toml.txt" not in on_the_fat(made)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_code_belongs_to_whoever_owns_the_folder(prepared):
    """Root comes first at the first start; `watch` must be able to read it and take it away."""
    made, own = prepared
    os.chown(own.lasting, 12345, 12345)

    settle(made, own, Config())

    assert own.code.stat().st_uid == 12345


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("word", ["code only", "claimed before"])
def test_a_link_in_the_codes_place_leads_root_nowhere(prepared, word):
    """The page's and the watch's user can put one there: neither is its target told on the card nor given away."""
    made, own = prepared
    target = made.data / "ssh_host_ed25519_key"
    target.write_text("-----BEGIN PRIVATE KEY-----\n")
    os.chown(own.lasting, 12345, 12345)
    if word == "claimed before":
        own.claimed.write_bytes(b"")
    own.code.symlink_to(target)

    settle(made, own, Config())

    assert "PRIVATE" not in made.code.read_text("utf-8-sig")
    assert (target.stat().st_uid, target.read_text()) == (0, "-----BEGIN PRIVATE KEY-----\n")
    assert (own.code.is_symlink(), own.code.stat().st_uid) == (False, 12345)
    assert own.code.read_text().strip() in made.code.read_text("utf-8-sig")
