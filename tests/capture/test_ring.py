"""The rings, on a real cable: what comes over, what is counted, and what happens when the cable goes."""

import shutil
import sys
import time

import pytest

from sentinel.capture.assembler import Step, assemble
from sentinel.capture.kind import Kind
from sentinel.capture.mapped import ROOMS, Mapped
from sentinel.capture.ring import Frame, Ring, Room, raw_socket
from sentinel.capture.rings import Flood, Rare, Rings
from sentinel.decode.frame import read_frame
from sentinel.errors import MissingDevice
from sentinel.model.beginnings import BANNERS, LONG
from sentinel.model.connection import Label
from sentinel.model.packet import Flags
from tests.builders import (
    IMAGING,
    IMAGING6,
    INSIDE,
    PATIENT,
    SPOKEN,
    STRANGER,
    STRANGER6,
    moment,
    tcp_frame,
)
from tests.capture import cable
from tests.lab import images
from tests.rarities import lldp

pytestmark = pytest.mark.lab

ANYTHING = assemble([Step("keep", 2_048)])
DATA = Flags.PSH | Flags.ACK
MSS = b"\x02\x04\x05\xb4"


def ends(number: int, **shape: object) -> list[bytes]:
    """So many last words of a client, told apart by their sequence numbers."""
    return [tcp_frame(STRANGER, 40_000, IMAGING, 4242, Flags.FIN, seq=seq, **shape) for seq in range(number)]


def read(rings: Rings, number: int, seconds: float = 5) -> list[Frame]:
    """The first frames it hands over."""
    got: list[Frame] = []
    end = time.monotonic() + seconds
    while len(got) < number and time.monotonic() < end:
        got += [each for each in rings.read(100) if isinstance(each, Frame)]
    return got


def came(capture: Rings, kind: Kind, number: int) -> None:
    """So many are in its ring, and the kernel has handed them over."""
    cable.wait_until(lambda: capture.count() and capture.losses[kind].frames == number)
    time.sleep(0.2)


def test_every_frame_comes_over_in_order_with_its_time_and_length():
    """Through many blocks; the stamp is the wall clock's."""
    cable.need()
    frames = ends(6_000)
    with cable.cable() as laid:
        with laid.at("right"):
            rings = Rings(cable.CARD, INSIDE)
        before = time.time_ns()
        laid.inject(frames)
        got = read(rings, len(frames))
        assert rings.count()
        rings.close()

    assert [frame.kept for frame in got] == frames
    assert {frame.length for frame in got} == {54}
    assert before <= got[0].nanoseconds <= got[-1].nanoseconds <= time.time_ns()
    assert rings.losses[Kind.CLIENTS] == (len(frames), 0)


def test_frames_keep_their_order_though_their_reader_was_kept_from_its_work():
    """What passed after one ring was looked at and before another: an answer stays before what followed it."""
    cable.need()
    answer = tcp_frame(IMAGING, 4242, STRANGER, 40_000, Flags.SYN | Flags.ACK)
    later = tcp_frame(STRANGER, 40_001, IMAGING, 4242, Flags.SYN)
    got: list[bytes] = []
    with cable.cable() as laid:
        with laid.at("right"):
            rings = Rings(cable.CARD, INSIDE)
        laid.inject([lldp()])
        end = time.monotonic() + 5
        while len(got) < 2 and time.monotonic() < end:
            for passed in rings.read(100):
                if isinstance(passed, Rare):
                    laid.inject([answer, later])
                    time.sleep(0.5)
                elif isinstance(passed, Frame):
                    got.append(passed.kept)
        rings.close()

    assert got == [answer, later]


def test_a_block_whose_time_has_not_come_stays_in_its_ring():
    """It takes half the room there."""
    cable.need()
    with cable.cable() as laid:
        with laid.at("right"):
            ring = Ring(Room(1 << 14, 8), raw_socket())
            ring.bind(cable.CARD)
        ring.arm(ANYTHING)
        laid.inject(ends(10))
        cable.wait_until(lambda: next(ring.blocks(1), None) and ring.count() and ring.frames == 10)

        assert sum(each.packets for each in ring.blocks(8)) == 10
        assert list(ring.blocks(8)) == []
        ring.close()


def stands(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """The wall clock, so that nothing gets any older."""
    monkeypatch.setattr("sentinel.capture.rings.time.time_ns", lambda: at)


def test_what_waits_for_its_order_comes_at_once_where_the_clock_was_set_back(monkeypatch):
    """It would wait until the clock is where it was before."""
    cable.need()
    with cable.cable() as laid:
        with laid.at("right"):
            capture = Rings(cable.CARD, INSIDE)
        before = time.time_ns()
        laid.inject([tcp_frame(IMAGING, 104, STRANGER, 1_024 + each, Flags.FIN) for each in range(10)])
        stands(monkeypatch, time.time_ns())
        came(capture, Kind.ANSWERS, 10)

        assert list(capture.read()) == []
        stands(monkeypatch, before)
        assert len(list(capture.read())) == 10
        capture.close()


def attempts(number: int, flags: int = Flags.SYN) -> list[bytes]:
    """At one of our doors, each from another port."""
    return [tcp_frame(STRANGER, 1_024 + each, IMAGING, 104, flags, options=MSS) for each in range(number)]


@pytest.mark.parametrize(
    ("frames", "early"),
    [
        (attempts(300), False),
        (attempts(700), True),
        (
            [each for pair in zip(attempts(350), attempts(350, Flags.SYN | 0x20), strict=True) for each in pair],
            False,
        ),
    ],
    ids=["less than half", "a flood", "a mixture"],
)
def test_syns_wait_for_their_order_until_their_ring_is_half_full(monkeypatch, frames, early):
    """Then they come, until it is not; what is no flood of SYNs would take twice the room beside, and stays."""
    cable.need()
    with cable.cable() as laid:
        with laid.at("right"):
            capture = Rings(cable.CARD, INSIDE, Mapped(ROOMS | {Kind.ATTEMPTS: Room(1 << 14, 8)}))
        laid.inject(frames)
        stands(monkeypatch, time.time_ns())
        came(capture, Kind.ATTEMPTS, len(frames))
        found = [each for _ in range(3) for each in capture.read()]
        assert capture.count()
        capture.close()

    assert capture.losses[Kind.ATTEMPTS].dropped == 0
    assert all(isinstance(each, Flood) for each in found)
    ways = sum(len(each.alike.ways) for each in found if isinstance(each, Flood))
    assert 200 < ways < 700 if early else ways == 0


def test_the_tag_the_kernel_takes_off_stands_beside_the_frame():
    """One tag or two; without any there is none."""
    cable.need()
    frames = [
        *ends(1),
        *ends(1, tags=((0x8100, 20),)),
        *ends(1, tags=((0x88A8, 5), (0x8100, 20))),
    ]
    with cable.cable() as laid:
        with laid.at("right"):
            rings = Rings(cable.CARD, INSIDE)
        laid.inject(frames)
        got = read(rings, 3)
        rings.close()

    assert [frame.vlan for frame in got] == [None, 20, 5]


def test_frames_the_ring_had_no_room_for_are_counted():
    """Sent is read plus dropped, to the frame."""
    cable.need()
    frames = ends(10_000)
    with cable.cable() as laid:
        with laid.at("right"):
            rings = Rings(cable.CARD, INSIDE, Mapped(dict.fromkeys(Kind, Room(1 << 16, 2))))
        laid.inject(frames)
        got = read(rings, len(frames), seconds=0.5)
        assert rings.count()
        rings.close()

    assert rings.losses[Kind.CLIENTS].dropped > 0
    assert len(got) + rings.losses[Kind.CLIENTS].dropped == len(frames)


def test_a_cable_that_goes_down_and_comes_back_is_waited_for():
    """Without spinning: the kernel's error is taken once, then the wait is a wait again."""
    cable.need()
    with cable.cable() as laid:
        with laid.at("right"):
            rings = Rings(cable.CARD, INSIDE)
        laid.set_link("right", "down")
        assert list(rings.read(10)) == []
        began, spent = time.monotonic(), time.process_time()
        assert [frame for _ in range(5) for frame in rings.read(100)] == []
        waited, worked = time.monotonic() - began, time.process_time() - spent
        assert rings.count()

        laid.set_link("right", "up")
        laid.inject(ends(3))
        got = read(rings, 3)
        rings.close()

    assert waited > 0.3
    assert worked < 0.1
    assert len(got) == 3


def test_a_card_that_is_gone_is_noticed():
    """Only a new ring on a new card would hear again."""
    cable.need()
    with cable.cable() as laid:
        with laid.at("right"):
            rings = Rings(cable.CARD, INSIDE)
        laid.run("right", "ip", "link", "delete", cable.CARD)
        assert list(rings.read(10)) == []
        assert not rings.count()
        rings.close()


def test_an_interface_that_is_not_there_is_named():
    """In one sentence, for the person at the console."""
    cable.need()
    with pytest.raises(MissingDevice, match=r"cannot capture on 'nosuch0': .*[a-z]{4}") as error:
        Rings("nosuch0")

    assert "None" not in str(error.value)


def test_without_the_right_the_sentence_says_which():
    """As any user of the machine."""
    cable.need("setpriv")
    code = "from sentinel.capture.rings import Rings\nRings('lo')"
    done = cable_run("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", sys.executable, "-c", code)

    assert "MissingRight: capturing needs the right CAP_NET_RAW" in done


def cable_run(*argv: str) -> str:
    """What a program said as it failed."""
    import subprocess

    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20).stderr


def test_a_labelled_payload_never_enters_the_rings_memory():
    """Of requests, banners and HL7 not four bytes: neither the patient's name nor what the label is known by."""
    cable.need()
    ends = (STRANGER, 40_000, IMAGING, 4242)
    ends6 = (STRANGER6, 40_000, IMAGING6, 4242)
    asked = [tcp_frame(*each, DATA, SPOKEN[label]) for each in (ends, ends6) for label in Label]
    said = [tcp_frame(*each[2:], *each[:2], DATA, SPOKEN[label]) for each in (ends, ends6) for label in BANNERS]
    begun = [tcp_frame(*each, Flags.ACK, SPOKEN[label] + PATIENT * 9) for each in (ends, ends6) for label in LONG]
    bulk = [tcp_frame(*ends, flags, SPOKEN[label]) for flags in (Flags.ACK, Flags.FIN) for label in Label] * 300
    with cable.cable() as laid:
        with laid.at("right"):
            rings = Rings(cable.CARD, INSIDE)
        laid.inject([*asked, *said, *begun, *bulk])
        got = read(rings, len(asked) + len(said) + len(begun) + len(bulk) // 2, seconds=2)
        memory = rings.memory
        rings.close()

    told = [read_frame(frame.kept, moment(), filtered=True) for frame in got]
    labels = [*Label, *Label, *BANNERS, *BANNERS, *LONG, *LONG]
    assert [each.label for each in told[: len(labels)]] == labels  # type: ignore[union-attr]
    assert [each.length for each in told[:7]] == [len(SPOKEN[label]) for label in Label]  # type: ignore[union-attr]
    secrets = [
        PATIENT,
        *(SPOKEN[label][at : at + 4] for label in Label for at in (0, 4, 12) if at or label is not Label.SMB),
    ]
    assert IMAGING.packed + STRANGER.packed in memory  # what is looked for would be found
    assert [secret for secret in secrets if secret in memory] == []


def test_images_that_pass_never_enter_the_rings_memory(tmp_path):
    """A real transfer: neither the patient's name nor a stretch of the pixels is anywhere in the mapped ring."""
    cable.need("storescp", "storescu")
    shots = images.study(tmp_path / "study", count=3, side=256)
    arrived = tmp_path / "arrived"
    arrived.mkdir()
    with cable.cable(quiet=False) as laid:
        laid.start("right", "storescp", "-od", str(arrived), "11112")
        cable.wait_until(lambda: ":11112" in laid.run("right", "ss", "-ltn").stdout)
        with laid.at("right"):
            rings = Rings(cable.CARD, INSIDE)
        paths = [str(shot.path) for shot in shots]
        done = laid.run("left", "storescu", "-R", "10.77.0.2", "11112", *paths)
        assert done.returncode == 0, done.stderr
        got = read(rings, 6, seconds=1)
        memory = rings.memory
        rings.close()

    assert len(list(arrived.iterdir())) == 3
    assert len(got) >= 6
    assert b"1.2.840.10008.3.1.1.1" in memory  # the association is there
    assert [secret for secret in images.secrets(shots) if secret in memory] == []
    shutil.rmtree(tmp_path / "study")
