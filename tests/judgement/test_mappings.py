"""A forward the box tells of is a story before anyone knocks, and ends only when the box or the echo says so."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from sentinel.judgement.box import Box
from sentinel.judgement.casebook import Casebook
from sentinel.judgement.expected import Accepted
from sentinel.judgement.itself import Itself
from sentinel.judgement.machines import Machines
from sentinel.judgement.mappings import TELEVISION
from sentinel.model.box import Mapping, Reading, Transport
from sentinel.model.exposure import Exposure, Nature, Reach
from sentinel.model.finding import Code, Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from tests.builders import (
    IMAGING,
    IMAGING_MAC,
    WORKSTATION,
    exposure,
    finding,
    incident,
    mapping,
    moment,
    reading,
    sighting,
)

DAY = 86_400.0
ELSEWHERE = ip_address("192.168.1.99")


class Looked:
    """A box looked at again and again, and the stories that came of it."""

    def __init__(self, *, accepted: tuple[Accepted, ...] = (), expect_open: frozenset[int] = frozenset()) -> None:
        self.machines = Machines()
        self.box = Box(self.machines, accepted, expect_open, Itself())
        self.casebook = Casebook()
        self.chapters: list[Code] = []

    def look(self, *mappings: Mapping, at: float = 0, **more: object) -> list[Incident]:
        """One reading; the mapping stories as they stand then."""
        return self._take(self.box.take(reading(*mappings, at=moment(at), **more)))

    def knock(self, *, port: int = 11112, reach: Reach = Reach.CLOSED, at: float) -> list[Incident]:
        """The echo says not open."""
        return self._take(self.box.shut(exposure(port=port, reach=reach, at=moment(at))))

    def _take(self, findings) -> list[Incident]:
        for each in findings:
            change = self.casebook.take(each)
            if change is not None and change.chapter is not None:
                self.chapters.append(change.chapter.code)
        return [each for each in self.casebook.told() if each.story.kind is StoryKind.MAPPING]


# -- what it is worth --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forward", "level"),
    [
        (mapping(11112, 4242), Level.ALARM),
        (mapping(50_000, 104), Level.ALARM),
        (mapping(3389, 3389), Level.ALARM),  # remote desktop is a red door as well
        (mapping(80, 80), Level.ATTENTION),
        (mapping(51_413, 51_413), Level.ATTENTION),
        (mapping(104, 104, transport=Transport.UDP), Level.ATTENTION),
        (mapping(11112, 4242, remote=ip_address("25.1.0.9")), Level.ATTENTION),  # for one address only
        (mapping(7547, 7547, text=TELEVISION[0]), Level.NOTE),
        (mapping(4000, 4000, text=TELEVISION[1], transport=Transport.UDP), Level.NOTE),
        (mapping(11112, 4242, text=TELEVISION[0]), Level.ALARM),  # a name is no excuse at a red door
    ],
    ids=str,
)
def test_a_mapping_is_as_grave_as_what_it_leads_to(forward, level):
    [told] = Looked().look(forward)

    assert (told.code, told.level, told.grade) == (Code.MAPPING_OPENED, level, None)
    assert (told.machine, told.port, told.outside_port) == (IMAGING, forward.inside_port, forward.outside_port)


def test_any_door_of_a_machine_where_imaging_was_recognised_is_red():
    """Found there under its name, under its address, in an incident of before a restart."""
    for told in (
        incident(nature=Nature.IMAGING),
        incident(nature=Nature.IMAGING, mac=None),
        finding(nature=Nature.IMAGING),
    ):
        looked = Looked()
        looked.machines.see(sighting())
        looked.machines.learn(told)

        assert [each.level for each in looked.look(mapping(51_413, 51_413))] == [Level.ALARM]


def test_a_mapping_becomes_red_once_its_machine_is_recognised():
    looked = Looked()
    looked.look(mapping(51_413, 51_413))
    looked.machines.learn(finding(nature=Nature.IMAGING))

    [told] = looked.look(mapping(51_413, 51_413), at=45)

    assert told.level is Level.ALARM
    assert looked.chapters.count(Code.MAPPING_OPENED) == 2


def test_the_machine_is_named_as_soon_as_it_is_known():
    """Under the same number: the story began with an address, and goes on with a name."""
    looked = Looked()
    [before] = looked.look(mapping())
    looked.machines.see(sighting())

    [after] = looked.look(mapping(), at=45)

    assert (before.mac, after.mac, after.number) == (None, IMAGING_MAC, before.number)


# -- one story ---------------------------------------------------------------------------------------------------


def test_a_mapping_is_told_once_however_often_it_is_seen():
    looked = Looked()
    for at in range(0, 450, 45):
        looked.look(mapping(), at=at)

    assert looked.chapters == [Code.MAPPING_OPENED, Code.UPNP_OFFERED]


def test_two_public_ports_to_one_door_are_one_story_and_two_doors_are_two():
    looked = Looked()

    told = looked.look(
        mapping(11112, 4242), mapping(104, 4242), mapping(8080, 80), mapping(4242, 4242, transport=Transport.UDP)
    )

    assert [(each.port, each.outside_port) for each in told] == [(4242, 104), (80, 8080), (4242, 4242)]


def test_a_machine_that_gets_another_address_takes_its_story_along():
    looked = Looked()
    looked.machines.see(sighting())
    looked.look(mapping())
    looked.machines.see(sighting(moment(40), address=ELSEWHERE))

    [told] = looked.look(mapping(machine=ELSEWHERE), at=45)

    assert told.machine == ELSEWHERE
    assert looked.chapters.count(Code.MAPPING_OPENED) == 1


def test_no_more_than_one_story_a_mapping_whatever_a_box_invents():
    """64 in one reading are told, and their stories end with them."""
    looked = Looked()

    assert len(looked.look(*(mapping(port, port) for port in range(2000, 2064)))) == 64
    assert looked.look(at=45) == []


# -- its end -----------------------------------------------------------------------------------------------------


def test_a_mapping_that_is_listed_no_more_is_over():
    looked = Looked()
    looked.look(mapping())

    assert looked.look(at=45) == []
    assert looked.chapters == [Code.MAPPING_OPENED, Code.UPNP_OFFERED, Code.MAPPING_OPENED]


def test_a_disabled_mapping_is_none():
    looked = Looked()

    assert looked.look(mapping(enabled=False)) == []
    looked.look(mapping(), at=45)
    assert looked.look(mapping(enabled=False), at=90) == []


@pytest.mark.parametrize("how", [Reading.PARTLY, Reading.SILENT, Reading.FAILED])
def test_not_seeing_a_mapping_is_no_end_of_it(how):
    """Blindness acquits nobody."""
    looked = Looked()
    looked.look(mapping())

    assert len(looked.look(at=45, reading=how)) == 1
    assert looked.look(at=90) == []


def test_part_of_a_list_still_accuses():
    assert len(Looked().look(mapping(), reading=Reading.PARTLY)) == 1


def test_after_a_restart_its_end_is_told():
    """Known from the store, and gone meanwhile."""
    before = Looked()
    [told] = before.look(mapping(11112, 4242, transport=Transport.UDP))
    after = Looked()
    after.casebook = before.casebook
    after.box.remember(told)

    assert after.look(at=45) == []


def test_a_story_closed_before_a_restart_is_not_remembered():
    looked = Looked()
    [told] = looked.look(mapping())
    after = Looked()
    after.box.remember(incident(story=told.story, state=IncidentState.CLOSED, outside_port=11112))

    assert list(after.box.take(reading())) == list(Looked().box.take(reading()))


# -- UPnP turned off, as we advise -------------------------------------------------------------------------------


def silent(at: float) -> dict[str, object]:
    return {"at": at, "reading": Reading.SILENT, "igd": None}


def test_with_upnp_turned_off_the_echo_ends_the_story_when_the_machine_is_awake():
    looked = Looked()
    looked.look(mapping())
    looked.look(**silent(45))

    assert len(looked.knock(at=60)) == 1  # nobody knows whether it sleeps
    looked.machines.see(sighting(moment(3600)))
    assert len(looked.knock(port=4242, at=3610)) == 1  # another public port
    assert looked.knock(at=3610) == []


def test_while_the_box_lists_a_mapping_the_echo_ends_nothing():
    """Its service may be down for a minute: the way in is still there."""
    looked = Looked()
    looked.machines.see(sighting())
    looked.look(mapping())

    assert len(looked.knock(at=10)) == 1


def test_both_public_ports_must_be_found_shut():
    looked = Looked()
    looked.look(mapping(11112), mapping(104))
    looked.look(**silent(45))
    looked.machines.see(sighting(moment(60)))

    assert len(looked.knock(port=104, at=61)) == 1
    assert looked.knock(port=11112, at=62) == []


def test_udp_is_given_up_after_a_day_without_upnp():
    looked = Looked()
    looked.look(mapping(), mapping(500, 500, transport=Transport.UDP))
    looked.look(**silent(45))

    assert len(looked.look(**silent(DAY))) == 2
    assert [each.port for each in looked.look(**silent(DAY + 50))] == [4242]


# -- granted -----------------------------------------------------------------------------------------------------


def accepted(port: int = 4242, machine: str = IMAGING_MAC) -> Accepted:
    return Accepted(machine=machine, port=port, source=None, until=datetime(2027, 1, 1, tzinfo=UTC))


def test_an_accepted_door_is_no_story():
    looked = Looked(accepted=(accepted(machine=str(IMAGING)),))

    assert looked.look(mapping()) == []
    assert len(looked.look(mapping(), mapping(80, 80, machine=WORKSTATION), at=45)) == 1


def test_a_mapping_whose_acceptance_is_over_is_a_story_at_the_next_look():
    """Within a minute, whatever the echo has time for."""
    looked = Looked(accepted=(replace(accepted(machine=str(IMAGING)), until=moment(60).wall),))
    assert looked.look(mapping(), at=45) == []

    assert [each.level for each in looked.look(mapping(), at=90)] == [Level.ALARM]


def test_a_door_accepted_by_name_ends_its_story_once_the_machine_is_known():
    looked = Looked(accepted=(accepted(),))
    assert len(looked.look(mapping())) == 1
    looked.machines.see(sighting())

    assert looked.look(mapping(), at=45) == []


@pytest.mark.parametrize(("inside", "stories"), [(443, 0), (8443, 0), (4242, 1)])
def test_a_declared_port_is_no_story_unless_it_leads_to_a_red_door(inside, stories):
    assert len(Looked(expect_open=frozenset({443})).look(mapping(443, inside))) == stories


# -- what it proves of doors -------------------------------------------------------------------------------------


def cell(port: int = 11112, family: int = 4) -> Exposure:
    return exposure(port=port, reach=Reach.FILTERED, family=family)


def test_only_a_mapping_that_was_listed_and_is_gone_proves_anything():
    looked = Looked()
    assert not looked.box.has_unmapped(cell())
    looked.look(mapping())
    assert not looked.box.has_unmapped(cell())
    looked.look(at=45, reading=Reading.PARTLY)
    assert not looked.box.has_unmapped(cell())
    looked.look(at=90)
    assert looked.box.has_unmapped(cell())
    assert not looked.box.has_unmapped(cell(family=6))
    assert not looked.box.has_unmapped(cell(port=104))
    looked.look(mapping(), at=135)
    assert not looked.box.has_unmapped(cell())


def test_udp_mappings_prove_nothing_of_tcp_doors():
    looked = Looked()
    looked.look(mapping(transport=Transport.UDP))
    looked.look(at=45)

    assert not looked.box.has_unmapped(cell())


def test_what_is_remembered_of_the_past_is_bounded():
    looked = Looked()
    for turn in range(40):
        looked.look(*(mapping(2000 + 64 * turn + each, 9) for each in range(64)), at=turn)
    looked.look(at=100)

    assert sum(looked.box.has_unmapped(cell(port=port)) for port in range(2000, 6000)) <= 1024 + 64


def test_a_mapping_that_is_gone_proves_nothing_of_another_machine_or_of_a_door_found_open_since():
    """What led elsewhere, and what was there before, closes nothing."""
    looked = Looked()
    looked.look(mapping())
    looked.look(at=45)
    place = mapping()
    assert looked.box.has_unmapped(cell(), place.machine, place.inside_port)
    assert not looked.box.has_unmapped(cell(), ELSEWHERE, place.inside_port)
    assert not looked.box.has_unmapped(cell(), place.machine, 1)

    looked.box.found_open(exposure(port=11112))

    assert not looked.box.has_unmapped(cell(), place.machine, place.inside_port)


def test_of_several_mappings_to_one_place_the_worst_is_told():
    """One for a single address, or for the provider's television, hides no other."""
    narrow = mapping(1000, remote=ELSEWHERE)
    assert [each.level for each in Looked().look(narrow)] == [Level.ATTENTION]

    assert [each.level for each in Looked().look(narrow, mapping(2000))] == [Level.ALARM]


def test_a_declared_port_grants_no_other_port_to_the_same_place():
    """Only what was declared was declared."""
    looked = Looked(expect_open=frozenset({443}))

    assert len(looked.look(mapping(443, 443), mapping(2000, 443))) == 1


def test_a_box_that_never_ends_its_list_is_not_remembered_for_ever():
    """Bounded, whatever it invents."""
    looked = Looked()
    for turn in range(20):
        ports = range(1000 + 64 * turn, 1064 + 64 * turn)
        looked.look(*(mapping(port, port) for port in ports), at=45 * turn, reading=Reading.PARTLY)

    assert len(looked.box._mappings._told) <= 256
