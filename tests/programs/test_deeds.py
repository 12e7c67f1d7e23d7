"""What people do, as requests: carried out, or refused with the reason that fits."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sentinel.config import Config
from sentinel.judgement.casebook import Casebook
from sentinel.judgement.judge import Judge, Terms
from sentinel.judgement.verdict import Outlook
from sentinel.model.acting import MeasureKind
from sentinel.model.declared import View
from sentinel.model.finding import Code, Level, StoryKind
from sentinel.model.incident import Incident
from sentinel.model.networks import HomeNetwork
from sentinel.model.passing import Beat
from sentinel.pipeline import Street
from sentinel.programs.deeds import Deeds
from sentinel.programs.errand import Promised
from sentinel.store.acceptances import Listed, Standing
from sentinel.store.archive import Archive
from sentinel.store.reading import opened
from sentinel.wire.requests import Reply, Request, Verb
from tests.builders import (
    IMAGING,
    IMAGING_MAC,
    connection,
    exposure,
    knock,
    knock_heard,
    moment,
    networks,
    sighting,
)

PARIS = ZoneInfo("Europe/Paris")
WEDNESDAY = "2026-03-04"  # the tests begin on Monday, 2 March 2026, at 10 o'clock in Paris


@dataclass
class Practised:
    """A desk for deeds, with a real street and store behind it."""

    folder: Path
    at: float = 10
    retested: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.archive = Archive(self.folder / "sentinel.db", "boot-1")
        self.street = Street(
            judge=Judge(networks(), Terms(), moment()),
            casebook=Casebook(),
            archive=self.archive,
            outlook=Outlook(started=moment(), view=View.MIRROR, echo=True),
            signal=lambda *_: None,
            acknowledge=lambda *_: None,
            ask_soon=lambda: None,
            batch=timedelta(seconds=5),
            retest=self.retest,
        )
        self.deeds = Deeds(self.street, self, lambda: moment(self.at), Config())

    def soon(self) -> Promised:
        return Promised(checks=1)

    def retest(self, family: int, doors: tuple[int, ...]) -> Promised:
        self.retested.append((family, doors))
        return Promised(checks=1)

    def open(self, at: float = 0, port: int = 104) -> None:
        """The echo finds this public port open; it leads to the imaging server."""
        self.street.walk(knock(port, at=moment(at), check=f"check-{at}"))
        self.street.walk(knock_heard(serial=int(900 + at), at=moment(at + 1)))
        self.street.walk(exposure(port=port, at=moment(at + 5), check=f"check-{at}"))

    def do(self, verb: Verb, **more: object) -> Reply:
        facts: dict[str, object] = {"who": "Anne", "why": "PACS en panne", **more}
        return self.deeds.do(Request(verb=verb, **facts))

    def accept(self, **more: object) -> Reply:
        return self.do(Verb.ACCEPT, **{"machine": IMAGING_MAC, "port": 4242, "when": WEDNESDAY, **more})

    def told(self) -> Incident:
        """The one story about a door."""
        (incident,) = (each for each in self.street.casebook.told() if each.story.kind is StoryKind.DOOR)
        return incident

    def codes(self, at: float) -> set[Code]:
        return {each.code for each in self.street.verdict(moment(at)).reasons}

    def acceptances(self) -> list[Listed]:
        with opened(self.folder / "sentinel.db") as reader:
            return reader.acceptances()


@pytest.fixture
def practised(tmp_path: Path) -> Iterator[Practised]:
    made = Practised(tmp_path)
    with closing(made.archive):
        yield made


# -- measures ----------------------------------------------------------------------------------------------------


def test_a_measure_is_on_disk_with_who_when_and_what_was_said(practised):
    """« Câble débranché à 10 h 00 par Anne » : told at once, and the door is tested again."""
    practised.open()

    asked = {"incident": 1, "kind": "machine_unplugged", "when": "2026-03-02T10:00", "who": " Anne\n"}
    assert practised.do(Verb.MEASURE, **asked) is Reply.DONE
    with opened(practised.folder / "sentinel.db") as reader:
        story, chapter = reader.incident(1), reader.chapters(1)[-1]

    assert story is not None
    assert (story.measure, story.measured_by, story.read_by) == (MeasureKind.MACHINE_UNPLUGGED, "Anne", "Anne")
    assert (chapter.code, chapter.who, chapter.said) == (Code.UNPLUGGED, "Anne", "PACS en panne")
    assert (chapter.done, chapter.at.wall) == (datetime(2026, 3, 2, 9, tzinfo=UTC), moment(10).wall)
    assert practised.retested == [(4, (104,))]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("rule_removed", Code.RULE_REMOVED),
        ("service_stopped", Code.SERVICE_STOPPED),
        ("other", Code.MEASURE_TAKEN),
    ],
)
def test_every_other_measure_is_a_line_of_its_own(practised, kind, code):
    """It says what somebody says, and proves nothing."""
    practised.open()

    assert practised.do(Verb.MEASURE, incident=1, kind=kind) is Reply.DONE
    with opened(practised.folder / "sentinel.db") as reader:
        assert reader.chapters(1)[-1].code is code


@pytest.mark.parametrize(
    ("more", "reply"),
    [
        ({"incident": 9}, Reply.NOT_FOUND),
        ({"kind": "prayed"}, Reply.NOT_UNDERSTOOD),
        ({"who": " "}, Reply.NOT_UNDERSTOOD),
        ({"who": "A" * 81}, Reply.NOT_UNDERSTOOD),
        ({"why": "a" * 401}, Reply.NOT_UNDERSTOOD),
        ({"why": ""}, Reply.DONE),
        ({"when": "yesterday"}, Reply.NOT_UNDERSTOOD),
        ({"when": "2026-03-02T11:00"}, Reply.NOT_ALLOWED),  # an hour from now
        ({"when": "2026-03-02T10:01"}, Reply.DONE),  # the browser's clock is a little ahead
        ({"when": "2026-01-01T10:00"}, Reply.NOT_ALLOWED),
        ({"when": "0001-01-01T00:00+14:00"}, Reply.NOT_ALLOWED),
        ({"when": "9999-12-31T23:59-12:00"}, Reply.NOT_ALLOWED),
    ],
)
def test_a_measure_that_cannot_be_is_refused(practised, more, reply):
    """By what is wrong with it, and nothing is kept of it."""
    practised.open()

    assert practised.do(Verb.MEASURE, **{"incident": 1, "kind": "line_unplugged", **more}) is reply
    assert (practised.told().measured is not None) is (reply is Reply.DONE)


# -- false alarms ------------------------------------------------------------------------------------------------


def test_a_false_alarm_is_kept_with_its_reason(practised):
    """For the register; it counts as read, and the door is still open."""
    practised.open()

    assert practised.do(Verb.FALSE_ALARM, incident=1, why="c'est le\x00 VPN") is Reply.DONE
    told = practised.told()
    with opened(practised.folder / "sentinel.db") as reader:
        chapter = reader.chapters(1)[-1]

    assert (told.false_alarm, told.read_by) == (moment(10), "Anne")
    assert (chapter.code, chapter.who, chapter.said) == (Code.FALSE_ALARM, "Anne", "c'est le VPN")
    assert Code.ALARM_READ in practised.codes(11)


@pytest.mark.parametrize(
    ("more", "reply"),
    [
        ({"why": ""}, Reply.NOT_UNDERSTOOD),
        ({"who": ""}, Reply.NOT_UNDERSTOOD),
        ({"incident": 2}, Reply.NOT_FOUND),
    ],
)
def test_a_false_alarm_needs_a_name_and_a_reason(practised, more, reply):
    """Whoever reads the file next year asks for both."""
    practised.open()

    assert practised.do(Verb.FALSE_ALARM, **{"incident": 1, **more}) is reply
    assert practised.told().read is None


# -- accepted doors ----------------------------------------------------------------------------------------------


def test_a_door_is_accepted_by_the_mac_of_its_machine_to_the_end_of_a_day(practised):
    """Of the day as the practice counts it, and for whoever was named."""
    practised.street.walk(sighting())

    assert practised.accept(machine=str(IMAGING), source="198.51.100.7") is Reply.DONE
    (kept,) = practised.acceptances()

    assert (kept.acceptance.number, kept.acceptance.machine, kept.acceptance.port) == (1, IMAGING_MAC, 4242)
    assert kept.acceptance.source == "198.51.100.7/32"
    assert kept.acceptance.until == datetime(2026, 3, 5, tzinfo=PARIS)
    assert (kept.acceptance.who, kept.acceptance.why) == ("Anne", "PACS en panne")


def test_a_story_can_be_accepted_by_its_number(practised):
    """Its timeline says who did and why, and the door is looked at again."""
    practised.open()

    assert practised.do(Verb.ACCEPT, incident=1, when=WEDNESDAY) is Reply.DONE
    with opened(practised.folder / "sentinel.db") as reader:
        chapter = reader.chapters(1)[-1]
    assert (chapter.code, chapter.who, chapter.said) == (Code.DOOR_ACCEPTED, "Anne", "PACS en panne")
    assert practised.retested == [(4, (104,))]

    practised.open(at=20)  # what the re-test brings

    assert list(practised.street.casebook.told()) == []
    assert {Code.EXPECTED_BROAD, Code.DOOR_REACHABLE} & practised.codes(30) == {Code.EXPECTED_BROAD}


@pytest.mark.parametrize(
    ("more", "reply"),
    [
        ({"who": ""}, Reply.NOT_UNDERSTOOD),
        ({"why": ""}, Reply.NOT_UNDERSTOOD),
        ({"when": ""}, Reply.NOT_UNDERSTOOD),
        ({"when": "mercredi"}, Reply.NOT_UNDERSTOOD),
        ({"machine": "RADIO-PC"}, Reply.NOT_UNDERSTOOD),
        ({"port": 0}, Reply.NOT_UNDERSTOOD),
        ({"port": 65_536}, Reply.NOT_UNDERSTOOD),
        ({"source": "somewhere"}, Reply.NOT_UNDERSTOOD),
        ({"incident": 5}, Reply.NOT_FOUND),
        ({"when": "2026-03-06"}, Reply.NOT_ALLOWED),  # a Friday
        ({"when": "2026-03-08"}, Reply.NOT_ALLOWED),  # a Sunday
        ({"when": "2026-03-01"}, Reply.NOT_ALLOWED),  # over
        ({"when": "9999-12-31"}, Reply.NOT_ALLOWED),
        ({"when": "2026-06-01"}, Reply.NOT_ALLOWED),  # 91 days, open to anybody
        ({"when": "2026-05-28"}, Reply.DONE),  # 87 days
        ({"when": "2026-06-01", "source": "10.8.0.0/24"}, Reply.DONE),
        ({"when": "2026-06-01", "port": 8443}, Reply.DONE),  # no red door
        ({"when": "2027-03-03", "source": "10.8.0.0/24"}, Reply.DONE),  # a year, and it is a Wednesday
        ({"when": "2027-03-08", "source": "10.8.0.0/24"}, Reply.NOT_ALLOWED),
        ({"source": "0.0.0.0/1"}, Reply.NOT_ALLOWED),  # half the internet is anybody
        ({"source": "2000::/3"}, Reply.NOT_ALLOWED),
        ({"source": "198.51.0.0/16"}, Reply.DONE),
        ({"source": "100.64.0.0/10"}, Reply.DONE),  # RFC 6598: the provider's own network
    ],
)
def test_what_may_be_accepted(practised, more, reply):
    """A year, 90 days for a red door open to everybody, and never to a week-end."""
    assert practised.accept(**more) is reply
    assert len(practised.acceptances()) == (reply is Reply.DONE)


@pytest.mark.parametrize(
    ("until", "reply"),
    [
        ("2026-03-02T14:00", Reply.DONE),
        ("2026-03-09T09:59", Reply.DONE),
        ("2026-03-09T10:01", Reply.NOT_ALLOWED),  # more than seven days
        ("2026-03-02T09:00+00:00", Reply.NOT_ALLOWED),  # ten seconds ago
        ("2026-03-05T23:59", Reply.DONE),  # a Thursday
        ("2026-03-06T00:30", Reply.NOT_ALLOWED),  # a Friday in Paris
        ("2026-03-05T23:30+00:00", Reply.NOT_ALLOWED),  # the same moment, said in London
    ],
)
def test_a_window_is_hours_or_days_and_ends_when_somebody_is_there(practised, until, reply):
    """Its end is a moment, in the practice's own time."""
    assert practised.accept(when=until, window=True) is reply


def test_a_door_nobody_can_name_is_not_accepted(practised):
    """In a limited view a public port is open, towards nobody knows what."""
    practised.street.walk(exposure(port=104))

    assert practised.do(Verb.ACCEPT, incident=1, when=WEDNESDAY) is Reply.NOT_ALLOWED


@pytest.mark.parametrize("named", ["192.168.1.5", "dc:a6:32:00:00:05", ""], ids=["address", "mac", "story"])
def test_nobody_accepts_that_our_own_page_is_open(practised, named):
    """It names the machines of the practice: by whatever name, and for one partner as well."""
    home = HomeNetwork(
        networks=networks(),
        families=(4,),
        at=moment(),
        addresses=(ip_address("192.168.1.5"),),
        macs=("dc:a6:32:00:00:05",),
    )
    practised.street.walk(home)
    practised.street.walk(knock(443, at=moment(1), check="check-1"))
    ours = replace(knock_heard(port=443, at=moment(2)), target=home.addresses[0], target_mac=home.macs[0])
    practised.street.walk(ours)
    practised.street.walk(exposure(port=443, at=moment(5), check="check-1"))
    assert practised.told().code is Code.SELF_VISIBLE
    place = {"machine": named, "port": 443} if named else {"incident": practised.told().number}

    for source in ("", "198.51.100.7"):
        assert practised.do(Verb.ACCEPT, when=WEDNESDAY, source=source, **place) is Reply.NOT_ALLOWED
    assert practised.acceptances() == []


def test_withdrawing_asks_at_once_whether_the_door_is_open(practised):
    """Blue until that is known, red when it is."""
    assert practised.accept() is Reply.DONE
    practised.open(at=20)
    assert list(practised.street.casebook.told()) == []
    practised.at = 60

    assert practised.do(Verb.WITHDRAW, number=1) is Reply.DONE
    (kept,) = practised.acceptances()
    assert (kept.stands(moment(61).wall), kept.withdrawn_by) == (Standing.WITHDRAWN, "Anne")
    assert practised.retested == [(4, (104,))]
    assert (practised.told().code, practised.told().level) == (Code.ACCEPTANCE_OVER, Level.UNSURE)

    practised.open(at=70)

    assert (practised.told().code, practised.told().level) == (Code.DOOR_REACHABLE, Level.ALARM)
    assert practised.do(Verb.WITHDRAW, number=1) is Reply.NOT_FOUND


@pytest.mark.parametrize(("number", "who", "reply"), [(2, "Anne", Reply.NOT_FOUND), (1, "", Reply.NOT_UNDERSTOOD)])
def test_nothing_is_withdrawn_without_a_number_and_a_name(practised, number, who, reply):
    """And nobody's acceptance by another's number."""
    practised.accept()

    assert practised.do(Verb.WITHDRAW, number=number, who=who) is reply
    assert [each.withdrawn for each in practised.acceptances()] == [None]


def test_a_technician_of_his_own_network_does_not_excuse_an_open_door(practised):
    """What the echo can open, everybody can: a narrow source never excuses that."""
    practised.accept(source="10.8.0.0/24")
    practised.open(at=20)

    assert practised.told().level is Level.ALARM


def test_a_window_closes_itself_and_a_door_still_open_is_red(practised):
    """Within the minute the door is knocked at; nobody has to press anything."""
    practised.accept(when="2026-03-02T10:30", window=True)
    practised.open(at=20)
    assert list(practised.street.casebook.told()) == []

    practised.street.walk(Beat(at=moment(1799)))
    assert practised.retested == []
    practised.street.walk(Beat(at=moment(1800)))
    assert practised.retested == [(4, (104,))]
    assert (practised.told().code, practised.told().level) == (Code.WINDOW_OVER, Level.UNSURE)
    practised.street.walk(Beat(at=moment(1801)))
    practised.open(at=1810)

    assert practised.retested == [(4, (104,))]
    assert (practised.told().code, practised.told().level) == (Code.DOOR_REACHABLE, Level.ALARM)
    with opened(practised.folder / "sentinel.db") as reader:
        codes = [each.code for each in reader.chapters(practised.told().number)]
    assert codes == [Code.WINDOW_OVER, Code.DOOR_REACHABLE]


def test_a_visitor_who_was_excused_is_a_stranger_after_the_window(practised):
    """Whoever was let in by it has to be let in again."""
    practised.accept(when="2026-03-02T10:30", window=True, source="203.0.113.7")
    practised.street.walk(connection(at=moment(1700)))
    assert list(practised.street.casebook.told()) == []

    practised.street.walk(connection(serial=2, at=moment(1801)))

    assert practised.told().code is Code.STRANGER_CONNECTED
