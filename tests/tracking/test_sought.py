"""Whom the box looks for: made up frame by frame, and in the laboratory, where it looks by itself."""

import struct
from datetime import timedelta
from ipaddress import IPv4Address

import pytest

from sentinel.decode.frame import read_frame
from sentinel.model.machine import Sought
from sentinel.model.moment import Address
from sentinel.model.packet import Announcement
from sentinel.tracking.sought import MOST, Searches
from tests.builders import BOX_MAC, IMAGING, STRANGER, WORKSTATION, ethernet, mac_bytes, moment, networks
from tests.lab.doors import Answer, Tap, door, knock
from tests.lab.plan import LAN4, nic

BOX = IPv4Address("192.168.1.1")
ALL = bytes(6 * [255])


def who_has(target: Address, source: Address = BOX, *, to_all: bool = True) -> bytes:
    """An ARP request (RFC 826)."""
    body = (
        struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac_bytes(BOX_MAC) + source.packed + bytes(6) + target.packed
    )
    frame = ethernet(0x0806, body)
    return ALL + frame[6:] if to_all else frame


def heard(searches: Searches, frame: bytes, at: float = 0) -> Sought | None:
    packet = read_frame(frame, moment(at))
    assert isinstance(packet, Announcement)
    return searches.feed(packet)


def searching() -> Searches:
    return Searches(networks(box=(BOX,)))


def test_the_box_that_asks_everybody_looks_for_a_machine():
    """One that gets no answer asks each second: that is one search, until it has been silent."""
    searches = searching()
    told = [heard(searches, who_has(IMAGING), second) for second in (0, 1, 2, 3, 30)]

    assert told == [
        Sought(address=IMAGING, at=moment(0)),
        None,
        None,
        None,
        Sought(address=IMAGING, at=moment(30)),
    ]


@pytest.mark.parametrize(
    "frame",
    [
        who_has(IMAGING, to_all=False),  # the box knows where it is, and looks whether it is still there
        who_has(IMAGING, source=WORKSTATION),
        who_has(BOX),  # it tells everybody where it is itself
        who_has(STRANGER),
    ],
)
def test_what_is_no_search_of_the_box_for_a_machine_of_ours_is_none(frame):
    """Whoever else asks wants something himself."""
    assert heard(searching(), frame) is None


def test_a_box_that_looks_for_its_whole_network_fills_neither_memory_nor_wire():
    """As far as the budget goes, and again when it is over."""
    searches = Searches(networks(box=(BOX,)))
    targets = [*(IPv4Address(f"192.168.1.{host}") for host in range(2, 255)), *LAN4.hosts()]
    wide = Searches(networks(LAN4, box=(BOX,)))
    for each in (searches, wide):
        told = [heard(each, who_has(target), 0) for target in targets]
        assert sum(one is not None for one in told) <= MOST
        assert len(each._asked) <= MOST
    assert heard(searches, who_has(IMAGING), 60) is not None


# -- in the laboratory: what the box's neighbours' table makes of a knock -----------------------------------------


def searched(cabinet, *, patience: float = 1) -> tuple[Answer, set[Address]]:
    """How a knock from outside was answered, and whom the box looked for, as the Pi's ordinary port hears it."""
    inside = Searches(networks(LAN4, box=(nic("box", "lan0").v4[0],)))
    with Tap(cabinet.pi, "lan0") as tap:
        answer = knock(cabinet.stranger, cabinet.box.v4, 4242, patience=timedelta(seconds=patience))
        packets = [read_frame(frame, moment()) for frame in tap.frames(timedelta(milliseconds=300))]
    told = [inside.feed(packet) for packet in packets if isinstance(packet, Announcement)]
    return answer, {each.address for each in told if each}


def state(cabinet, name: str) -> None:
    """What the box knows of the imaging server."""
    machine = cabinet.imaging
    words = ["ip", "neigh", "replace", str(machine.v4), "lladdr", machine.mac, "dev", "lan0", "nud", name]
    cabinet.box.run(words)


def test_a_box_looks_for_a_machine_that_is_off_or_forgotten_and_for_none_that_it_knows(cabinet):
    """Without any mirror; so who answers is never named by it, and who sleeps is, by each knock."""
    cabinet.switch.mirror(False)
    cabinet.box.forward(4242)
    imaging = {cabinet.imaging.v4}
    with door(cabinet.imaging, 4242):
        cabinet.box.forget(cabinet.imaging)
        assert searched(cabinet) == (Answer.OPEN, imaging)
        for known in ("reachable", "stale"):  # stale: for minutes or months, while the table has room
            state(cabinet, known)
            assert searched(cabinet) == (Answer.OPEN, set())
        cabinet.switch.switch_off(cabinet.imaging)
        for _ in range(3):
            assert searched(cabinet, patience=4) == (Answer.UNREACHABLE, imaging)
