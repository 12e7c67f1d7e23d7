"""Whoever reaches the sentinel from outside reaches the page that names the machines: red, in its own words."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from sentinel.judgement.itself import Itself
from sentinel.judgement.mappings import UDP
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.networks import HomeNetwork
from sentinel.services import DOOR_TEST_PORT
from tests.builders import IMAGING, IMAGING_MAC, finding, moment, networks

BOX = ip_address("192.168.1.1")
OURS, OURS6, OUR_MAC = ip_address("192.168.1.5"), ip_address("2001:db8:1::5"), "dc:a6:32:00:00:05"


@pytest.fixture
def itself() -> Itself:
    told = Itself()
    told.adopt(
        HomeNetwork(
            networks=networks(box=(BOX,)), families=(4, 6), at=moment(), addresses=(OURS, OURS6), macs=(OUR_MAC,)
        )
    )
    return told


@pytest.mark.parametrize(
    "code",
    [
        Code.DOOR_REACHABLE,
        Code.WEB_UNIDENTIFIED,
        Code.DOOR_ATTENTION,
        Code.STRANGER_CONNECTED,
        Code.MAPPING_OPENED,
    ],
)
@pytest.mark.parametrize("where", [{"machine": OURS}, {"mac": OUR_MAC, "machine": ip_address("192.168.9.9")}])
def test_every_way_to_our_own_address_is_red(itself, code, where):
    """Proved by the echo, by a visitor, or said by the box; whatever the port means elsewhere."""
    mild = finding(code, level=Level.ATTENTION, port=8080, **{"mac": None, **where})

    told = itself.told(mild)

    assert (told.code, told.level) == (Code.SELF_VISIBLE, Level.ALARM)
    assert (told.story, told.source, told.port) == (mild.story, mild.source, mild.port)


@pytest.mark.parametrize(
    "other",
    [
        finding(Code.STRANGER_CONNECTED, machine=IMAGING, mac=IMAGING_MAC),
        finding(Code.SCANNED, machine=OURS, level=Level.NOTE, grade=Grade.SCANNED),
        finding(Code.DOOR_ANSWERED, machine=OURS, level=Level.ATTENTION, grade=Grade.ANSWERED),
        finding(Code.DOOR_ATTENTION, machine=OURS6, port=DOOR_TEST_PORT),
        finding(Code.MAPPING_OPENED, machine=OURS, ends=True),
        finding(Code.DOOR_REACHABLE, machine=None, mac=None),
        finding(Code.STRANGER_CONNECTED, machine=OURS, level=Level.ATTENTION, source=BOX),
        finding(
            Code.MAPPING_OPENED,
            machine=OURS,
            level=Level.ATTENTION,
            story=Story(kind=StoryKind.MAPPING, about=f"{OUR_MAC}{UDP}", port=51820, family=4),
        ),
    ],
)
def test_everything_else_is_told_as_it_came(itself, other):
    """Another door, knocks in vain, the IPv6 door test, what is over, the box's own look, a VPN over UDP."""
    assert itself.told(other) == other


def test_over_ipv6_the_address_knocked_at_is_our_own_also_where_no_knock_was_seen(itself):
    """The story of a door whose machine is unknown is about the public address."""
    story = Story(kind=StoryKind.DOOR, about=str(OURS6), port=8080, family=6)

    assert itself.told(finding(Code.WEB_UNIDENTIFIED, machine=None, mac=None, story=story)).level is Level.ALARM


def test_a_kernel_that_told_nothing_has_not_taken_our_addresses_away(itself):
    """It could not be asked, for a moment."""
    itself.adopt(HomeNetwork(networks=networks(), families=(), at=moment(60)))

    assert itself.is_us(OURS, None)
    assert itself.is_us(None, OUR_MAC)


def test_before_the_kernel_has_told_nobody_is_us():
    """A machine without a known address is not us."""
    assert not Itself().is_us(None, None)
    assert Itself().told(replace(finding(), machine=None, mac=None)).code is Code.STRANGER_CONNECTED
