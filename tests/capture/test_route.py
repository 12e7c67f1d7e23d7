"""Which socket a frame goes to: shown by an interpreter, and by the kernel's own counters."""

import errno
import socket
from contextlib import suppress

import pytest

from sentinel.capture.kind import Kind
from sentinel.capture.rings import Loss, Rings
from sentinel.capture.route import OUTGOING
from sentinel.decode.frame import read_frame
from sentinel.model.packet import Flags, Segment
from tests import rarities
from tests.builders import IMAGING, IMAGING6, INSIDE, PATIENT, STRANGER, STRANGER6, ethernet, ip_frame, moment
from tests.capture import cable
from tests.capture.bpf import routed
from tests.capture.test_keep import DATA, OPENING, ROUTE, as_the_kernel_sees, from_door, kept, shapes, to_door
from tests.decode.test_frame import UNWALKED, arp, neighbour


def routes() -> list[tuple[str, bytes, Kind]]:
    """What a stranger can send or provoke at will shares no room with what only a real connection brings."""
    found = []
    for name, family, shape in shapes():
        is_chained = "extensions" in shape  # of such a header a stranger may have any: it is not walked here
        found += [
            (f"a stranger's SYN ({name})", to_door(b"", Flags.SYN, family, **shape), Kind.ATTEMPTS),
            (f"a stranger's SYN-ACK ({name})", to_door(b"", OPENING["SYN-ACK"], family, **shape), Kind.ATTEMPTS),
            *(
                (f"a stranger's {says} ({name})", frame, Kind.ATTEMPTS if is_chained else Kind.CLIENTS)
                for says, flags in (("FIN", OPENING["FIN"]), ("RST", Flags.RST), ("data", DATA))
                for frame in [to_door(PATIENT, flags, family, **shape)]
            ),
            *(
                (f"our {says} ({name})", from_door(b"", flags, family, seq=7, **shape), kind)
                for says, flags, kind in (
                    ("SYN-ACK", OPENING["SYN-ACK"], Kind.ANSWERS),
                    ("FIN", OPENING["FIN"], Kind.ANSWERS),
                    ("data", DATA, Kind.ANSWERS),
                    ("reset in a connection", Flags.RST | Flags.ACK, Kind.ANSWERS),
                    ("reset of no connection", Flags.RST, Kind.ANSWERS if is_chained else Kind.ATTEMPTS),
                    ("SYN", Flags.SYN, Kind.ANSWERS if is_chained else Kind.ATTEMPTS),
                )
            ),
        ]
        refusal = from_door(b"", Flags.RST | Flags.ACK, family, seq=0, ack=8, **shape)
        found.append((f"our refusal ({name})", refusal, Kind.ANSWERS if is_chained else Kind.ATTEMPTS))
    return [
        *found,
        ("a stranger's fragment", to_door(PATIENT, fragment=0x2000), Kind.ATTEMPTS),
        ("our fragment", from_door(PATIENT, fragment=0x2000), Kind.ANSWERS),
        *(
            (f"what is {says} ({name})", build(PATIENT, family=6, extensions=extensions), kind)
            for says, extensions in UNWALKED.items()
            for name, build, kind in (("a stranger's", to_door, Kind.ATTEMPTS), ("ours", from_door, Kind.ANSWERS))
        ),
        ("ARP", arp(), Kind.ANNOUNCEMENTS),
        ("a neighbour's word", neighbour(136, IMAGING6.packed), Kind.ANNOUNCEMENTS),
        ("a router's word", neighbour(134, IMAGING6.packed), Kind.RARE),
        ("UDP", ip_frame(STRANGER, IMAGING, PATIENT, protocol=17), Kind.RARE),
        ("our UDP over IPv6", ip_frame(IMAGING6, STRANGER6, PATIENT, protocol=17), Kind.RARE),
        ("a stranger's UDP over IPv6", ip_frame(STRANGER6, IMAGING6, PATIENT, protocol=17), Kind.RARE),
        ("LLDP", ethernet(0x88CC, PATIENT), Kind.RARE),
    ]


ROUTES = routes()


@pytest.mark.parametrize(("says", "frame", "kind"), ROUTES, ids=[says for says, _, _ in ROUTES])
def test_a_frame_goes_to_the_socket_of_its_kind(says, frame, kind):
    """Read by an interpreter."""
    seen, _ = as_the_kernel_sees(frame)

    assert Kind(routed(ROUTE, seen)) is kind


def own() -> list[tuple[str, bytes, Kind]]:
    """What this machine sends itself."""
    found = []
    for family in (4, 6):
        refusal = from_door(b"", Flags.RST | Flags.ACK, family, seq=0, ack=8)
        found += [
            ("a refusal", refusal, Kind.ATTEMPTS),
            ("a reset of no connection", from_door(b"", Flags.RST, family, seq=7), Kind.ATTEMPTS),
            ("a SYN", from_door(b"", Flags.SYN, family), Kind.ATTEMPTS),
            ("a SYN-ACK", from_door(b"", OPENING["SYN-ACK"], family), Kind.ANSWERS),
            ("a reset in a connection", from_door(b"", Flags.RST | Flags.ACK, family, seq=7), Kind.ANSWERS),
            ("data", from_door(PATIENT, DATA, family), Kind.ANSWERS),
        ]
    far = ip_frame(IMAGING6, STRANGER6, PATIENT, protocol=17)
    others = (arp(), neighbour(136, IMAGING6.packed), ip_frame(IMAGING, STRANGER, PATIENT, protocol=17), far)
    return [*found, *(("anything else", frame, Kind.ANSWERS) for frame in others), ("nothing", b"", Kind.ANSWERS)]


@pytest.mark.parametrize(("says", "frame", "kind"), own())
def test_what_this_machine_sends_itself_comes_from_inside(says, frame, kind):
    """Whatever address it has. What of it a stranger provokes at closed doors takes no room from the answers."""
    assert Kind(routed(ROUTE, frame, direction=OUTGOING)) is kind


@pytest.mark.lab
def test_the_kernel_routes_alike():
    """By the counters of the five sockets, to the frame, and by what each of them holds."""
    cable.need()
    rare = [rarities.lldp(), rarities.router(), rarities.mdns(), rarities.dhcp()]
    passing = [*((frame, kind) for _, frame, kind in ROUTES), *((frame, Kind.RARE) for frame in rare)]
    wanted: dict[Kind, list[bytes]] = {kind: [] for kind in Kind}
    for frame, kind in passing:
        seen, _ = as_the_kernel_sees(frame)
        assert bool(kept(seen)) is bool(kept(seen, random=256))  # by itself, and not as one in 256
        wanted[kind] += [seen[: kept(seen)]] if kept(seen) else []
    with cable.cable() as laid:
        with laid.at("right"):
            rings = Rings(cable.CARD, INSIDE)
        laid.inject([frame for frame, _ in passing])
        got: dict[Kind, list[bytes]] = {kind: [] for kind in Kind}
        with suppress(TimeoutError):  # what is missing is shown below
            cable.wait_until(lambda: hand_over(rings, got) >= sum(map(len, wanted.values())), 5)
        assert rings.count()
        losses = rings.losses
        rings.close()

    assert losses == {kind: Loss(len(wanted[kind]), 0) for kind in Kind}
    assert got == wanted
    assert len(wanted[Kind.RARE]) == len(rare)
    assert all(wanted.values())


def hand_over(rings: Rings, got: dict[Kind, list[bytes]]) -> int:
    """What each ring holds goes to its list, in its order; how many there are now."""
    for kind, ring in rings._rings.items():
        got[kind] += [frame.kept for block in ring.blocks(16) for frame in ring.frames_of(block)]
    return sum(map(len, got.values()))


@pytest.mark.lab
def test_a_closed_door_of_this_machine_refuses_among_the_attempts():
    """By the kernel's own TCP, over both families: whoever floods it provokes as many refusals."""
    cable.need()
    got: dict[Kind, list[bytes]] = {kind: [] for kind in Kind}
    with cable.cable(quiet=False) as laid:
        with laid.at("right"):
            rings = Rings(cable.CARD, INSIDE)
        for family, address in zip((socket.AF_INET, socket.AF_INET6), cable.ADDRESSES["right"], strict=True):
            with laid.at("left"), socket.socket(family) as line:
                assert line.connect_ex((address, 9)) == errno.ECONNREFUSED
        with suppress(TimeoutError):  # what is missing is shown below
            cable.wait_until(lambda: hand_over(rings, got) and len(refusals(got[Kind.ATTEMPTS])) == 2, 5)
        rings.close()

    assert [kind for kind, frames in got.items() for _ in refusals(frames)] == [Kind.ATTEMPTS] * 2


def refusals(frames: list[bytes]) -> list[bytes]:
    """Of the port that nobody has opened."""
    read = [read_frame(frame, moment(), filtered=True) for frame in frames]
    segments = [each for each in read if isinstance(each, Segment)]
    return [each.way for each in segments if each.source_port == 9 and each.flags & Flags.RST]
