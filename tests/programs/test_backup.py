"""One file holds everything, made while `watch` writes, and put back only where it is whole and nobody runs."""

import io
import os
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sentinel.config import Language
from sentinel.errors import MissingDevice, NotReadable
from sentinel.model.ledger import EntryKind
from sentinel.model.moment import Moment
from sentinel.model.standing import Standing
from sentinel.places import Places
from sentinel.programs import backup, verify
from sentinel.programs.alone import alone
from sentinel.programs.sealing import Opener, Sealer
from sentinel.reach.keys import own_key
from sentinel.store.archive import Archive
from sentinel.store.reading import Filter, opened
from tests.builders import START, connection, incident, moment

SECRET = "correct horse"


class House:
    """A folder as a sentinel has it."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(lasting=folder / "var", passing=folder / "var" / "run")
        self.config = folder / "sentinel.toml"
        self.said: list[str] = []

    def furnish(self) -> "House":
        self.places.make()
        self.config.write_text('[practice]\nname = "Cabinet"\n')
        own_key(self.places.lasting)
        self.places.anchors.write_text("")
        self.places.papers.mkdir()
        (self.places.papers / "mois-2026-02.pdf").write_bytes(b"%PDF")
        archive = Archive(self.places.store, "boot")
        archive.tell(EntryKind.STARTED, moment())
        archive.incident(incident(), None)
        archive.connection("run", connection(), Standing.STRANGER)
        archive.commit()
        archive.close()
        return self

    def write(self, file: Path, passphrase: str = "") -> None:
        backup.backup(file, self.config, self.places, passphrase, self.said.append)

    def put_back(self, file: Path, passphrase: str = "", *, over: bool = False) -> None:
        backup.restore(file, self.config, self.places, passphrase, self.said.append, over=over)

    def names(self) -> set[str]:
        return {each.relative_to(self.places.lasting).as_posix() for each in self.places.lasting.rglob("*")}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "old").furnish()


@pytest.fixture
def other(tmp_path: Path) -> House:
    made = House(tmp_path / "new")
    made.config.parent.mkdir()
    return made


@pytest.fixture
def served() -> Iterator[tuple[House, Path]]:
    """A furnished folder of the service's own user, and a folder of root's beside it, with a store in it."""
    with TemporaryDirectory() as folder:  # pytest's own is closed to others
        Path(folder).chmod(0o755)
        house = House(Path(folder)).furnish()
        for path in (house.places.lasting, *house.places.lasting.rglob("*")):
            os.chown(path, 12_345, 12_346)
        roots = Path(folder) / "root"
        roots.mkdir(mode=0o700)
        secret = House(roots).furnish().places.store
        secret.rename(roots / "sentinel.db")
        yield house, roots


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")


@pytest.mark.parametrize("passphrase", ["", SECRET])
def test_everything_comes_back_on_another_machine_and_verifies(house, other, tmp_path, passphrase):
    """Store, papers, configuration; the keys only under a passphrase, and both are said."""
    house.write(tmp_path / "b", passphrase)
    other.put_back(tmp_path / "b", passphrase)

    with opened(other.places.store) as reader:
        assert [each.number for each in reader.incidents()] == [1]
        assert reader.count_connections(Filter()) == 1
    assert (other.places.papers / "mois-2026-02.pdf").read_bytes() == b"%PDF"
    assert other.config.read_text() == house.config.read_text()
    assert ("sentinel.key" in other.names()) is bool(passphrase)
    assert (backup.SECRET if passphrase else backup.PLAIN) in house.said
    assert any("new invitation" in line for line in other.said) is not bool(passphrase)
    assert verify.store(other.places, Language.EN, print) == verify.NOT_ANCHORED
    with closing(sqlite3.connect(other.places.store)) as db:
        assert [kind for (kind,) in db.execute("SELECT kind FROM ledger ORDER BY number")][-1] == "restored"


def test_nobody_is_logged_in_after_it(house, other, tmp_path):
    """A browser that was let in a year ago, and left since, is not let in by an old file."""
    with closing(sqlite3.connect(house.places.store)) as db, db:
        db.execute("INSERT INTO sessions (token, made, until) VALUES ('x', '2026-03-02', '2036-03-02')")
    house.write(tmp_path / "b")
    other.put_back(tmp_path / "b")

    with closing(sqlite3.connect(other.places.store)) as db:
        assert db.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


def test_the_file_is_nobody_elses_and_leaves_nothing_beside_it(house, tmp_path):
    """Mode 0600; whole or not at all."""
    folder = tmp_path / "stick"
    folder.mkdir()
    house.write(folder / "b")

    assert [each.name for each in folder.iterdir()] == ["b"]
    assert (folder / "b").stat().st_mode & 0o777 == 0o600
    with pytest.raises(MissingDevice, match="cannot be written"):
        house.write(tmp_path / "no such folder" / "b")


def test_no_plain_copy_is_ever_written_beside_the_file(house, tmp_path):
    """What was wiped from a stick can be read again: only the sealed file goes there."""
    folder, seen = tmp_path / "stick", list[str]()
    folder.mkdir()

    def look() -> Moment:
        seen.extend(each.relative_to(tmp_path).as_posix() for each in tmp_path.rglob("*.db"))
        seen.extend(each.name for each in folder.iterdir())
        return moment()

    backup.backup(folder / "b", house.config, house.places, SECRET, house.said.append, look)

    assert [each for each in seen if "stick" in each] == []
    assert [each for each in seen if "old/var/.backup-" in each] != []
    assert [each for each in house.places.lasting.iterdir() if each.name.startswith(".backup-")] == []


def test_a_copy_made_under_a_busy_writer_is_one_moment(house, other, tmp_path):
    """Rows and journal of one transaction are in it together, or neither."""
    over = threading.Event()

    def write() -> None:
        archive = Archive(house.places.store, "boot")
        for number in range(2, 100_000):
            if over.is_set():
                break
            archive.incident(incident(number=number), None)
            archive.commit()
        archive.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            house.write(tmp_path / f"b{number}")
    finally:
        over.set()
        writer.join()
    other.put_back(tmp_path / "b4")

    assert verify.store(other.places, Language.EN, print) == verify.NOT_ANCHORED


def test_nothing_is_put_back_under_a_running_sentinel(house, tmp_path):
    """And nothing over a store without being told so."""
    house.write(tmp_path / "b")
    with alone(house.places), pytest.raises(MissingDevice, match="another sentinel is running"):
        house.put_back(tmp_path / "b", over=True)
    with pytest.raises(MissingDevice, match="--over"):
        house.put_back(tmp_path / "b")


def test_what_was_there_before_is_moved_aside_and_not_lost(house, tmp_path):
    """Store and papers; a configuration that is there stays, the other lies beside it."""
    house.write(tmp_path / "b")
    (house.places.papers / "later.pdf").write_bytes(b"later")
    house.config.write_text("# changed\n")
    house.put_back(tmp_path / "b", over=True)

    (aside,) = house.places.lasting.glob("before-*")
    assert {"sentinel.db", "anchors.jsonl", "papers"} <= {each.name for each in aside.iterdir()}
    assert (aside / "papers" / "later.pdf").exists()
    assert house.config.read_text() == "# changed\n"
    assert house.config.with_name("sentinel.toml.restored").exists()
    assert (house.places.lasting / "sentinel.key").exists()


def test_papers_that_came_back_are_the_pages_group_s_to_read(house, other, tmp_path):
    """It hands them out; the keys stay their owner's alone."""
    house.write(tmp_path / "b", SECRET)
    other.put_back(tmp_path / "b", SECRET)

    modes = {each.name: each.stat().st_mode & 0o777 for each in other.places.lasting.rglob("*") if each.is_file()}
    assert modes["mois-2026-02.pdf"] == 0o640
    assert modes["sentinel.key"] == 0o600


@needs_root
def test_what_root_puts_back_belongs_to_the_folders_owner(served, tmp_path):
    """Or the service could not open its own store."""
    house, _ = served
    house.write(tmp_path / "b", SECRET)
    house.put_back(tmp_path / "b", SECRET, over=True)

    assert list(house.places.lasting.glob("before-*")) != []
    owners = {(each.stat().st_uid, each.stat().st_gid) for each in house.places.lasting.rglob("*")}
    assert owners == {(12_345, 12_346)}
    assert house.config.with_name("sentinel.toml.restored").stat().st_uid == 0


def test_links_in_the_folder_lead_a_restoring_root_nowhere(house, other, tmp_path):
    """The service's user can lay them: neither the lock nor a paper changes what they point to."""
    key = tmp_path / "key"
    key.write_text("somebody's")
    key.chmod(0o600)
    house.write(tmp_path / "house.sentinel")
    other.places.make()
    other.places.papers.mkdir()
    (other.places.lasting / "watch.lock").symlink_to(key)

    with pytest.raises(OSError, match=r"watch\.lock"):
        other.put_back(tmp_path / "house.sentinel")
    (other.places.lasting / "watch.lock").unlink()
    (house.places.papers / "more.pdf").symlink_to(key)
    house.write(tmp_path / "linked.sentinel")
    other.put_back(tmp_path / "linked.sentinel")  # no link was packed

    assert (key.read_text(), key.stat().st_mode & 0o777) == ("somebody's", 0o600)


@needs_root
@pytest.mark.parametrize("what", ["its folder", "its copy", "a key"])
def test_no_link_laid_while_root_copies_brings_out_what_is_roots(served, tmp_path, what):
    """The service's user owns the folder, and exchanges what he likes in it the moment after root has looked."""
    house, roots = served
    with closing(sqlite3.connect(roots / "sentinel.db")) as db, db:
        db.execute("CREATE TABLE roots (words)")
        db.execute("INSERT INTO roots VALUES ('for root alone')")

    def lay() -> Moment:
        (made,) = house.places.lasting.glob(".backup-*")
        if what == "its folder":
            made.rename(house.places.lasting / "away")
            made.symlink_to(roots)
        else:
            here = made / "sentinel.db" if what == "its copy" else house.places.lasting / "sentinel.key"
            here.unlink()
            here.symlink_to(roots / "sentinel.db")
        return moment()

    with suppress(MissingDevice):
        backup.backup(tmp_path / "b", house.config, house.places, SECRET, house.said.append, lay)

    assert os.geteuid() == 0
    found = b""
    if (tmp_path / "b").exists():
        with (tmp_path / "b").open("rb") as raw, tarfile.open(fileobj=Opener(raw, SECRET), mode="r|gz") as tar:
            found = b"".join(tar.extractfile(each).read() for each in tar)  # type: ignore[union-attr]
    assert b"for root alone" not in found
    assert (tmp_path / "b").exists() is (what == "a key")  # without its store it is none; without a key it is one


@needs_root
def test_no_link_laid_while_root_puts_back_leads_it_elsewhere(served, tmp_path):
    """Neither the store it opens then nor the papers it gives to the page: what is root's stays as it was."""
    house, roots = served
    house.write(tmp_path / "b", SECRET)
    before = {path: (path.read_bytes(), path.stat().st_mode) for path in roots.iterdir() if path.is_file()}

    def lay(_: str) -> None:
        for name, there in (("sentinel.db", roots / "sentinel.db"), ("papers", roots)):
            here = house.places.lasting / name
            if not here.is_symlink():
                here.rename(here.with_name(f"{name}.away"))
                here.symlink_to(there)

    with pytest.raises(NotReadable, match="cannot be opened"):
        backup.restore(tmp_path / "b", house.config, house.places, SECRET, lay, over=True)

    assert os.geteuid() == 0
    after = {path: (path.read_bytes(), path.stat().st_mode) for path in roots.iterdir() if path.is_file()}
    assert after == before


def test_a_link_where_the_draft_goes_is_not_written_through(house, tmp_path):
    """The stick, or a folder for everybody, may be another's as well."""
    kept = tmp_path / "kept"
    kept.write_text("somebody's")
    (tmp_path / ".b.new").symlink_to(kept)
    house.write(tmp_path / "b")

    assert kept.read_text() == "somebody's"
    assert not (tmp_path / "b").is_symlink()


@needs_root
def test_what_root_could_not_put_back_leaves_nothing_in_the_services_way(served, tmp_path):
    """Its lock, above all: `watch` must be able to take it."""
    house, _ = served
    (tmp_path / "b").write_bytes(b"no backup")
    with pytest.raises(NotReadable):
        house.put_back(tmp_path / "b", SECRET, over=True)

    (lock,) = house.places.lasting.glob("*.lock")
    assert (lock.stat().st_uid, lock.stat().st_gid) == (12_345, 12_346)


def packed(file: Path, *entries: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> None:
    with (
        file.open("wb") as out,
        Sealer(out, START, "") as sealer,
        tarfile.open(fileobj=sealer, mode="w|gz") as tar,
    ):
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, "/etc/passwd"
            tar.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "papers/../../x", "other.txt", "papers/a/b", "papers/..", "papers"]
)
def test_a_name_no_backup_holds_is_refused(other, tmp_path, name):
    """Nothing is written where it says."""
    packed(tmp_path / "b", (name, b"x"))

    with pytest.raises(NotReadable, match="no backup holds"):
        other.put_back(tmp_path / "b")
    assert {"run", "watch.lock"} >= other.names()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_link_is_refused(other, tmp_path, kind):
    """Under a name we know, too."""
    packed(tmp_path / "b", ("sentinel.db", b""), kind=kind)

    with pytest.raises(NotReadable, match="no backup holds"):
        other.put_back(tmp_path / "b")


def test_a_store_whose_journal_does_not_hold_is_not_put_back(house, other, tmp_path):
    """Somebody changed it before it was copied."""
    with closing(sqlite3.connect(house.places.store)) as db:
        db.execute("UPDATE ledger SET at = '2020'")
        db.commit()
    house.write(tmp_path / "b")

    with pytest.raises(NotReadable, match="nothing was restored"):
        other.put_back(tmp_path / "b")
    assert not other.places.store.exists()


@pytest.mark.parametrize("cut", [0, 30, 300, -20])
def test_a_file_that_was_cut_is_one_sentence(house, other, tmp_path, cut):
    """With a passphrase or without."""
    for passphrase in ("", SECRET):
        house.write(tmp_path / "b", passphrase)
        (tmp_path / "b").write_bytes((tmp_path / "b").read_bytes()[:cut])
        with pytest.raises(NotReadable):
            other.put_back(tmp_path / "b", passphrase)
    assert not other.places.store.exists()


def test_a_file_that_is_none_and_a_store_that_is_none_are_sentences(house, other, tmp_path):
    """No store to copy, no file to read, nothing in it."""
    with pytest.raises(MissingDevice, match="there is no store"):
        other.write(tmp_path / "b")
    with pytest.raises(NotReadable):
        other.put_back(tmp_path / "none")
    packed(tmp_path / "empty")
    with pytest.raises(NotReadable, match="no store in it"):
        other.put_back(tmp_path / "empty")


def test_the_command_takes_its_passphrase_from_the_environment(house, other, tmp_path):
    """For a script; a short one is refused; no word of it is on the command line."""

    def run(made: House, word: str, passphrase: str, *more: str) -> subprocess.CompletedProcess[str]:
        base = [sys.executable, "-m", "sentinel", "--config", str(made.config), "--dir", str(made.places.lasting)]
        return subprocess.run(
            [*base, word, str(tmp_path / "b"), "--passphrase", *more],
            env=os.environ | {"SENTINEL_PASSPHRASE": passphrase},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert run(house, "backup", "short").returncode == 2
    done = run(house, "backup", SECRET)
    assert (done.returncode, "Encrypted" in done.stdout) == (0, True), done.stderr
    assert run(other, "restore", "wrong words").returncode == 65
    done = run(other, "restore", SECRET)
    assert (done.returncode, "Restored as of" in done.stdout) == (0, True), done.stderr
