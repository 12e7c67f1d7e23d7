"""From the journal's days to a month: what is not told is not proved."""

import json
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from sentinel import codec
from sentinel.evidence.facts import Installation, Month
from sentinel.model.acting import Acceptance, Withdrawal
from sentinel.model.box import Reading
from sentinel.model.finding import Code, Level, Story, StoryKind
from sentinel.model.ledger import Day, EntryKind, Gap
from sentinel.model.machine import HostSighting, SeenBy
from sentinel.places import Places
from sentinel.programs.gathering import letterhead
from sentinel.programs.tallying import closing, installation, month, next_month
from sentinel.store.reading import opened
from tests.builders import BOX_MAC, IMAGING, IMAGING_MAC, WORKSTATION_MAC, incident, moment, reading
from tests.programs.furnished import CONFIG, NOW, furnished, writing


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return furnished(tmp_path)


def march(places: Places, now: datetime = NOW) -> Month:
    with opened(places.store) as reader:
        return month(reader, letterhead(CONFIG, now), date(2026, 3, 1))


def now(places: Places) -> Installation:
    with opened(places.store) as reader:
        return installation(reader, letterhead(CONFIG, NOW), CONFIG, places, "Anne")


def tell(places: Places, day: Day) -> None:
    with writing(places) as archive:
        archive.tell(EntryKind.DAY, moment(4 * 86_400), **json.loads(codec.encode(day)))


def test_days_before_installation_and_days_to_come_are_not_counted(places):
    """Installed on the 1st, made on the 5th."""
    days = march(places).days

    assert [day.date.day for day in days if day.counts] == [1, 2, 3, 4]
    assert [day.date.day for day in days if day.is_proved] == [2, 3]


def test_a_day_nobody_told_of_is_a_gap_and_two_in_a_row_are_one(places):
    """The journal has no entry: the sentinel was off, or not there to tell."""
    found = march(places, NOW + timedelta(days=2)).gaps

    assert [(each.begins.day, each.ends.day, each.why) for each in found] == [(4, 7, "off"), (1, 2, "off")]


def test_gaps_of_both_families_for_one_reason_are_one(places):
    """One line was down, and not two."""
    begin = datetime(2026, 3, 4, 10, tzinfo=UTC)
    gaps = tuple(
        Gap(family=family, begin=begin + timedelta(minutes=family), end=begin + timedelta(hours=4), why="no_route")
        for family in (4, 6)
    )
    tell(places, Day(day=date(2026, 3, 4), complete={4: 20, 6: 20}, gaps=gaps))
    found = march(places)

    lost = [each for each in found.gaps if each.why == "no_route"]
    assert len(lost) == 1
    assert lost[0].ends - lost[0].begins == timedelta(hours=3, minutes=56)
    assert [day.is_partly for day in found.days if day.date.day == 4] == [True]


def test_a_month_tells_its_door_with_its_proof_and_its_knocks(places):
    """The story of that week."""
    found = march(places)
    [door] = found.stories

    assert (door.number, door.machine, door.port, door.proved) == (7, "RADIO-PC", 4242, True)
    assert (found.checks, found.doors, found.repelled, found.shared) == (3, 48, 12_400, (6,))


def test_the_box_is_no_machine_of_the_practice(places):
    """It is heard all day, and nobody can watch what passes to it."""
    with writing(places) as archive:
        archive.sighting(
            HostSighting(
                mac=BOX_MAC, address=reading().gateway or IMAGING, seen_by=SeenBy.ARP, at=moment(2 * 86_400)
            )
        )
        archive.sighting(
            HostSighting(mac=IMAGING_MAC, address=IMAGING, seen_by=SeenBy.PASSING, at=moment(2 * 86_400))
        )
        archive.box(reading(at=moment(2 * 86_400)))
    machines = {each.name: each.watched for each in march(places).machines}

    assert machines["RADIO-PC"]
    assert "192.168.1.1" not in machines
    assert reading().reading is Reading.READ


def test_doors_left_are_those_of_the_page_and_of_the_file(places):
    """Those that end first stand first; what was withdrawn or is over is none."""
    until = NOW + timedelta(days=30)
    with writing(places) as archive:
        for number, ends in ((2, until), (3, NOW - timedelta(days=1))):
            archive.acceptance(
                Acceptance(
                    number=number,
                    machine=IMAGING_MAC,
                    port=443,
                    source="198.51.100.0/24",
                    until=ends,
                    who="Sophie",
                    why="reprise",
                    at=moment(),
                )
            )
    left = now(places).left

    assert [(each.machine, each.port, each.source, each.who) for each in left] == [
        ("RADIO-PC", 443, "198.51.100.0/24", "Sophie"),
        (WORKSTATION_MAC, 1194, "", "Dr Moreau"),
    ]


def test_a_door_of_the_file_that_was_withdrawn_on_the_page_is_not_left(places):
    """What `watch` keeps of it counts, and not what the file still says."""
    with writing(places) as archive:
        archive.withdrawal(Withdrawal(number=1, who="Sophie", at=moment(60)))

    assert now(places).left == ()


def test_an_installation_names_its_last_complete_checks_and_hides_no_open_door(places):
    """One for each echo and family; the door of that week is closed by then."""
    found = now(places)

    assert [(each.echo, each.family, each.tested) for each in found.checks] == [("echo.example", 4, 48)]
    assert found.open_stories == ()
    assert found.fingerprint == ""
    assert found.who == "Anne"


def test_a_life_is_told_in_numbers(places):
    """From the first entry of the journal on."""
    with opened(places.store) as reader:
        found = closing(reader, letterhead(CONFIG, NOW), "Anne")
        head = reader.head()

    assert (found.incidents, found.alarms, found.still_open, found.registered) == (1, 1, 0, 1)
    assert (found.checks, found.days, found.head_hash) == (3, 3, head)
    assert found.served == NOW - moment(-86_400).wall


def test_december_is_followed_by_january():
    """And every month by the next."""
    assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert next_month(date(2028, 2, 1)) == date(2028, 3, 1)


def test_alarms_that_are_about_no_door_are_certified_as_such(places):
    """Neither an exercise nor what is only worth attention."""
    with writing(places) as archive:
        for number, kind, level in (
            (20, StoryKind.NETWORK, Level.ALARM),
            (21, StoryKind.DRILL, Level.ALARM),
            (22, StoryKind.NETWORK, Level.ATTENTION),
        ):
            story = Story(kind=kind, about=f"10.8.{number}.0/24")
            told = incident(number, story=story, level=level, code=Code.PRIVATE_NETWORK, machine=None, mac=None)
            archive.incident(told, None)

    assert [each.number for each in now(places).alarms] == [20]


def test_a_machine_passes_or_never_does_or_nobody_knows_yet(places):
    """As the page of the machines says it: only the street's own word makes it a no."""
    with writing(places) as archive:
        for mac, last, seen_by in (("a", 30, SeenBy.PASSING), ("b", 31, SeenBy.ARP), ("c", 32, SeenBy.ARP)):
            archive.sighting(
                HostSighting(
                    mac=f"00:11:22:33:55:0{mac}",
                    address=ip_address(f"192.168.1.{last}"),
                    seen_by=seen_by,
                    at=moment(2 * 86_400),
                )
            )
        story = Story(kind=StoryKind.WEAK_POINT, about="00:11:22:33:55:0c")
        told = incident(number=70, code=Code.NOT_WATCHED, story=story, mac="00:11:22:33:55:0c")
        archive.incident(told, None)
    machines = {each.address: each.watched for each in march(places).machines}

    assert [machines[f"192.168.1.{last}"] for last in (30, 31, 32)] == [True, None, False]


def test_a_maintenance_window_keeps_its_hour(places):
    """A date alone would make it a door that stays."""
    ends = NOW + timedelta(hours=2)
    with writing(places) as archive:
        archive.acceptance(
            Acceptance(
                number=4, machine=IMAGING_MAC, port=443, until=ends, window=True, who="S", why="x", at=moment()
            )
        )

    assert [each.window for each in now(places).left] == [ends, None]
