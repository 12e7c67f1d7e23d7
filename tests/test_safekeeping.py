"""The commands for what a sentinel knows, as somebody types them."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sentinel.__main__ import main
from sentinel.model.ledger import EntryKind
from sentinel.safekeeping import PASSPHRASE
from sentinel.store.archive import Archive
from tests.builders import moment

SECRET = "correct horse"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sentinel in `var`, and a folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(PASSPHRASE, raising=False)
    Path("var").mkdir()
    archive = Archive(Path("var/sentinel.db"), "boot")
    archive.tell(EntryKind.STARTED, moment())
    archive.commit()
    archive.close()
    return tmp_path


def said(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, list(words), input=typed)


def test_a_passphrase_is_typed_twice_and_never_shown(folder):
    """Two that differ are asked for again; a short one is refused."""
    done = said("backup", "b", "--passphrase", typed=f"{SECRET}\nother words\n{SECRET}\n{SECRET}\n")
    assert done.exit_code == 0, done.output
    assert SECRET not in done.output

    assert said("backup", "c", "--passphrase", typed="short\nshort\n").exit_code == 2
    assert not Path("c").exists()
    assert said("--dir", "new", "restore", "b", "--passphrase", typed="wrong words\n").exit_code == 65
    assert said("--dir", "new", "restore", "b", "--passphrase", typed=f"{SECRET}\n").exit_code == 0


def test_a_sentinel_is_ended_by_its_name_or_by_yes(folder):
    """Another name ends nothing."""
    Path("sentinel.toml").write_text('[practice]\nname = "Cabinet des Lilas"\n')

    done = said("close", "out", typed="cabinet\n")
    assert (done.exit_code, Path("var/sentinel.db").exists()) == (65, True)
    assert "'Cabinet des Lilas'" in done.output

    done = said("close", "out", typed="Cabinet des Lilas\n")
    assert (done.exit_code, Path("var/sentinel.db").exists()) == (0, False), done.output
    assert Path("out/journal.jsonl").exists()


def test_yes_asks_nobody(folder):
    """For a script."""
    assert said("close", "out", "--yes").exit_code == 0
    assert not Path("var/sentinel.db").exists()


@pytest.mark.parametrize("words", [("verify",), ("verify", "file.zip", "--store")])
def test_either_a_file_or_the_store_is_verified(folder, words):
    """Not neither, and not both."""
    done = said(*words)

    assert (done.exit_code, "either a FILE or --store" in done.output) == (2, True)


def test_the_store_is_verified_in_the_language_of_the_page(folder):
    """French where nobody said otherwise; consistent, not anchored is an exit code of its own."""
    french, english = said("verify", "--store"), said("verify", "--store", "--lang", "en")

    assert (french.exit_code, english.exit_code) == (3, 3)
    assert "COHÉRENT, NON ANCRÉ" in french.output
    assert "CONSISTENT, NOT ANCHORED" in english.output
