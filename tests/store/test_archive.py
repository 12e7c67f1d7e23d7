"""The one writer: batches and acknowledgements, a store that is locked or full, and what a restart finds."""

import resource
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from sentinel.model.box import BoxReading
from sentinel.model.exposure import AfterProbe, Application, Kind, Reach
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import Chapter, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.passing import NetworkAnswer
from sentinel.model.standing import Standing
from sentinel.store.archive import MOST, Archive
from sentinel.store.reading import Filter, opened
from tests.builders import (
    DOOR,
    attempts,
    connection,
    exposure,
    incident,
    mapping,
    moment,
    outcome,
    reading,
    sighting,
)

DAY = 86_400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    kept = Archive(path, "boot-1")
    yield kept
    kept.close()


def row(archive: Archive, number: int, run: str = "run-1") -> None:
    """One routine row, numbered in its run."""
    archive.begin_run(run, moment())
    archive.connection(run, connection(serial=number), Standing.STRANGER)
    archive.reach(run, number)


def chapter(number: int = 1) -> Chapter:
    return Chapter(
        incident=number, code=Code.STRANGER_CONNECTED, grade=Grade.CONNECTED, level=Level.ALARM, at=moment()
    )


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else holds the store for themselves."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


@contextmanager
def full(path: Path) -> Iterator[None]:
    """No file of this process may grow any more: what a full disk is to the store."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = max(each.stat().st_size for each in path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


# -- batches and acknowledgements --------------------------------------------------------------------------------


def test_nothing_is_on_disk_before_the_commit_and_everything_is_after_it(archive, path):
    """And the commit says how far each run may be acknowledged."""
    for number in (1, 2, 3):
        row(archive, number)
    assert count(path, "connections") == 0

    assert archive.commit() == {"run-1": 3}

    assert (count(path, "connections"), len(archive), archive.is_behind) == (3, 0, False)
    assert archive.committed("run-1") == 3


def test_what_was_committed_is_known_after_a_restart(archive, path):
    """So that what is sent again is not walked again."""
    row(archive, 7)
    archive.commit()

    with closing(Archive(path, "boot-1")) as again:
        assert (again.committed("run-1"), again.committed("run-2")) == (7, 0)


def test_what_was_walked_is_known_before_it_is_committed(archive):
    """A line that broke is not a reason to judge twice."""
    row(archive, 7)

    assert (archive.walked("run-1"), archive.committed("run-1")) == (7, 0)
    archive.commit()
    assert archive.walked("run-1") == 7


def test_a_connection_told_again_replaces_its_row(archive, path):
    """One row for each serial of a run; another run has its own."""
    archive.connection("run-1", connection(bytes_out=0), Standing.STRANGER)
    archive.connection("run-1", connection(bytes_out=9), Standing.STRANGER)
    archive.connection("run-2", connection(bytes_out=5), Standing.EXPECTED)
    archive.commit()

    with opened(path) as reader:
        found = {(each.bytes_out, each.standing) for each in reader.connections(Filter())}
    assert found == {(9, Standing.STRANGER), (5, Standing.EXPECTED)}


def test_a_machine_is_written_once_an_hour(archive, path):
    """The card is spared; the last sighting moves."""
    for seconds in (0, 60, 3599):
        archive.sighting(sighting(moment(seconds)))
    assert len(archive) == 1

    archive.sighting(sighting(moment(3600)))
    archive.commit()

    assert count(path, "machines") == 1


def test_every_kind_of_row_is_taken(archive, path):
    """Sums, cells, checks, answers."""
    archive.attempts("run-1", attempts(silent=3))
    archive.exposure(exposure(), "door_reachable", None)
    archive.outcome(outcome())
    archive.network(NetworkAnswer(network="10.8.0.0/24", ours=True, who="Anne", at=moment()))
    archive.commit()

    assert [count(path, each) for each in ("attempts", "exposures", "outcomes", "networks")] == [1, 1, 1, 1]
    assert archive.known_networks() == [ip_network("10.8.0.0/24")]


# -- a store that cannot be written ------------------------------------------------------------------------------


def test_a_locked_store_loses_nothing(archive, path):
    """The rows wait, and are there when it opens again; nothing is acknowledged before."""
    row(archive, 1)
    archive.commit()
    row(archive, 2)
    archive.incident(incident(), chapter())
    with locked(path):
        with pytest.raises(OSError, match="locked"):
            archive.commit()
        assert archive.committed("run-1") == 1
        row(archive, 3)

    assert archive.commit() == {"run-1": 3}
    assert [count(path, each) for each in ("connections", "incidents", "chapters")] == [3, 1, 1]


def test_a_full_disk_loses_nothing(archive, path):
    """What was written half is taken back; everything is written once there is room."""
    for number in range(1, 2_000):
        row(archive, number)
    archive.incident(incident(), chapter())
    with full(path), pytest.raises(OSError, match=r"full|disk"):
        archive.commit()
    assert count(path, "connections") == 0

    archive.commit()

    assert (count(path, "connections"), count(path, "chapters")) == (1_999, 1)


def test_a_row_that_can_never_be_written_holds_up_no_other(archive, path, caplog):
    """It is counted and said; the store goes on."""
    archive.connection("run-1", connection(serial=1 << 70), Standing.STRANGER)
    archive.incident(incident(number=5), chapter(number=99))  # a line of a story that is not there
    row(archive, 1)

    assert archive.commit() == {"run-1": 1}

    assert (archive.forgotten, count(path, "connections"), count(path, "incidents")) == (2, 1, 1)
    assert "can never be written" in caplog.text


def test_where_memory_runs_out_routine_rows_go_first_and_are_counted(archive, path):
    """An incident and its lines are never among what is forgotten."""
    archive.incident(incident(), chapter())
    for serial in range(MOST + 10):
        archive.connection("run-1", connection(serial=serial), Standing.STRANGER)
    archive.commit()

    assert archive.forgotten == 10
    assert [count(path, each) for each in ("connections", "incidents", "chapters")] == [MOST, 1, 1]


def test_a_story_that_changes_a_thousand_times_waits_once(archive):
    """A flood against a locked store must not fill the memory: one row, and a word each time it has doubled."""
    for times in range(1_000):
        archive.incident(incident(count=times), None)

    assert len(archive) == 1 + 10


def test_a_clean_stop_leaves_one_file(path):
    """Whoever reads it then needs no right to write."""
    archive = Archive(path, "boot-1")
    row(archive, 1)
    archive.commit()
    archive.close()

    assert [each.name for each in path.parent.iterdir()] == ["sentinel.db"]


# -- after a restart ---------------------------------------------------------------------------------------------


def test_stories_come_back_as_they_were_and_oldest_first(archive, path):
    """Within one boot the clocks are the same."""
    told = [incident(2, story=replace(DOOR, family=6)), incident(1)]
    for each in told:
        archive.incident(each, None)
    archive.commit()

    with closing(Archive(path, "boot-1")) as again:
        assert again.incidents(moment(60)) == told[::-1]
        assert again.next_incident() == 3


@pytest.mark.parametrize(("days", "known"), [(7.9, True), (8.1, False)])
def test_closed_stories_come_back_only_while_they_may_be_reopened(archive, path, days, known):
    """By the street's own clock."""
    archive.incident(incident(state=IncidentState.CLOSED, closed=moment(0)), None)
    archive.commit()

    assert bool(archive.incidents(moment(days * DAY))) is known
    assert archive.next_incident() == 2


def test_after_a_reboot_the_age_of_a_story_is_what_the_wall_clock_says(archive, path):
    """The boot clock began again at nothing: a visit of now must not seem older than a reading of yesterday."""
    archive.incident(incident(read=moment(0), read_by="Anne"), None)
    archive.commit()
    rebooted = Moment(wall=moment(DAY).wall, boot=timedelta(seconds=40))

    with closing(Archive(path, "boot-2")) as again:
        (told,) = again.incidents(rebooted)

    assert told.read is not None
    assert (rebooted.since(told.read), rebooted.since(told.first)) == (timedelta(days=1), timedelta(days=1))
    assert told.read.wall == moment(0).wall


def test_after_a_reboot_nothing_remembered_is_in_the_future(archive, path):
    """A Pi often boots in the past: what it remembers has just happened, at the latest."""
    archive.incident(incident(at=moment(DAY), read=moment(DAY), read_by="Anne"), None)
    archive.commit()
    rebooted = Moment(wall=moment(0).wall, boot=timedelta(seconds=40))

    with closing(Archive(path, "boot-2")) as again:
        (told,) = again.incidents(rebooted)

    assert told.read is not None
    assert told.read.boot == told.last.boot == rebooted.boot


def test_a_story_that_lives_through_two_reboots_is_not_mistaken_for_one_of_the_last(archive, path):
    """Once it is written again it follows the boot that wrote it."""
    archive.incident(incident(), None)
    archive.commit()
    second = Moment(wall=moment(DAY).wall, boot=timedelta(seconds=40))
    with closing(Archive(path, "boot-2")) as again:
        (told,) = again.incidents(second)
        again.incident(told, None)
        again.commit()
        assert again.incidents(second) == [told]


def test_the_box_is_one_row_written_when_it_says_something_new_or_once_an_hour(archive, path):
    """A lease that runs down is nothing new: the card is spared."""

    def kept() -> BoxReading | None:
        archive.commit()
        with opened(path) as reader:
            return reader.box()

    first = reading(mapping(lease=timedelta(minutes=60)))
    archive.box(first)
    assert kept() == first
    archive.box(reading(mapping(lease=timedelta(minutes=59)), at=moment(45)))
    assert len(archive) == 0
    archive.box(reading(mapping(), mapping(104, 104), at=moment(90)))
    assert kept() == reading(mapping(), mapping(104, 104), at=moment(90))
    archive.box(reading(mapping(), mapping(104, 104), at=moment(3691)))
    assert len(archive) == 1
    assert count(path, "box") == 1


def test_before_the_first_look_there_is_no_box(archive, path):
    with opened(path) as reader:
        assert reader.box() is None


def test_what_answered_within_a_day_is_known_after_a_restart_unless_its_door_was_shut_since(archive):
    """So that no service is asked twice; behind a door that was shut another may stand."""

    def keep(port: int, seconds: float, **cell: object) -> None:
        found = exposure(port=port, check=f"check-{seconds}", at=moment(seconds), **cell)
        archive.exposure(found, "exposed", None)

    keep(21, 1, app=Application(kind=Kind.FTP))
    for port in (104, 443, 8080, 8081):
        keep(port, 3601, app=Application(kind=Kind.HTTP))
    keep(104, 3602, app=Application(kind=Kind.DICOM), family=6)
    keep(104, 3602, app=Application(kind=Kind.DICOM))
    keep(443, 3602, reach=Reach.CLOSED)
    keep(8080, 3602, reach=Reach.FILTERED)
    keep(8081, 3602, reach=Reach.UNTESTED)
    keep(8081, 3603, app=Application(kind=Kind.UNKNOWN))
    archive.commit()
    rebooted = Moment(wall=moment(DAY + 2).wall, boot=timedelta(seconds=40))

    known = archive.kinds(rebooted)

    assert {place: kind for place, (kind, _) in known.items()} == {
        (4, 104): Kind.DICOM,
        (4, 8081): Kind.HTTP,
        (6, 104): Kind.DICOM,
    }
    assert rebooted.since(known[(4, 104)][1]) == timedelta(seconds=DAY + 2 - 3602)


def test_a_service_that_stopped_after_a_question_is_remembered_for_ninety_days(archive):
    """Whatever it answered since: it bears no question."""
    for port, day in ((8443, 0), (8444, 2)):
        gone = Application(kind=Kind.TLS, after_probe=AfterProbe.GONE)
        archive.exposure(
            exposure(port=port, check=f"check-{day}", at=moment(DAY * day), app=gone), "exposed", None
        )
    alive = Application(kind=Kind.TLS, after_probe=AfterProbe.OPEN)
    for port in (8444, 8445):
        archive.exposure(exposure(port=port, check="check-3", at=moment(DAY * 3), app=alive), "exposed", None)
    archive.commit()

    assert archive.fragile(moment(DAY * 89)) == {(4, 8443), (4, 8444)}
    assert archive.fragile(moment(DAY * 91)) == {(4, 8444)}


def test_words_of_another_version_are_no_answer_and_no_failure(archive, path):
    """The store outlives what wrote it."""
    archive.exposure(exposure(port=104, app=Application(kind=Kind.DICOM)), "exposed", None)
    archive.exposure(exposure(port=105, app=Application(kind=Kind.DICOM)), "exposed", None)
    archive.commit()
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE exposures SET app = replace(app, 'dicom', 'telepathy') WHERE port = 104")

    assert archive.kinds(moment(10)).keys() == {(4, 105)}
    assert archive.fragile(moment(10)) == set()


def test_which_echo_said_open_is_known_after_a_restart(archive):
    """Its last word, and only for as long as it counts."""
    hour = 3600.0
    for n, (echo, port, reach, at) in enumerate(
        (
            ("one", 104, Reach.OPEN, 10 * hour),
            ("two", 104, Reach.CLOSED, 10 * hour),
            ("one", 105, Reach.OPEN, 10 * hour),
            ("one", 105, Reach.FILTERED, 11 * hour),
            ("one", 106, Reach.OPEN, 0),
        )
    ):
        archive.exposure(
            exposure(port=port, reach=reach, echo=echo, check=f"c{n}", at=moment(at)), "exposed", None
        )
    archive.commit()

    (found,) = archive.openings(moment(13 * hour), timedelta(hours=12))

    assert found == ("one", 4, 104, moment(10 * hour))
