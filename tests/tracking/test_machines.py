"""Who is alive on the LAN, how often that is told, and what it may cost."""

from ipaddress import IPv4Address

import pytest

from sentinel.model.machine import HostSighting, SeenBy
from sentinel.model.packet import Announcement
from sentinel.tracking.machines import MOST, Machines
from tests.builders import BOX_MAC, IMAGING, IMAGING6, IMAGING_MAC, STRANGER, Talk, moment, networks


def announcement(seconds: float = 0, mac: str = IMAGING_MAC, address=IMAGING, seen_by=SeenBy.ARP) -> Announcement:
    return Announcement(moment(seconds), mac, address, seen_by)


@pytest.mark.parametrize(("address", "seen_by"), [(IMAGING, SeenBy.ARP), (IMAGING6, SeenBy.NDP)])
def test_a_machine_that_speaks_of_itself_is_told(address, seen_by):
    """By either protocol."""
    sighting = Machines(networks()).feed(announcement(address=address, seen_by=seen_by))

    assert sighting == HostSighting(mac=IMAGING_MAC, address=address, seen_by=seen_by, at=moment())


def test_a_machine_that_answers_by_tcp_is_told():
    """The sender of a segment, never its target."""
    talk = Talk()
    machines = Machines(networks())

    assert machines.feed(talk.segment(talk.syn())) is None  # a stranger spoke: the machine may be off
    sighting = machines.feed(talk.segment(talk.syn_ack()))

    assert sighting is not None
    assert (sighting.mac, sighting.address, sighting.seen_by) == (IMAGING_MAC, IMAGING, SeenBy.TCP)


def test_a_machine_is_told_once_a_minute():
    """By the frames' own clock."""
    machines = Machines(networks())

    told = [seconds for seconds in (0, 1, 59, 60, 61, 120) if machines.feed(announcement(seconds))]

    assert told == [0, 60, 120]


def test_a_machine_with_another_address_is_told_at_once():
    """And a second machine that takes the same address too."""
    machines = Machines(networks())

    assert machines.feed(announcement())
    assert machines.feed(announcement(1, address=IMAGING6))
    assert machines.feed(announcement(2, mac=BOX_MAC))


def test_nobody_outside_is_a_machine_of_ours():
    """A stranger's address may stand in any frame; the box's own is ours to know."""
    machines = Machines(networks(box=(STRANGER,)))

    assert machines.feed(announcement(address=IPv4Address("198.51.100.1"))) is None
    assert machines.feed(announcement(address=STRANGER)) is not None


def test_a_neighbour_that_invents_addresses_is_forgotten_and_counted():
    """The table is bounded."""
    machines = Machines(networks())
    for number in range(MOST + 10):
        machines.feed(announcement(mac=f"02:00:00:01:{number >> 8:02x}:{number & 255:02x}"))

    assert machines.forgotten == 10
