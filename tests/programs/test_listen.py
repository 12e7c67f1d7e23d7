"""`listen`: when a frame passed, and what the ear makes of it."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from sentinel.capture.flood import Alike
from sentinel.decode.frame import read_frame
from sentinel.model.connection import Association, Connection
from sentinel.model.coverage import Coverage, Shows, Wrapping
from sentinel.model.machine import HostSighting
from sentinel.model.moment import Moment
from sentinel.model.networks import Networks
from sentinel.model.packet import AssociationHead, Flags, Segment, Unreadable
from sentinel.places import Places
from sentinel.programs.listen import Ear, hundredth, stamp
from sentinel.tracking import halfopen
from sentinel.wire.facts import Inbox
from tests.builders import (
    IMAGING,
    IMAGING6,
    PUBLIC,
    STRANGER,
    STRANGER6,
    WORKSTATION,
    Talk,
    Word,
    associate_ac,
    associate_rq,
    ethernet,
    ip_frame,
    moment,
    networks,
    tcp_frame,
)
from tests.capture import cable, traffic


def stamped(seconds: float) -> int:
    """As the kernel stamps a frame so many seconds after the tests' Monday morning."""
    return int(moment(seconds).wall.timestamp() * 1e9)


def test_a_frame_that_waited_in_the_ring_passed_when_it_was_stamped():
    """`listen` may have stood still for a minute: the frame did not."""
    assert stamp(stamped(0), moment(60)) == moment(0)


def test_nothing_is_told_earlier_than_it_was():
    """A check that began a moment before its own traffic passed would else find the mirror gone."""
    for nanoseconds in (0, 1, 9_999_999, 10_000_000, 10_000_001, stamped(0) + 3_333_333):
        assert 0 <= hundredth(nanoseconds) - nanoseconds < 10_000_000


def test_a_stamp_of_another_clock_is_not_believed():
    """The wall clock was set between the frame and us: it passed now, neither tomorrow nor two days ago."""
    two_days = timedelta(days=2).total_seconds()

    assert stamp(stamped(two_days), moment(0)) == moment(0)
    assert stamp(stamped(-two_days), moment(0)) == moment(0)


def test_the_ear_tells_machines_and_connections_and_counts_what_it_cannot_read():
    """One stranger's answered visit, the machine that answered, one frame of rubbish, and two tiny fragments."""
    talk = Talk()
    ear = Ear(networks(), "02:00:00:00:00:99")
    told = [
        *ear.feed(talk.segment(talk.syn(), 0), moment(0)),
        *ear.feed(talk.segment(talk.syn_ack(), 1), moment(1)),
        *ear.feed(Unreadable(moment(2)), moment(2)),
        *(fact for frame in tiny_fragments() for fact in ear.feed(read_frame(frame, moment(3)), moment(3))),
    ]

    assert [type(each) for each in told] == [HostSighting, Connection]
    assert (ear.undecodable, ear.fragments) == (1, 2)
    assert ear.heard == moment(3)


@pytest.mark.parametrize(("others", "missing"), [(300, 1), (halfopen.MOST + 1, 0)])
def test_a_flood_excuses_a_missing_syn_only_where_it_pushes_others_out(others, missing):
    """A few hundred attempts are looked at together, and none of them is lost: the mirror has lost this one."""
    talk, ear = Talk(), Ear(networks(), "02:00:00:00:00:99")
    talk.syn()
    ways = tuple(STRANGER.packed + IMAGING.packed + number.to_bytes(4, "big") for number in range(others))
    list(ear.flood(Alike(ways, (b"abcdefghijkl",) * others), moment(0)))
    list(ear.tick(moment(0.5)))
    ear.feed(talk.segment(talk.syn_ack(), 1), moment(1))
    list(ear.tick(moment(5)))

    assert ear.tracker.unseen == missing


BOX = WORKSTATION + 200


class Asking(Ear):
    """One that asks everything of every segment."""

    def __init__(self) -> None:
        super().__init__(networks(box=(BOX,)), "02:00:00:00:00:99")
        self.pairs.line = lambda segment: None  # type: ignore[method-assign]


def strange() -> list[bytes]:
    """Visits that look as if one of ours went outside, for they come from a low port to a high one; some that are
    met in their middle; and a call that the box turns back. Meanwhile one of ours is at that very stranger's."""
    ours = Talk(client=IMAGING, client_port=50_001, server=STRANGER, server_port=80)
    whole, late = (Talk(client_port=port, server_port=50_000) for port in (80, 82))
    silent, refused = (Talk(client_port=80, server_port=port) for port in (50_002, 50_003))
    asking, plain = Talk(client_port=80, server_port=50_004), Talk(client_port=40_002, server_port=105)
    out = Talk(client=WORKSTATION, client_port=40_000, server=PUBLIC, server_port=443)
    back = Talk(client=BOX, server=IMAGING, server_port=4242)
    words = [whole.syn(), whole.syn_ack(), whole.ack(), whole.asks(bytes(300)), whole.answers(bytes(900))]
    late.handshake()
    return [
        *(own(ours, word) for word in ours.handshake()),
        *(whole.frame(word) for word in (*words, *whole.goodbye())),
        silent.frame(silent.syn()),
        refused.frame(refused.syn()),
        refused.frame(refused.say(False, Flags.RST | Flags.ACK, seq=0), from_box=False),
        *(late.frame(word, from_box=word.from_client) for word in [late.asks(bytes(30)), *late.goodbye()]),
        asking.frame(asking.asks(associate_rq())),
        asking.frame(asking.answers(associate_ac()), from_box=False),
        *(asking.frame(word) for word in asking.goodbye()),
        *(plain.frame(word, from_box=word.from_client) for word in [plain.asks(bytes(30)), *plain.goodbye()]),
        *(own(out, word) for word in out.handshake()),
        own(out, out.say(True, Flags.SYN, seq=77)),
        back.frame(back.say(True, Flags.SYN, seq=77)),
        *(own(ours, word) for word in ours.goodbye()),
    ]


def own(talk: Talk, word: Word) -> bytes:
    """Of a visit outside."""
    return talk.frame(word, from_box=not word.from_client)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_not_asked_again_of_a_pair_changes_nothing_that_is_told_of_connections(seed):
    """Nor of the mirror: an office, strangers in it, and some who come from where servers are."""
    frames = traffic.woven(traffic.office(3_000, seed), traffic.hidden(40, seed))
    for number, frame in enumerate(strange() * 2):
        frames.insert(500 + 20 * number, frame)
    ears = (Ear(networks(box=(BOX,)), "02:00:00:00:00:99"), Asking())
    some, all_of_them = (heard(each, frames) for each in ears)

    assert [told for told, _ in some] == [told for told, _ in all_of_them]
    assert sum(isinstance(each, Connection) for told, _ in some for each in told) > 50
    assert {each for _, sighted in some for each in sighted} == {
        each for _, sighted in all_of_them for each in sighted
    }
    assert sum(len(sighted) for _, sighted in some) > 50
    mirrors = [(each.handshakes.opened, each.handshakes.unopened, each.tracker.unseen) for each in ears]
    assert mirrors[0] == mirrors[1]


def heard(ear: Ear, frames: list[bytes]) -> list[tuple[list[object], list[object]]]:
    """After each frame: what was told, how the mirror looks, and apart from it who was sighted."""
    found = []
    for number, frame in enumerate(frames):
        at = moment(number / 50)
        facts: list[object] = [*ear.feed(read_frame(frame, at), at)]
        if number % 50 == 0:
            facts += ear.tick(at)
        sighted = [(each.mac, each.seen_by) for each in facts if isinstance(each, HostSighting)]
        others = [each for each in facts if not isinstance(each, HostSighting)]
        found.append(([*others, ear.view.inward, ear.view.outward, ear.view.half], sighted))
    return found


def test_whoever_only_answers_is_told_alive_once_a_minute():
    """Within the practice: that he is alive is what closed doors are proved by."""
    ear, told = Ear(networks(), "02:00:00:00:00:99"), []
    for minute in range(10):
        talk = Talk(client=WORKSTATION, client_port=40_000 + minute)
        for word in [*talk.handshake(), talk.asks(bytes(10)), talk.answers(bytes(10)), *talk.goodbye()]:
            at = 61 * minute + len(told) / 1_000
            told += ear.feed(talk.segment(word, at), moment(at))

    answering = [each for each in told if isinstance(each, HostSighting) and each.address == IMAGING]
    assert len(answering) == 10


def test_whom_somebody_visited_is_forgotten_within_seconds():
    """Also where nobody talks any more: where the staff goes is nobody's business."""
    ear = Ear(networks(), "02:00:00:00:00:99")
    talk = Talk(client=IMAGING, client_port=40_000, server=STRANGER, server_port=443)
    for word in [*talk.handshake(), talk.asks(bytes(9))]:
        ear.feed(talk.segment(word), moment())
    assert ear.pairs._lines

    list(ear.tick(moment(11)))

    assert not ear.pairs._lines


@pytest.mark.parametrize(("is_reset", "unopened"), [(False, 1), (True, 0)])
def test_an_answer_that_its_receiver_resets_is_no_hint_at_the_mirror(is_reset, unopened):
    """A stranger may send one to whom he likes; also between two who have just been talking."""
    ear = Ear(networks(), "02:00:00:00:00:99")
    talk, forged = (
        Talk(client=IMAGING, client_port=port, server=STRANGER, server_port=80) for port in (40_000, 40_001)
    )
    for word in [*talk.handshake(), talk.asks(bytes(9))]:
        ear.feed(talk.segment(word, 300), moment(300))
    list(ear.tick(moment(0)))
    forged.syn()
    answer = forged.syn_ack()
    ear.feed(forged.segment(answer, 301), moment(301))
    if is_reset:
        ear.feed(forged.segment(forged.say(True, Flags.RST, seq=answer.ack), 301), moment(301))
    list(ear.tick(moment(305)))

    assert ear.handshakes.unopened == unopened


def tiny_fragments() -> list[bytes]:
    """A SYN in two pieces, whose flags stand in the second (RFC 1858 section 3): a filter that looks for a port
    and flags in one frame finds neither."""
    whole = tcp_frame(STRANGER, 40_000, IMAGING, 4242, Flags.SYN)[34:]
    return [
        ip_frame(STRANGER, IMAGING, whole[:8], fragment=0x2000),
        ip_frame(STRANGER, IMAGING, whole[8:], fragment=0x0001),
    ]


def answers_in_pieces() -> list[bytes]:
    """A SYN-ACK in two pieces; another one over IPv6 behind what is authenticated (RFC 4302); and a piece between
    machines of the practice, where no stranger comes."""
    whole = tcp_frame(IMAGING, 4242, STRANGER, 40_000, Flags.SYN | Flags.ACK)[34:]
    return [
        ip_frame(IMAGING, STRANGER, whole[:8], fragment=0x2000),
        ip_frame(IMAGING, STRANGER, whole[8:], fragment=0x0001),
        ip_frame(IMAGING6, STRANGER6, whole, extensions=((51, bytes(22)),)),
        ip_frame(IMAGING, WORKSTATION, whole[:8], fragment=0x2000),
    ]


# -- whatever passes, in whatever order: what an ear does not ask again changes nothing else ---------------------

STEPS = 400
LAN, OTHER = ip_network("192.168.1.0/24"), ip_network("203.0.113.0/24")
PRACTICES = [
    Networks(own=(LAN, ip_network("2001:db8:1::/64")), box=(ip_address("192.168.1.1"),)),
    Networks(own=(LAN, OTHER), box=(ip_address("192.168.1.1"),)),
    Networks(own=(OTHER,), box=(ip_address("198.51.100.9"),)),
]
"""The practice's, as it was and as it may become."""
ADDRESSES = [
    [
        ip_address(each).packed
        for each in ("192.168.1.66", "192.168.1.67", "192.168.1.1", "203.0.113.7", "198.51.100.9", "10.9.0.1")
    ],
    [ip_address(each).packed for each in ("2001:db8:1::66", "2001:db8:1::67", "2001:db8:bad::7")],
]
PORTS = [each.to_bytes(2, "big") for each in (0, 80, 104, 4242, 32_767, 32_768, 40_000, 65_535)]
NUMBERS = (0, 1, 2, 1_000, 1_001, (1 << 32) - 1)
BITS = (0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x13, 0x01, 0x00, 0x3F)
HEADS = [AssociationHead(kind, "A", "B", size=100) for kind in (Association.PROPOSED, Association.ACCEPTED)]


@dataclass
class Wire:
    """What may be on it: a few ends, so that they meet."""

    dice: random.Random

    def __post_init__(self) -> None:
        family = self.dice.choice(ADDRESSES)
        self._ends = self.dice.sample(family, 3)
        self._ports = self.dice.sample(PORTS, 4)
        self._macs = [bytes((2, 0, 0, 0, 0, number)) for number in (1, 66, 0x99)]

    def segment(self, at: Moment) -> Segment:
        """Any."""
        pick = self.dice.choice
        source, target = self.dice.sample(self._ends, 2)
        macs = self._macs[0] + self._macs[1] if source < target else self._macs[1] + self._macs[0]
        if self.dice.random() < 0.1:
            macs = pick(self._macs) + pick(self._macs)
        head = pick(HEADS) if self.dice.random() < 0.05 else None
        way = source + target + pick(self._ports) + pick(self._ports)
        return Segment(at, macs, None, way, pick(NUMBERS), pick(NUMBERS), pick(BITS), pick((0, 10)), head)


def known(ear: Ear) -> list[object]:
    """All that it has found out, but for who is alive."""
    tracker, view, handshakes = ear.tracker, ear.view, ear.handshakes
    return [
        *(view.inward, view.outward, view.half),
        *(handshakes.opened, handshakes.unopened, dict(handshakes._syns), dict(handshakes._answers)),
        *(tracker.unseen, tracker.forgotten, [*tracker._table._ways], [*tracker._doors]),
        *([*tracker.openings._waiting], dict(tracker.openings._hairpins._calls)),
    ]


@pytest.mark.parametrize("seed", range(80))
def test_an_ear_that_asks_all_of_every_segment_finds_out_no_more(seed):
    """Strangers and ours, at doors and from them, in any order; now and then the practice has other networks."""
    dice = random.Random(seed)
    wire, now = Wire(dice), 0.0
    ears = [Ear(PRACTICES[0], "02:00:00:00:00:99") for _ in range(2)]
    ears[1].pairs.line = lambda segment: None  # type: ignore[method-assign]
    for _ in range(STEPS):
        now += dice.choice((0, 0.01, 0.01, 0.5, -0.2))
        at, step = moment(now), dice.random()
        if step < 0.01:
            networks = dice.choice(PRACTICES)
            for ear in ears:
                ear.adopt(networks, "")
        segment = wire.segment(at)
        told = [[*ear.feed(segment, at), *(ear.tick(at) if step > 0.98 else ())] for ear in ears]

        some, all_of_them = ([each for each in facts if not isinstance(each, HostSighting)] for facts in told)
        assert some == all_of_them
        assert known(ears[0]) == known(ears[1])


def test_some_of_all_this_is_let_pass():
    """Else the test above would be one of nothing."""
    passed = 0
    for seed in range(20):
        wire, ear = Wire(random.Random(seed)), Ear(PRACTICES[0], "02:00:00:00:00:99")
        for step in range(STEPS):
            segment = wire.segment(moment(step / 100))
            line = ear.pairs.line(segment)
            passed += bool(line and line.with_stranger and ear.tracker.lets_pass(segment, outward=not line.inward))
            ear.feed(segment, segment.at)

    assert passed > 50, passed


# -- what the port shows, by the program itself on a real cable --------------------------------------------------


class Port:
    """The watched end of a cable, and what the program at it reports each second."""

    def __init__(self, laid: cable.Cable | None, line: socket.socket) -> None:
        self._laid = laid
        self._line = line
        self._inbox = Inbox()
        self._reports: list[Coverage] = []

    def report(self, *frames: bytes) -> Coverage:
        """The second report after these frames: all of them had passed before it."""
        if self._laid:
            self._laid.inject(frames)
        known = len(self._reports)
        while len(self._reports) < known + 2:
            facts = (parcel.fact for parcel in self._inbox.parcels(self._line.recv(1 << 16)))
            self._reports += [fact for fact in facts if isinstance(fact, Coverage)]
        return self._reports[-1]

    def until(self, shows: Shows) -> Coverage:
        """The first report of that."""
        end = time.monotonic() + 10
        while (told := self.report()).shows is not shows:
            assert time.monotonic() < end, told
        return told


@contextmanager
def watched(tmp_path: Path) -> Iterator[tuple[cable.Cable, Port]]:
    """`sentinel listen`, at the right end of a cable on which nobody speaks."""
    cable.need()
    places = Places(lasting=tmp_path, passing=tmp_path / "run")
    places.make()
    file = tmp_path / "sentinel.toml"
    file.write_text(f'[capture]\ninterface = "{cable.CARD}"\nprefixes = ["192.168.1.0/24", "2001:db8:1::/64"]\n')
    with cable.cable() as laid, socket.socket(socket.AF_UNIX) as watch:
        watch.bind(str(places.facts))
        watch.listen()
        watch.settimeout(30)
        words = ("-m", "sentinel", "--config", str(file), "--dir", str(tmp_path), "listen")
        laid.start("right", sys.executable, *words)
        line, _ = watch.accept()
        with line:
            line.settimeout(30)
            yield laid, Port(laid, line)


@pytest.mark.lab
def test_the_port_is_told_as_what_it_is_from_broadcast_to_mirror_to_a_pulled_cable(tmp_path):
    """Frame by frame: what is sent to all, a talk that stays inside, what is wrapped, both directions, in
    pieces, nothing."""
    talk = Talk(client=IMAGING, server=STRANGER)
    syn, syn_ack = (talk.frame(word) for word in (talk.syn(), talk.syn_ack()))
    inside = Talk(client=IMAGING, server=IMAGING)
    with watched(tmp_path) as (laid, port):
        told = port.report(b"\xff" * 6 + syn[6:])
        assert (told.shows, told.foreign) == (Shows.BROADCAST, 0)

        told = port.report(inside.frame(inside.syn()))
        assert (told.shows, told.foreign) == (Shows.ELSEWHERE, 1)

        told = port.report(ethernet(0x8864, bytes(46)))
        assert (told.shows, told.wrapped) == (Shows.PPPOE, (Wrapping.PPPOE,))

        told = port.report(syn)
        assert told.shows is Shows.ONLY_OUTWARD

        told = port.report(syn_ack)
        assert (told.shows, told.opened, told.unopened, told.foreign) == (Shows.MIRRORED, 1, 0, 3)

        told = port.report(*tiny_fragments(), syn[:46] + b"\x10" + syn[47:])
        assert (told.fragments, told.undecodable, told.lost) == (2, 1, 0)

        told = port.report(*answers_in_pieces())
        assert (told.fragments, told.pieces, told.lost) == (6, 3, 3)

        laid.set_link("left", "down")
        assert port.until(Shows.NO_CARRIER).losses.refused == 0


# -- what it carries ---------------------------------------------------------------------------------------------

ROOMS = {"capture", "decode", "model", "programs", "tracking", "wire"}
"""Of the house, beside what stands on its ground floor."""
NOT_COUNTED = {"org", "typing_extensions"}
"""What `copy` looks for in another Python and does not find here, and what msgspec takes where it is at hand."""


def imported(told: str) -> set[str]:
    """Every module that a program has imported, also late ones, by its interpreter's own account."""
    return {line.rpartition("|")[2].strip() for line in told.splitlines() if line.startswith("import time:")}


def listened(folder: Path) -> set[str]:
    """What the program as it is started has imported by its second report."""
    places = Places(lasting=folder, passing=folder / "run")
    places.make()
    (folder / "sentinel.toml").write_text('[capture]\ninterface = "lo"\n')
    words = ("-X", "importtime", "-m", "sentinel", "--config", str(folder / "sentinel.toml"), "--dir", str(folder))
    with socket.socket(socket.AF_UNIX) as watch, (folder / "told").open("w") as told:
        watch.bind(str(places.facts))
        watch.listen()
        watch.settimeout(30)
        program = subprocess.Popen([sys.executable, *words, "listen"], stderr=told)
        try:
            line, _ = watch.accept()
            with line:
                line.settimeout(30)
                Port(None, line).report()
        finally:
            cable.stop(program)
    return imported((folder / "told").read_text())


@pytest.mark.skipif(os.geteuid() != 0, reason="this needs root: it opens raw sockets")
def test_the_program_that_holds_the_raw_socket_carries_the_standard_library_and_msgspec(tmp_path):
    """And the command line's parser. No store, no judgement, no words: whatever it imports it has to wait for, and
    a stranger's frame meets it."""
    bare = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", ""], capture_output=True, text=True, check=True
    )
    brought = listened(tmp_path) - imported(bare.stderr)
    others = {name.partition(".")[0] for name in brought if not name.startswith("_")} - sys.stdlib_module_names
    rooms = {name.split(".")[1] for name in brought if name.startswith("sentinel.") and name.count(".") > 1}

    assert "sentinel.programs.listen" in brought
    assert others - NOT_COUNTED == {"click", "msgspec", "sentinel"}
    assert rooms == ROOMS
