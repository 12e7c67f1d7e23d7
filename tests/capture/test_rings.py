"""Connections hidden in other traffic: not one is missed, and of none is anything told wrong."""

import os
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sentinel.capture import rings as module
from sentinel.capture.kind import Kind
from sentinel.capture.mapped import ROOMS
from sentinel.capture.ring import Frame, Room
from sentinel.capture.rings import LOOK_MS, Rings
from sentinel.model.connection import ConnectionState
from tests.builders import IMAGING, INSIDE, STRANGER, WORKSTATION, associate_rq
from tests.capture import cable, traffic
from tests.capture.generator import Generator
from tests.capture.listening import listening
from tests.capture.sensing import Sensed, sensing
from tests.capture.test_overload import KINDS
from tests.capture.truth import VAIN, accused, finals, row_of, vain, wrong

pytestmark = pytest.mark.lab

ATTEMPTED, REFUSED, ANSWERED, CONNECTED, CLOSED = ConnectionState
SLOW, LATE = 0.02, 0.05
"""Seconds a listener does something else before it reads."""


def sensed(room: Path, frames: Sequence[bytes], rate: float = 0, **shape: object) -> Sensed:
    """What the capture told of these frames."""
    with cable.cable() as laid:
        with sensing(laid, room, **shape) as (_, results), laid.at("left"):  # type: ignore[arg-type]
            generator = Generator(cable.CARD, frames)
            generator.send(rate)
            generator.close()
        return results[0]


def narrowed(kind: Kind) -> dict[Kind, Room]:
    """As `listen` has them, but for one that holds some four hundred frames."""
    return ROOMS | {kind: Room(1 << 14, 4)}


def told(found: Sensed) -> tuple[int, int]:
    """How many were answered, and how many connected, in rows and sums."""
    states = [each.state for each in finals(found.connections).values()]
    connected = sum(state in (CONNECTED, CLOSED) for state in states)
    sums = found.sums.values()
    return (
        states.count(ANSWERED) + connected + sum(each.answered for each in sums),
        connected + sum(each.connected for each in sums),
    )


@pytest.mark.parametrize(
    ("kind", "others"), [("office", set()), ("flood", set()), ("bulk", {(str(WORKSTATION), 11_112)})]
)
def test_hidden_connections_are_all_told_as_they_were(kind, others, tmp_path):
    """Among pages and shares, 64-byte frames, or images: state, bytes, DICOM and label; nobody else has these."""
    cable.need()
    strangers = traffic.hidden(200)
    frames = traffic.woven(getattr(traffic, kind)(20_000), strangers)

    found = sensed(tmp_path, frames, rate=20_000)

    assert found.lost == 0
    assert wrong(strangers, found) == []
    assert accused(strangers, found) == others
    states = [each.state for each in strangers]
    assert vain(found) == (states.count(ATTEMPTED), states.count(REFUSED))


@pytest.mark.parametrize(
    ("number", "rate", "pause"), [(50_000, 80_000, 0), (18_000, 80_000, LATE), (50_000, 0, 0)]
)
def test_hidden_connections_are_all_told_in_the_midst_of_a_scan(number, rate, pause, tmp_path):
    """Each attempt of the scan is told once, in a row or in a sum, unless the kernel counted it as dropped.

    So it is by a listener that comes late, too, and finds more than one turn can take; of more than half a ring
    SYNs would come before their order.
    """
    cable.need()
    strangers = traffic.hidden(200)
    scan = traffic.scan(number)
    frames = traffic.woven(scan, strangers)

    found = sensed(tmp_path, frames, rate=rate, pause=pause)

    assert wrong(strangers, found) == []
    assert accused(strangers, found) == set()
    states = [each.state for each in strangers]
    silent, refused = vain(found)
    attempts = len({frame[26:38] for frame in scan}) + states.count(ATTEMPTED)
    assert found.forgotten == 0
    assert abs(attempts - silent) <= found.lost
    assert abs(states.count(REFUSED) - refused) <= found.lost
    assert sum(loss.dropped for kind, loss in found.losses.items() if kind is not Kind.ATTEMPTS) == 0


def test_no_answered_connection_is_missed_where_half_of_all_attempts_are_dropped(tmp_path):
    """At their own socket, as its statistics prove: the answer alone makes the connection, exact to the byte."""
    cable.need()
    strangers = traffic.hidden(200)
    answered = [each for each in strangers if each.state not in VAIN]
    frames = traffic.woven(traffic.scan(100_000), strangers)

    found = sensed(tmp_path, frames, rooms=narrowed(Kind.ATTEMPTS), pause=SLOW)

    attempts = found.losses[Kind.ATTEMPTS]
    assert attempts.dropped > attempts.frames / 2 > 50_000
    assert found.lost == attempts.dropped
    assert wrong(answered, found) == []
    assert accused(strangers, found) == set()
    silent, _ = vain(found)
    assert silent + attempts.dropped <= attempts.frames < silent + attempts.dropped + 2 * len(strangers)


@pytest.mark.parametrize(("flood", "kind"), [("strays", Kind.CLIENTS), ("fragments", Kind.ATTEMPTS)])
def test_no_answered_connection_is_missed_in_a_flood_of_what_begins_none(flood, kind, tmp_path):
    """Most of it is dropped, at the socket it shares with clients or with attempts: never with what answers them.

    Of a client whose later words were dropped it is told that he was answered, and by the answers what was given.
    """
    cable.need()
    strangers = traffic.hidden(200)
    frames = traffic.woven(getattr(traffic, flood)(100_000), strangers)

    found = sensed(tmp_path, frames, rooms=narrowed(kind), pause=SLOW)

    lost = found.losses[kind]
    assert lost.dropped > lost.frames / 2 > 30_000
    assert found.lost == lost.dropped
    assert found.read + found.lost == sum(each.frames for each in found.losses.values())
    assert accused(strangers, found) == set()
    answered = [each for each in strangers if each.state not in VAIN]
    rows = [row_of(each, found) for each in answered]
    assert [row for row in rows if row is None or row.state in VAIN] == []
    assert [row for each, row in zip(answered, rows, strict=True) if row and bool(row.dicom) != each.dicom] == []
    if flood == "fragments":
        assert wrong(answered, found) == []
        assert 100_000 - lost.dropped <= found.fragments <= 100_000


@pytest.mark.parametrize("rate", [6_000, 0])
def test_no_connection_is_missed_where_every_attempt_is_answered(rate, tmp_path):
    """The scan at open doors: its answers share the ring and the table of those we look for, and half of the rows.

    At a rate the capture bears every client that is real has its row, and it is right; who was merely answered has
    one, or is counted in the sum of his door; where his SYN was read late, an attempt is told besides. As fast as
    can be, what is missing of them was counted as dropped.
    """
    cable.need()
    strangers = traffic.hidden(200)
    frames = traffic.woven(traffic.doors(40_000), strangers)

    found = sensed(tmp_path, frames, rate=rate)

    assert found.read + found.lost == sum(loss.frames for loss in found.losses.values())
    assert accused(strangers, found) == set()
    real = [each for each in strangers if each.state is CLOSED]
    answered = 20_000 + sum(each.state is ANSWERED for each in strangers) + len(real)
    lost = sum(found.losses[kind].dropped for kind in (Kind.ANSWERS, Kind.CLIENTS))
    assert lost == 0 or not rate
    assert answered - lost <= told(found)[0] <= answered
    assert len(real) - lost <= told(found)[1] <= len(real)
    mistaken = wrong(strangers, found)
    assert lost or [row for _, row in mistaken if row and row.state not in VAIN] == []
    assert lost or [each for each, row in mistaken if each.state is CLOSED] == []


GIVEN = associate_rq(called="ZZOURS") + bytes(2_000_000)
"""A request, and what a client in a hurry sends behind it."""


def give(laid: cable.Cable) -> int:
    """All of it from a stranger to a door, over the kernel's own TCP; how many bytes arrived."""
    with laid.at("right"):
        door = socket.create_server((str(IMAGING), 104))
    with laid.at("left"):
        line = socket.socket()
    with door, line, ThreadPoolExecutor(1) as other:
        taking = other.submit(take, door)
        line.connect(door.getsockname())
        line.sendall(GIVEN)
        line.shutdown(socket.SHUT_WR)
        return taking.result(30)


def take(door: socket.socket) -> int:
    """What the first caller says before it hangs up."""
    line, _ = door.accept()
    with line:
        return sum(map(len, iter(lambda: line.recv(65_536), b"")))


@pytest.mark.parametrize("gro", [False, True])
def test_a_card_that_puts_segments_together_changes_no_byte_of_what_is_told(tmp_path, gro):
    """Two megabytes: with GRO a few long frames come to our rings, and the request begins the first of them; else
    many of one segment each."""
    cable.need("ethtool")
    with cable.cable() as laid:
        laid.populate(gro=gro)
        with listening(laid, tmp_path) as found, laid.tapped() as frames:
            assert give(laid) == len(GIVEN)
            cable.wait_until(lambda: any(each.state is ConnectionState.CLOSED for each in found.connections))
        counted = found.reports[-1]

    data = [len(frame) for frame in frames if len(frame) > 1_000]
    assert (max(data) > 1_514, len(data) < len(GIVEN) // 1_460) == (gro, gro)
    [only] = finals(found.connections).values()
    assert (only.source, only.target_port, only.state) == (STRANGER, 104, ConnectionState.CLOSED)
    assert (only.bytes_in, only.bytes_out) == (len(GIVEN), 0)
    assert only.dicom is not None
    assert (only.dicom.called, only.dicom.services_whole) == ("ZZOURS", True)
    assert (counted.dropped, counted.undecodable) == (0, 0)


def test_the_sockets_stand_in_the_order_of_their_numbers():
    """In which the kernel puts them back into the group when a pulled cable is plugged in (/proc/net/packet)."""
    cable.need()
    for _ in range(10):
        with cable.cable() as laid, laid.at("right"):
            rings = Rings(cable.CARD)
            inodes = [str(os.fstat(rings._rings[kind].socket.fileno()).st_ino) for kind in Kind]
            listed = [line.split()[-1] for line in Path("/proc/thread-self/net/packet").read_text().splitlines()]
            rings.close()
        assert [each for each in listed if each in inodes] == inodes


def test_each_kind_comes_to_its_own_ring_also_after_the_cable_was_pulled():
    """The kernel takes the sockets out of their group and puts them back."""
    cable.need()
    with cable.cable() as laid:
        with laid.at("right"):
            rings = Rings(cable.CARD, INSIDE)
        for state in ("down", "up"):
            laid.set_link("right", state)
        for kind, frame in {**KINDS, Kind.ATTEMPTS: traffic.scan(1)[0]}.items():
            before = {each: loss.frames for each, loss in rings.losses.items()}
            laid.passes([frame] * 5)
            assert rings.count()
            more = {each: loss.frames - before[each] for each, loss in rings.losses.items()}
            assert more == dict.fromkeys(Kind, 0) | {kind: 5}, kind
        rings.close()


# -- when they are looked at, and in what order what they held goes on: without a card ----------------------------


class Filling:
    """A ring that a quarter of has filled by that glance."""

    def __init__(self, glance: int) -> None:
        self._glance = glance

    def waits(self, share: int) -> bool:
        self._glance -= 1
        return share == 4 and self._glance <= 0


def turning(**filling: int) -> Rings:
    """Rings of which those fill, and the others stay empty."""
    rings = object.__new__(Rings)
    rings._watch({kind: Filling(filling.get(kind.name.lower(), 99)) for kind in Kind})  # type: ignore[misc]
    return rings


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of each sleep, none of which takes place."""
    naps: list[float] = []
    monkeypatch.setattr(module.time, "sleep", naps.append)
    return naps


def test_nothing_wakes_it_but_a_glance_in_the_middle(slept):
    """An empty line costs ten of them a second."""
    turning()._wait(LOOK_MS)

    assert slept == [0.1, 0.1]


@pytest.mark.parametrize("kind", Kind)
def test_whichever_ring_fills_is_looked_at_sooner(slept, kind):
    """Strangers can fill most of them."""
    turning(**{kind.name.lower(): 1})._wait(LOOK_MS)

    assert slept == [0.1]


def test_in_a_flood_it_sleeps_a_hundredth_of_a_second(slept):
    """Or as long as it was told to, where that is less."""
    rings = turning()
    rings._is_flooded = True
    rings._wait(LOOK_MS)
    rings._wait(5)

    assert slept == [0.01, 0.005]


def held(*nanoseconds: int) -> list[Frame]:
    """Frames that wait for their order."""
    return [Frame(each, b"", 0, None) for each in nanoseconds]


def test_what_nothing_can_come_before_goes_on_in_its_order_and_the_rest_waits():
    """What is of the future by the clock waits for nothing."""
    rings = turning()
    rings._held = [*held(90, 10, 130, 70, 101)]

    assert rings._ripe(100, 120) == held(10, 70, 90, 130)
    assert rings._held == held(101)


@pytest.mark.parametrize("now", [0, 60, 95, 100])
def test_each_goes_on_once_though_the_clock_is_set_back_meanwhile(now):
    """Then all that is held is of the past, or of the future."""
    rings = turning()
    rings._held = [*held(50, 10, 120, 95, 90)]

    assert rings._ripe(100, now) == held(10, 50, 90, 95, 120)
    assert rings._held == []
