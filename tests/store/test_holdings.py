"""What papers are made from: questions that span an incident, a month, a life."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.model.acting import Paper, PaperKind
from sentinel.model.exposure import Outcome, PortList, Reach
from sentinel.model.finding import Code, Level, Story, StoryKind
from sentinel.model.incident import Chapter, IncidentState
from sentinel.model.ledger import EntryKind
from sentinel.model.machine import HostSighting, SeenBy
from sentinel.model.standing import Standing
from sentinel.store.archive import Archive
from sentinel.store.holdings import Holdings
from sentinel.store.reading import opened
from tests.builders import (
    IMAGING,
    IMAGING_MAC,
    START,
    WORKSTATION,
    WORKSTATION_MAC,
    attempts,
    connection,
    exposure,
    incident,
    moment,
    outcome,
)

DAY = timedelta(days=1)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    kept = Archive(tmp_path / "sentinel.db", "boot-1")
    yield kept
    kept.close()


@pytest.fixture
def ask(archive: Archive, tmp_path: Path):
    """Everything on disk, and the questions to it."""

    @contextmanager
    def asking() -> Iterator[Holdings]:
        archive.commit()
        with opened(tmp_path / "sentinel.db") as reader:
            yield reader.holdings

    return asking


def chapter(number: int = 1) -> Chapter:
    return Chapter(incident=number, code=Code.DOOR_REACHABLE, grade=None, level=Level.ALARM, at=moment())


def test_a_paper_is_a_row_and_an_entry_of_the_journal(archive, ask, tmp_path):
    """Its hash stands in both, committed together."""
    archive.paper(
        Paper(kind=PaperKind.DOSSIER, name="dossier-1.zip", sha256="ab" * 32, incident=1, who="Anne", at=moment())
    )
    with ask() as held:
        [paper] = held.papers()
        assert held.paper("dossier-1.zip") == paper
        assert held.paper("dossier-2.zip") is None
        assert held.count().papers == 1
        assert held.count().entries == 1
    assert (paper.kind, paper.incident, paper.who, paper.sha256) == (PaperKind.DOSSIER, 1, "Anne", "ab" * 32)
    assert paper.at == START


def test_papers_are_told_newest_first_and_since_when(archive, ask):
    """By number, by time, by kind."""
    for number, kind in enumerate((PaperKind.MONTH, PaperKind.DOSSIER, PaperKind.MONTH)):
        archive.paper(Paper(kind=kind, name=f"p{number}", sha256="", who="", at=moment(number * 60)))
    with ask() as held:
        assert [each.name for each in held.papers()] == ["p2", "p1", "p0"]
        assert [each.name for each in held.papers(after=1)] == ["p2", "p1"]
        assert [each.name for each in held.papers_since(moment(30).wall)] == ["p1", "p2"]
        assert [each.name for each in held.papers_since(START, PaperKind.MONTH)] == ["p0", "p2"]


def test_what_checks_said_of_one_port_is_told_oldest_first(archive, ask):
    """Of that family and that time only."""
    for name, seconds, port, family in (
        ("a", 60, 11112, 4),
        ("b", 30, 11112, 4),
        ("c", 40, 104, 4),
        ("d", 40, 11112, 6),
    ):
        seen = exposure(check=name, port=port, family=family, at=moment(seconds), reach=Reach.OPEN)
        archive.exposure(seen, "exposed", None)
    with ask() as held:
        found = held.cells(4, 11112, START, START + DAY)
        assert [each.check for each in found] == ["b", "a"]
        assert held.cells(4, 11112, START + DAY, START + 2 * DAY) == []


def test_visits_are_those_from_outside_with_the_number_of_all(archive, ask):
    """Our own checks and the practice's machines are none; of many the first ones are told."""
    archive.begin_run("run", moment())
    standings = [*[Standing.STRANGER] * 4, Standing.BOX, Standing.PRIVATE, Standing.OWN_CHECK, Standing.INSIDE]
    for serial, standing in enumerate(standings, 1):
        archive.connection("run", connection(serial=serial, at=moment(serial)), standing)
    archive.attempts("run", attempts(answered=7))
    with ask() as held:
        found, in_all = held.visits(str(IMAGING), 4242, START, START + DAY, 3)
        assert (len(found), in_all) == (3, 6)
        assert found[0].opened < found[2].opened
        assert held.summed(str(IMAGING), 4242, START, START + DAY) == 7
        assert held.visits(str(IMAGING), 104, START, START + DAY, 3) == ([], 0)


def test_installed_is_the_first_thing_ever_recorded(archive, ask):
    """None before there is anything."""
    with ask() as held:
        assert held.installed() is None
    archive.begin_run("run", moment(60))
    archive.outcome(outcome(asked=moment(30)))
    with ask() as held:
        assert held.installed() == moment(30).wall


def test_an_update_is_a_start_of_another_version_than_the_one_before(archive, ask):
    """A restart is none; a version that came back is a second one; the first start ever updates nothing."""
    for day, version in enumerate(("0.1.0", "0.1.0", "0.2.0", "0.2.0", "0.1.0", "0.3.0")):
        archive.tell(EntryKind.STARTED, moment(day * 86_400.0), version=version)
    archive.commit()

    with ask() as held:
        assert held.updates(START, START + 5 * DAY) == [("0.2.0", START + 2 * DAY), ("0.1.0", START + 4 * DAY)]
        assert held.updates(START + 5 * DAY, START + 6 * DAY) == [("0.3.0", START + 5 * DAY)]


def test_only_complete_checks_of_the_full_list_are_counted(archive, ask):
    """A short list, a failure and another month's are none."""
    archive.outcome(outcome(asked=moment(10)))
    archive.outcome(outcome(asked=moment(20), ports=PortList.HOURLY))
    archive.outcome(outcome(Outcome.LATE, asked=moment(30)))
    archive.outcome(outcome(asked=moment(86_400.0 * 40)))
    archive.outcome(outcome(Outcome.NOT_OURS, family=6, asked=moment(40)))
    with ask() as held:
        assert held.complete(START, START + 30 * DAY) == (1, 48)
        assert held.shared(START, START + 30 * DAY) == [6]
        assert held.proved_days() == 2
        assert [each.at for each in held.last_complete()] == [moment(86_400.0 * 40).wall]


def test_doors_of_a_month_are_those_open_at_any_time_of_it(archive, ask):
    """Closed before, begun after, notes and conditions are none."""

    def story(number: int, begins: int, ends: int | None, level: Level = Level.ALARM, **more: object) -> None:
        closed = None if ends is None else moment(86_400.0 * ends)
        state = IncidentState.OPEN if ends is None else IncidentState.CLOSED
        about = Story(kind=more.get("kind", StoryKind.DOOR), about=str(number), port=4242)  # type: ignore[arg-type]
        told = incident(number, at=moment(86_400.0 * begins), level=level, closed=closed, state=state, story=about)
        archive.incident(told, chapter(number))

    story(1, -40, -35)
    story(2, -40, 2)
    story(3, 5, None, Level.ATTENTION)
    story(4, 40, None)
    story(5, 5, None, Level.NOTE)
    story(6, 5, None, kind=StoryKind.CONDITION)
    with ask() as held:
        assert [each.number for each in held.doors(START, START + 30 * DAY)] == [2, 3]


def test_knocks_in_vain_are_summed_and_answered_ones_apart(archive, ask):
    """Repelled is what nothing answered, or a refusal."""
    archive.begin_run("run", moment())
    archive.attempts("run", attempts(silent=12_000, refused=400, answered=3))
    with ask() as held:
        assert held.attempts(START, START + DAY) == (12_400, 3)
        assert held.attempts(START + DAY, START + 2 * DAY) == (0, 0)


def test_a_machine_is_watched_when_it_was_seen_to_pass(archive, ask):
    """Heard is not seen, and not known to be elsewhere either: only the street says that."""
    passing, heard = SeenBy.PASSING, SeenBy.ARP
    archive.sighting(HostSighting(mac=IMAGING_MAC, address=IMAGING, seen_by=passing, at=moment()))
    archive.sighting(HostSighting(mac=WORKSTATION_MAC, address=WORKSTATION, seen_by=heard, at=moment()))
    with ask() as held:
        assert {each.mac: each.passes for each in held.machines(START)} == {
            IMAGING_MAC: True,
            WORKSTATION_MAC: None,
        }
        assert held.machines(START + DAY) == []


def test_exercises_are_told_with_who_saw_them(archive, ask):
    """Seen, or not."""
    drill = Story(kind=StoryKind("drill"), about="drill")
    read = {"read": moment(120), "read_by": "Élise"}
    archive.incident(incident(1, story=drill, code=Code.DRILL, **read), chapter(1))
    archive.incident(incident(2, story=drill, code=Code.DRILL, at=moment(86_400)), chapter(2))
    with ask() as held:
        assert held.drills(START, START + 2 * DAY) == [
            (START, moment(120).wall, "Élise"),
            (START + DAY, None, ""),
        ]
        assert held.drills(START + 3 * DAY, START + 4 * DAY) == []


def test_everything_is_counted(archive, ask):
    """Alarms, what is open, the register, the journal."""
    archive.incident(incident(1), chapter(1))
    archive.incident(incident(2, state=IncidentState.CLOSED, closed=moment(), level=Level.NOTE), chapter(2))
    with ask() as held:
        count = held.count()
        assert (count.incidents, count.alarms, count.still_open, count.registered) == (2, 1, 1, 1)
        assert count.entries == 2
        assert held.anchored() is None
