"""The end: what must be kept has left before anything is wiped, and nothing is wiped by mistake."""

import json
from pathlib import Path

import pytest

from sentinel.config import Config, Practice
from sentinel.errors import MissingDevice, NotReadable
from sentinel.evidence.verify import Chain
from sentinel.model.ledger import EntryKind, read_line
from sentinel.places import Places
from sentinel.programs.alone import alone
from sentinel.programs.closing import close
from sentinel.reach import keys
from sentinel.store.archive import Archive
from tests.builders import incident, moment

CONFIG = Config(practice=Practice(name="Cabinet des Lilas"))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(lasting=tmp_path / "var", passing=tmp_path / "run")
    made.make()
    keys.own_key(made.lasting)
    keys.keep(
        made.lasting,
        keys.Echo(host="echo.example", port=443, key_id="ed25519:a", keys=(b"k" * 32,), vantage="a"),
    )
    made.papers.mkdir()
    (made.papers / "mois-2026-02.pdf").write_bytes(b"%PDF")
    made.code.write_text("CODE")
    made.anchors.write_text('{"asked_at":"2026"}\n')
    archive = Archive(made.store, "boot")
    archive.tell(EntryKind.STARTED, moment())
    archive.incident(incident(), None)
    archive.commit()
    archive.close()
    return made


def test_register_journal_heads_and_papers_leave_and_the_rest_is_wiped(places, tmp_path):
    """The last entry says so, the closing page is among the papers, and the operator is told whom to revoke."""
    own = keys.own_key_id(keys.own_key(places.lasting))
    said: list[str] = []

    close(tmp_path / "out", CONFIG, places, said.append, clock=moment)

    out = tmp_path / "out"
    assert sorted(each.name for each in out.iterdir()) == [
        "ancres.jsonl",
        "journal.jsonl",
        "papiers",
        "registre.json",
    ]
    assert [each["incident"]["number"] for each in json.loads((out / "registre.json").read_text())] == [1]
    chain = Chain().walk(read_line(line) for line in (out / "journal.jsonl").read_text().splitlines())
    assert (chain.broken, chain.last and chain.last.kind) == (None, "closed_down")
    assert (out / "papiers" / "mois-2026-02.pdf").exists()
    assert [each.read_bytes()[:4] for each in (out / "papiers").glob("cloture-*.pdf")] == [b"%PDF"]
    assert list(places.lasting.iterdir()) == []
    assert f"At echo.example, its operator runs: sentinel echo revoke --dir FOLDER {own}" in said


def test_what_stays_is_said(places, tmp_path):
    """The configuration is not ours to remove, but is named; what a broken-off backup left goes."""
    file, said = tmp_path / "sentinel.toml", list[str]()
    file.write_text("")
    (places.lasting / ".backup-x").mkdir()

    close(tmp_path / "out", CONFIG, places, said.append, clock=moment, file=file)

    assert said[-1].startswith(f"{file} is still there. It holds the page's code, the echoes' invitations, mail")
    assert file.exists()
    assert list(places.lasting.iterdir()) == []


def test_whoever_types_another_name_wipes_nothing(places, tmp_path):
    """The practice's name is what is asked for."""
    asked: list[str] = []
    before = sorted(places.lasting.rglob("*"))

    with pytest.raises(NotReadable, match="nothing was wiped"):
        close(tmp_path / "out", CONFIG, places, print, lambda name: bool(asked.append(name)), moment)

    assert asked == ["Cabinet des Lilas"]
    assert [each for each in sorted(places.lasting.rglob("*")) if each.name != "watch.lock"] == before


def test_a_running_sentinel_a_full_folder_and_no_store_are_sentences(places, tmp_path):
    """And nothing is wiped."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.odt").write_text("x")
    with alone(places), pytest.raises(MissingDevice, match="is running"):
        close(tmp_path / "new", CONFIG, places, print)
    with pytest.raises(MissingDevice, match="not empty"):
        close(tmp_path / "out", CONFIG, places, print)
    assert places.store.exists()

    with pytest.raises(MissingDevice, match="no store"):
        close(tmp_path / "new", CONFIG, Places(lasting=tmp_path / "none", passing=tmp_path), print)


def test_a_folder_that_cannot_be_written_keeps_everything(places, tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "out").write_text("x")

    with pytest.raises(MissingDevice, match="nothing was wiped"):
        close(tmp_path / "out", CONFIG, places, print)
    assert places.store.exists()
    assert (places.lasting / "sentinel.key").exists()


def test_a_link_among_the_papers_takes_nothing_else_along(places, tmp_path):
    """Root closes, and the folder was the service's: what its user may not read is not handed to him."""
    (tmp_path / "key").write_text("root's")
    (places.papers / "more.pdf").symlink_to(tmp_path / "key")
    (places.papers / "all").symlink_to(tmp_path)

    close(tmp_path / "out", CONFIG, places, lambda _: None, clock=moment)

    papers = tmp_path / "out" / "papiers"
    assert all((papers / each).is_symlink() for each in ("more.pdf", "all"))
    assert not (papers / "mois-2026-02.pdf").is_symlink()
    assert (tmp_path / "key").read_text() == "root's"
