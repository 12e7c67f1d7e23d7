"""Who came to an open door is looked up, once a day and bounded; who merely knocked never is."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sentinel.config import Capture
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Incident
from sentinel.programs.naming import A_DAY, AT_ONCE, Naming, jobs
from sentinel.store.archive import Archive
from tests.builders import IMAGING_MAC, STRANGER, incident, moment


def stored(folder: Path, *told: Incident) -> Path:
    """A store with these stories."""
    archive = Archive(folder / "sentinel.db", "boot-1")
    for each in told:
        archive.incident(each, None)
    archive.commit()
    archive.close()
    return folder / "sentinel.db"


class Days:
    """A clock that a test turns, and a name service that notes who was asked about."""

    def __init__(self, said: str | None = "Shodan") -> None:
        self.now = moment()
        self.asked: list[str] = []
        self.said = said

    def clock(self):
        return self.now

    def ask(self, address) -> str | None:
        self.asked.append(str(address))
        return self.said

    def naming(self, store: Path) -> Naming:
        return Naming(store, self.clock, self.ask)


def test_a_visitor_of_an_open_door_is_asked_about_once_a_day(tmp_path):
    """What was learnt is told again as long as the story does not know it; the next day it is asked again."""
    days = Days()
    naming = days.naming(stored(tmp_path, incident()))

    facts = [*naming.work(), *naming.work()]
    assert [(str(each.source), each.organisation) for each in facts] == [(str(STRANGER), "Shodan")] * 2
    assert days.asked == [str(STRANGER)]

    days.now = moment(timedelta(days=1).total_seconds())
    list(naming.work())
    assert days.asked == [str(STRANGER)] * 2


def test_whoever_only_knocked_is_never_asked_about(tmp_path):
    """Nor a private address, nor one in a published network, nor one that is named already."""
    visits = Story(kind=StoryKind.VISITS, about=IMAGING_MAC)
    knocks = incident(story=visits, code=Code.SCANNED, grade=Grade.SCANNED, level=Level.NOTE)
    named = incident(2, story=replace(incident().story, port=2), robots=((str(STRANGER), "Shodan"),))
    known = incident(3, story=replace(incident().story, port=3), sources=(("162.142.125.9", 1), ("10.8.0.2", 1)))
    days = Days()

    assert list(days.naming(stored(tmp_path, knocks, named, known)).work()) == []
    assert days.asked == []


def test_a_name_service_that_is_down_costs_a_few_look_ups_and_tells_nothing(tmp_path):
    """Each takes seconds there; and no more than so many are made a day."""
    many = [
        incident(
            n,
            story=replace(incident().story, port=n),
            sources=tuple((f"203.0.{n}.{host}", 1) for host in range(20)),
        )
        for n in range(1, 11)
    ]
    days = Days(said=None)
    naming = days.naming(stored(tmp_path, *many))

    assert list(naming.work()) == []
    assert len(days.asked) == AT_ONCE
    for _ in range(100):
        list(naming.work())
    assert len(days.asked) == len(set(days.asked)) == A_DAY


def test_a_store_that_is_not_there_is_read_the_next_time(tmp_path):
    """The job goes on."""
    assert list(Days().naming(tmp_path / "none.db").work()) == []


def test_the_practice_may_forbid_it(tmp_path):
    """The name service learns whom we care for."""
    days = Days()

    assert [each.name for each in jobs(Capture(), tmp_path, days.clock)] == ["names"]
    assert jobs(Capture(names=False), tmp_path, days.clock) == []
