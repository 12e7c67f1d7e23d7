"""Who is alive on the LAN, how often that is told, and what it may cost."""

from ipaddress import IPv4Address

import pytest

from sentinel.decode.frame import read_frame
from sentinel.model.machine import HostSighting, SeenBy
from sentinel.model.packet import Announcement, Segment
from sentinel.tracking.machines import MOST, Machines
from tests.builders import (
    BOX_MAC,
    IMAGING,
    IMAGING6,
    IMAGING_MAC,
    STRANGER,
    WORKSTATION,
    Talk,
    mac_bytes,
    moment,
    networks,
)


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
    assert (sighting.mac, sighting.address, sighting.seen_by) == (IMAGING_MAC, IMAGING, SeenBy.PASSING)


def test_an_address_without_a_mac_is_no_machine():
    """On a loopback or in a tunnel nobody has one: a sighting names a card."""
    talk = Talk()
    answer = read_frame(bytes(12) + talk.frame(talk.syn_ack())[12:], moment())

    assert isinstance(answer, Segment)
    assert (answer.source_mac, answer.target_mac) == (None, None)
    assert Machines(networks()).feed(answer) is None


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


OWN_MAC, TALK_MAC = "dc:a6:32:00:00:05", "dc:a6:32:00:00:06"
BOX = IPv4Address("192.168.1.1")


def seen(*packets, own=OWN_MAC, talk=TALK_MAC) -> list[SeenBy]:
    """How a machine was seen, as far as that was told."""
    machines = Machines(networks(box=(BOX,)), own, talk)
    return [sighting.seen_by for each in packets if (sighting := machines.feed(each))]


@pytest.mark.parametrize(
    ("packet", "seen_by"),
    [
        (announcement()._replace(peer=BOX), SeenBy.ASKING),  # « who has the box? », to everybody
        (announcement()._replace(peer=BOX, to_all=False), SeenBy.PASSING),  # an answer to the box
        (announcement()._replace(peer=WORKSTATION), SeenBy.ARP),
        (announcement()._replace(peer=WORKSTATION, to_all=False), SeenBy.ARP),
        (Talk().segment(Talk().syn_ack()), SeenBy.PASSING),  # to a stranger
        (Talk(client=BOX).segment(Talk(client=BOX).syn_ack()), SeenBy.PASSING),  # to the box itself
        (Talk(client=WORKSTATION).segment(Talk(client=WORKSTATION).syn_ack()), SeenBy.TCP),  # among ourselves
    ],
)
def test_what_a_frame_says_of_the_way_its_sender_takes(packet, seen_by):
    """Towards the box and beyond, or only somewhere in the practice."""
    assert seen(packet) == [seen_by]


@pytest.mark.parametrize("ours", [OWN_MAC, TALK_MAC])
def test_what_is_sent_to_our_own_cards_passes_no_mirror(ours):
    """Whoever reads our page from another network sends us frames wherever it hangs."""
    talk = Talk()
    frame = talk.segment(talk.syn_ack())._replace(macs=mac_bytes(ours) + mac_bytes(IMAGING_MAC))

    assert seen(frame) == [SeenBy.TCP]


def test_a_machine_that_was_just_told_alive_is_told_passing_all_the_same_and_then_seldom():
    """A question to everybody must not hide what passes after it; a busy machine must not fill the wire."""
    talk = Talk()
    passing = talk.segment(talk.syn_ack())

    assert seen(announcement(), passing._replace(at=moment(1))) == [SeenBy.ARP, SeenBy.PASSING]
    assert len(seen(*(passing._replace(at=moment(second)) for second in range(1200)))) == 20
    assert seen(passing, *(announcement(second) for second in range(1, 60))) == [SeenBy.PASSING]
