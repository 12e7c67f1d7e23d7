"""The store before and after a trial: what is lost is counted, and a cut at any step can be gone over."""

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sentinel.evidence.verify import Chain
from sentinel.model.ledger import EntryKind
from sentinel.model.renewal import Lost
from sentinel.model.standing import Standing
from sentinel.places import Places
from sentinel.programs import setback
from sentinel.store.archive import Archive
from sentinel.store.kept import held, is_ours
from sentinel.store.whole import whole
from tests.builders import connection, moment


def furnish(folder: Path, visits: int) -> Places:
    """A sentinel that has seen so many connections, and has one countersigned head."""
    places = Places(lasting=folder / "lasting", passing=folder / "passing")
    places.make()
    archive = Archive(places.store, "boot-1")
    archive.begin_run("run", moment())
    for serial in range(visits):
        archive.connection("run", connection(serial=serial), Standing.STRANGER)
    archive.tell(EntryKind.STARTED, moment(), version="0.1.0")
    archive.commit()
    archive.close()
    places.anchors.write_text("one head\n")
    return places


def live_on(places: Places, more: int, *, changed: bool) -> None:
    """The new version sees more, and may change the tables."""
    with closing(sqlite3.connect(places.store)) as db, db:
        db.execute("CREATE TEMP TABLE more AS SELECT * FROM connections LIMIT 1")
        for serial in range(1000, 1000 + more):
            db.execute("UPDATE more SET serial = ?", (serial,))
            db.execute("INSERT INTO connections SELECT * FROM more")
        if changed:
            db.execute("INSERT INTO _sqlite_migrations VALUES (99, 'sentinel', 'from_tomorrow', '2027-01-01')")
    places.anchors.write_text("one head\nanother head\n")


def seen(places: Places) -> int | None:
    found = held(places.store)
    return found and found.connections


def test_where_the_old_version_can_go_on_it_goes_on(tmp_path):
    """What was seen during the trial stays in view."""
    places = furnish(tmp_path, 3)
    setback.keep(places, "0.1.0", anew=True)
    live_on(places, 2, changed=False)

    assert setback.put_back(places, "0.2.0") is None
    assert seen(places) == 5
    assert places.anchors.read_text() == "one head\nanother head\n"


def test_where_it_cannot_the_copy_comes_back_and_the_rest_is_counted(tmp_path):
    """The newer store is aside, whole; the journal says that it was put back, and still holds."""
    places = furnish(tmp_path, 3)
    setback.keep(places, "0.1.0", anew=True)
    live_on(places, 2, changed=True)

    lost = setback.put_back(places, "0.2.0")

    assert lost == Lost(connections=2, incidents=0, aside="after-0.2.0")
    assert seen(places) == 3
    assert held(places.lasting / "after-0.2.0/sentinel.db").connections == 5
    assert places.anchors.read_text() == "one head\n"
    assert (places.lasting / "after-0.2.0/anchors.jsonl").read_text() == "one head\nanother head\n"
    with whole(places.store) as found:
        chain = Chain().walk(found.entries())
        assert (chain.broken, chain.last.kind) == (None, EntryKind.RESTORED)
    Archive(places.store, "boot-2").close()


def test_a_store_that_nobody_can_read_comes_back_as_well(tmp_path):
    """And what it held is not called nothing."""
    places = furnish(tmp_path, 3)
    setback.keep(places, "0.1.0", anew=True)
    places.store.write_bytes(b"spoiled " * 999)

    lost = setback.put_back(places, "0.2.0")

    assert lost == Lost(connections=None, incidents=None, aside="after-0.2.0")
    assert seen(places) == 3


def test_without_a_copy_nothing_is_touched(tmp_path):
    """A start like any other."""
    places = furnish(tmp_path, 3)
    before = sorted((path.name, path.read_bytes()) for path in places.lasting.iterdir() if path.is_file())

    assert setback.put_back(places, "0.2.0") is None
    assert sorted((path.name, path.read_bytes()) for path in places.lasting.iterdir() if path.is_file()) == before


def test_a_second_try_keeps_the_first_copy(tmp_path):
    """What the new version has made of the store meanwhile is not what was before it."""
    places = furnish(tmp_path, 3)
    setback.keep(places, "0.1.0", anew=True)
    live_on(places, 2, changed=True)

    setback.keep(places, "0.1.0", anew=False)

    assert [held(path).connections for path in setback.copies(places)] == [3]


def test_a_new_trial_takes_a_new_copy_and_ends_what_an_old_one_left(tmp_path):
    """The card holds one copy and one store aside at most."""
    places = furnish(tmp_path, 3)
    setback.keep(places, "0.1.0", anew=True)
    live_on(places, 2, changed=True)
    setback.put_back(places, "0.2.0")

    setback.keep(places, "0.1.0", anew=True)

    assert [held(path).connections for path in setback.copies(places)] == [3]
    assert list(places.lasting.glob("after-*")) == []
    setback.forget(places)
    assert sorted(path.name for path in places.lasting.glob("*before*")) == []


def test_half_a_copy_is_none(tmp_path):
    """The power went while it was made."""
    places = furnish(tmp_path, 3)
    (places.lasting / "sentinel.db.before-0.1.0.new").write_bytes(b"half")

    assert setback.copies(places) == []
    setback.keep(places, "0.1.0", anew=False)
    assert [held(path).connections for path in setback.copies(places)] == [3]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")
def test_what_root_makes_belongs_to_the_folders_owner():
    """`watch` has a user of its own, and must open all of it."""
    with TemporaryDirectory() as folder:  # pytest's own is closed to others
        Path(folder).chmod(0o755)
        places = furnish(Path(folder), 3)
        for path in (places.lasting, *places.lasting.iterdir()):
            os.chown(path, 12345, 12345)
        setback.keep(places, "0.1.0", anew=True)
        live_on(places, 2, changed=True)
        setback.put_back(places, "0.2.0")

        assert {path.stat().st_uid for path in places.lasting.rglob("*")} == {12345}
    assert os.geteuid() == 0


# -- a power cut before any step ---------------------------------------------------------------------------------

STEPS = frozenset({"os.rename", "os.remove", "os.mkdir", "shutil.copyfile", "sqlite3.connect"})


def cut(number: int, act: Callable[[], object]) -> bool:
    """Do it in a process of its own, which is gone before step `number` is taken; whether it came to its end."""
    child = os.fork()
    if child == 0:
        taken = 0

        def hook(event: str, _: object) -> None:
            nonlocal taken
            taken += event in STEPS
            if taken == number:
                os._exit(9)

        sys.addaudithook(hook)
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9)
    return code == 0


def test_a_cut_at_any_step_of_putting_back_is_gone_over_at_the_next_start(tmp_path):
    """The old store, the newer one aside, and the count, as without a cut."""
    for number in range(1, 100):
        places = furnish(tmp_path / str(number), 3)
        setback.keep(places, "0.1.0", anew=True)
        live_on(places, 2, changed=True)
        whole_way = cut(number, lambda places=places: setback.put_back(places, "0.2.0"))

        assert setback.put_back(places, "0.2.0") == Lost(connections=2, incidents=0, aside="after-0.2.0"), number
        assert seen(places) == 3, number
        assert is_ours(places.store)
        assert places.anchors.read_text() == "one head\n", number
        assert (places.lasting / "after-0.2.0/anchors.jsonl").read_text() == "one head\nanother head\n", number
        if whole_way:
            break
    assert whole_way
    assert number > 8


def test_a_cut_at_any_step_of_keeping_leaves_the_store_and_a_whole_copy_or_none(tmp_path):
    """And the next try makes one."""
    for number in range(1, 100):
        places = furnish(tmp_path / str(number), 3)
        whole_way = cut(number, lambda places=places: setback.keep(places, "0.1.0", anew=True))

        assert seen(places) == 3
        assert [held(path).connections for path in setback.copies(places)] in ([], [3])
        setback.keep(places, "0.1.0", anew=True)
        assert [held(path).connections for path in setback.copies(places)] == [3]
        if whole_way:
            break
    assert whole_way
    assert number > 3
