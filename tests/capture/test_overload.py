"""What is too much is counted: sent is read and counted, to the frame, where the capture or its reader stops."""

import select
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from sentinel.capture.kind import Kind
from sentinel.capture.ring import Room
from sentinel.model.connection import ConnectionState
from sentinel.model.coverage import Coverage
from sentinel.model.packet import Flags
from sentinel.wire.facts import KEPT, Inbox
from tests.builders import IMAGING, STRANGER, Talk, ethernet, tcp_frame
from tests.capture import cable, traffic
from tests.capture.generator import Generator
from tests.capture.listening import Listening, listening
from tests.capture.sensing import sensing
from tests.capture.traffic import Hidden
from tests.capture.truth import vain
from tests.programs.test_watch import running

__all__ = ["running"]  # a fixture: one real `watch`

pytestmark = pytest.mark.lab

LOCKED = 4.0
"""Seconds after the scan, within which the store is somebody else's."""
FIRST = 20_000
"""Frames of a scan that are read before the reader stands still."""
VISITORS = 4_000
"""Fewer than the table has room for, and more than there is room for what is told of them."""
SENT = {Kind.ANSWERS: 500, Kind.CLIENTS: 500, Kind.ANNOUNCEMENTS: 500, Kind.RARE: 500, Kind.ATTEMPTS: 100_000}
KINDS = {
    Kind.ANSWERS: tcp_frame(IMAGING, 104, STRANGER, 40_000, Flags.SYN | Flags.ACK, from_box=False),
    Kind.CLIENTS: tcp_frame(STRANGER, 40_000, IMAGING, 104, Flags.FIN | Flags.ACK),
    Kind.ANNOUNCEMENTS: traffic.arp(IMAGING),
    Kind.RARE: b"\x01\x80\xc2\x00\x00\x0e" + ethernet(0x88CC, bytes(46))[6:],
}
TIGHT = dict.fromkeys(Kind, Room(1 << 14, 2))
"""Too little for what comes while nobody reads."""


def everything() -> list[bytes]:
    """For each of the rings, and all of it is kept: a scan, and a little of all else."""
    others = [
        Hidden((frame,), STRANGER, 0, 0, ConnectionState.ATTEMPTED)
        for kind, frame in KINDS.items()
        for _ in range(SENT[kind])
    ]
    return traffic.woven(traffic.scan(SENT[Kind.ATTEMPTS]), others)


def send(laid: cable.Cable, frames: Sequence[bytes], rate: float = 0) -> None:
    """From the left end."""
    with laid.at("left"):
        generator = Generator(cable.CARD, frames)
    generator.send(rate)
    generator.close()


@contextmanager
def stopped(process: Popen[bytes]) -> Iterator[None]:
    """It stands still meanwhile."""
    process.send_signal(signal.SIGSTOP)
    yield
    process.send_signal(signal.SIGCONT)


# -- the rings ---------------------------------------------------------------------------------------------------


def test_a_sensor_that_stood_still_for_two_seconds_of_ordinary_traffic_has_lost_nothing(tmp_path):
    """A block is handed over after 50 ms though it holds one frame: each ring has blocks for that time."""
    cable.need()
    frames = [each for syn in traffic.scan(100) for each in (syn, *KINDS.values())]
    with cable.cable() as laid, sensing(laid, tmp_path) as (sensor, results), stopped(sensor):
        began = time.monotonic()
        send(laid, frames, rate=200)
        assert time.monotonic() - began > 2
    [found] = results

    assert (found.read, found.lost) == (len(frames), 0)


@pytest.mark.parametrize("rooms", [None, TIGHT])
def test_what_a_sensor_that_stood_still_could_not_be_given_was_counted_ring_by_ring(rooms, tmp_path):
    """As the rings are, it costs attempts alone; were they tight, each of them would count its own."""
    cable.need()
    with cable.cable() as laid, sensing(laid, tmp_path, rooms) as (sensor, results), stopped(sensor):
        send(laid, everything())
    [found] = results

    assert {kind: loss.frames for kind, loss in found.losses.items()} == SENT
    assert found.read + found.lost == sum(SENT.values())
    assert {kind for kind, loss in found.losses.items() if loss.dropped} == set(rooms or {Kind.ATTEMPTS})


def test_what_a_flood_leaves_no_room_for_is_counted_to_the_frame(tmp_path):
    """As fast as the generator can, at a sensor too slow for it: what it read and what was dropped is all."""
    cable.need()
    with cable.cable() as laid, sensing(laid, tmp_path, pause=0.2) as (_, results):
        send(laid, everything())
    [found] = results

    assert {kind: loss.frames for kind, loss in found.losses.items()} == SENT
    assert found.read + found.lost == sum(SENT.values())
    assert found.losses[Kind.ATTEMPTS].dropped == found.lost > 0


# -- the program -------------------------------------------------------------------------------------------------


def test_listen_tells_each_attempt_that_it_does_not_report_as_dropped(tmp_path):
    """Stopped in the midst of a scan: by what it tells `watch`, rows and sums and dropped are what was sent."""
    cable.need()
    scan = list({frame[26:38]: frame for frame in traffic.scan(SENT[Kind.ATTEMPTS])}.values())
    with cable.cable() as laid, listening(laid, tmp_path) as found:
        send(laid, scan[:FIRST], 20_000)
        with stopped(found.process):
            send(laid, scan[FIRST:])
        counted = found.settled()
        cable.wait_until(lambda: vain(found)[0] + counted.dropped >= len(scan), 60)
        told = found.report()

    assert counted.frames == told.frames == len(scan)
    assert counted.dropped == told.dropped > 0
    assert vain(found) == (len(scan) - told.dropped, 0)
    assert (told.forgotten, told.unsent) == (0, 0)


@pytest.mark.parametrize("reader", ["is away", "waits for its disk"])
def test_a_fact_that_nobody_took_in_time_is_counted_as_unsent(reader, tmp_path):
    """Three of each visitor, who is answered, speaks and takes his leave; the capture itself loses nothing by it.

    What still lay on the line when it had to make room is counted though it arrives: rather too much than too
    little.
    """
    cable.need()
    talks = [
        Talk(client=STRANGER + number // 250 * 256, client_port=10_000 + number, server_port=100 + number % 50)
        for number in range(VISITORS)
    ]
    words = [(talk, word) for talk in talks for word in (talk.syn(), talk.syn_ack(), talk.fin(), talk.fin(False))]
    frames = [talk.frame(word) for talk, word in words]
    with cable.cable() as laid, listening(laid, tmp_path) as found:
        found.reads.clear() if reader == "waits for its disk" else found.leave()
        send(laid, frames, 8_000)
        time.sleep(1)
        found.reads.set() if reader == "waits for its disk" else found.come()
        told = found.settled()

    assert (told.frames, told.dropped, told.forgotten) == (len(frames), 0, 0)
    taken = len({(each.serial, each.state) for each in found.connections})
    assert taken >= KEPT
    if reader == "is away":
        assert taken + told.unsent == 3 * VISITORS
    else:
        assert 3 * VISITORS - taken <= told.unsent <= 3 * VISITORS - KEPT


class Relay:
    """Between `listen` and `watch`, both real: passes on what they say, and reads what is told as lost."""

    def __init__(self, near: Path, far: Path) -> None:
        self.reports: list[Coverage] = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(near))
        self._server.listen()
        self._far = far
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        self._server.settimeout(30)
        with self._server, self._server.accept()[0] as listen, socket.socket(socket.AF_UNIX) as watch:
            watch.connect(str(self._far))
            inbox = Inbox()
            while not self._ends.is_set():
                for line in select.select([listen, watch], [], [], 0.2)[0]:
                    if not (data := line.recv(1 << 18)):
                        return
                    if line is listen:
                        facts = [each.fact for each in inbox.parcels(data)]
                        self.reports += [each for each in facts if isinstance(each, Coverage)]
                    (watch if line is listen else listen).sendall(data)

    def close(self) -> None:
        """Pass on no more."""
        self._ends.set()
        self._thread.join()


def written(store: Path) -> tuple[int, int, int]:
    """Rows, different ones among them, and what the sums count."""
    with closing(sqlite3.connect(store, timeout=10)) as db:
        (rows, different) = db.execute(
            "SELECT count(*), count(DISTINCT source || ' ' || source_port || ' ' || target_port) FROM connections"
        ).fetchone()
        (summed,) = db.execute("SELECT coalesce(sum(silent), 0) FROM attempts").fetchone()
    return rows, different, summed


def test_what_a_store_under_lock_could_not_take_is_written_later_or_counted(tmp_path, running):
    """The real `listen`, the real `watch`, and somebody else's transaction for some seconds of a scan."""
    cable.need()
    scan = list({frame[26:38]: frame for frame in traffic.scan(40_000)}.values())
    running.start()
    (tmp_path / "wire").mkdir()
    with cable.cable() as laid:
        heard = Listening(laid, tmp_path / "wire")
        relay = Relay(tmp_path / "wire" / "run" / running.places.facts.name, running.places.facts)
        try:
            cable.wait_until(lambda: relay.reports, 20)
            with closing(sqlite3.connect(running.places.store, isolation_level=None, timeout=10)) as other:
                other.execute("BEGIN EXCLUSIVE")
                send(laid, scan, 20_000)
                time.sleep(LOCKED)
                other.execute("ROLLBACK")
            cable.wait_until(lambda: accounted(running.places.store, relay.reports[-1]) >= len(scan), 60)
            told = relay.reports[-1]
        finally:
            heard.close()
            relay.close()

    rows, different, _ = written(running.places.store)
    assert rows == different > 0
    assert accounted(running.places.store, told) == len(scan) == told.frames
    assert (told.forgotten, told.unsent) == (0, 0)
    running.stop()


def accounted(store: Path, told: Coverage) -> int:
    """Rows, sums, and what was counted as lost."""
    rows, _, summed = written(store)
    return rows + summed + told.dropped + told.unsent
