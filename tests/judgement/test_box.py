"""The box as a witness of itself: its offers, its IPv6 firewall, and whether it is still the same box."""

import pytest

from sentinel.judgement.box import Box
from sentinel.judgement.itself import Itself
from sentinel.judgement.machines import Machines
from sentinel.model.box import Reading
from sentinel.model.exposure import Outcome, PortList, Reach
from sentinel.model.finding import Code, Level
from sentinel.model.networks import HomeNetwork
from sentinel.services import DOOR_TEST_PORT
from tests.builders import BOX_MAC, exposure, moment, networks, outcome, reading


@pytest.fixture
def box() -> Box:
    return Box(Machines(), (), frozenset(), Itself())


def told(findings, code: Code) -> list[bool]:
    """Whether it holds, each time it was told."""
    return [not each.ends for each in findings if each.code is code]


@pytest.mark.parametrize(
    ("said", "offers"),
    [
        ({}, [True]),
        ({"igd": None, "reading": Reading.SILENT, "natpmp": True}, [True]),
        ({"igd": None, "reading": Reading.FAILED, "pcp": True}, [True]),
        ({"igd": None, "reading": Reading.SILENT}, [False]),
        ({"igd": None, "reading": Reading.FAILED}, []),  # not knowing is neither
    ],
)
def test_a_box_that_opens_doors_on_demand_is_a_note(box, said, offers):
    findings = list(box.take(reading(**said)))

    assert told(findings, Code.UPNP_OFFERED) == offers
    assert {each.level for each in findings} <= {Level.NOTE}


def test_a_box_that_says_its_ipv6_firewall_is_off_is_the_door_tests_finding(box):
    [finding] = [each for each in box.take(reading(ipv6_inbound=True)) if each.code is Code.IPV6_LETS_IN]

    assert (finding.level, finding.ends) == (Level.ATTENTION, False)
    assert told(box.take(reading(ipv6_inbound=True, at=moment(45))), Code.IPV6_LETS_IN) == []  # told before
    assert told(box.take(reading(ipv6_inbound=None, reading=Reading.FAILED)), Code.IPV6_LETS_IN) == []
    assert told(box.take(reading(ipv6_inbound=False, at=moment(90))), Code.IPV6_LETS_IN) == [False]


def test_its_word_never_ends_what_a_knock_has_proved(box):
    list(box.take(reading(ipv6_inbound=True)))
    box.tested(exposure(port=DOOR_TEST_PORT, family=6, reach=Reach.OPEN))
    box.tested(exposure(port=DOOR_TEST_PORT, family=6, reach=Reach.UNKNOWN))

    assert told(box.take(reading(ipv6_inbound=False, at=moment(45))), Code.IPV6_LETS_IN) == []


def test_a_box_that_says_nothing_of_ipv6_says_nothing(box):
    assert told(box.take(reading()), Code.IPV6_LETS_IN) == []
    assert told(box.take(reading(ipv6_inbound=False)), Code.IPV6_LETS_IN) == []


def home(mac: str | None, at: float, families: tuple[int, ...] = (4,)) -> HomeNetwork:
    return HomeNetwork(networks=networks(), families=families, at=moment(at), box_mac=mac)


def test_where_there_is_no_ipv6_its_firewall_is_nobodys_concern(box):
    """Until there is some."""
    list(box.adopt(home(BOX_MAC, 0)))
    assert told(box.take(reading(ipv6_inbound=True)), Code.IPV6_LETS_IN) == []

    list(box.adopt(home(BOX_MAC, 60, (4, 6))))
    assert told(box.take(reading(ipv6_inbound=True, at=moment(90))), Code.IPV6_LETS_IN) == [True]


def test_another_hardware_address_is_another_box_until_everything_was_checked_anew(box):
    assert list(box.adopt(home(BOX_MAC, 0))) == []
    assert list(box.adopt(home(None, 60))) == []  # the kernel has forgotten it for a moment
    assert list(box.adopt(home(BOX_MAC, 120))) == []

    [changed] = box.adopt(home("02:00:00:00:00:99", 180))

    assert (changed.code, changed.level, changed.ends) == (Code.BOX_CHANGED, Level.ATTENTION, False)
    assert list(box.adopt(home("02:00:00:00:00:99", 240))) == []
    for not_yet in (
        outcome(asked=moment(179), at=moment(250)),  # began before
        outcome(ports=PortList.HOURLY, asked=moment(250)),
        outcome(Outcome.UNREACHABLE, asked=moment(250)),
    ):
        assert list(box.checked(not_yet)) == []
    assert told(box.checked(outcome(asked=moment(250))), Code.BOX_CHANGED) == [False]
    assert list(box.checked(outcome(asked=moment(260)))) == []


def test_a_look_that_does_not_tell_ends_nothing(box):
    """The list was read in part."""
    list(box.take(reading(ipv6_inbound=True)))

    assert told(box.take(reading(ipv6_inbound=None, reading=Reading.PARTLY)), Code.IPV6_LETS_IN) == []
    assert told(box.take(reading(ipv6_inbound=None, at=moment(90))), Code.IPV6_LETS_IN) == []
