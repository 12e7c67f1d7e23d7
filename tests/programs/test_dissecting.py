"""The line to `dissect`: what is asked, what is counted, and a child that dies, hangs, or lies."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sentinel.model.connection import Connection
from sentinel.model.coverage import Coverage
from sentinel.model.machine import HostSighting, Kind, Portrait, SeenBy, Uplink
from sentinel.model.packet import Flags
from sentinel.programs.dissecting import COMMAND, LONGEST, PAUSE, Dissecting
from sentinel.programs.lifeline import OWED, PATIENCE
from sentinel.tracking.budget import A_SECOND, OF_ONE
from sentinel.wire.dissection import Answer, answer
from sentinel.wire.facts import Inbox, Sent
from tests import rarities
from tests.builders import IMAGING, PATIENT, STRANGER, moment, tcp_frame
from tests.capture import cable
from tests.rarities import PHONE_MAC, SERVER, SERVER_MAC, SWITCH_MAC

DEAF = (sys.executable, "-c", "import time; time.sleep(600)")
DEAD = (sys.executable, "-c", "")
LIAR = (sys.executable, "-c", f"import os, time; os.write(1, {b'no answer' * 9!r}); time.sleep(600)")
MUTE_ONCE = "import os, sys, time; os.path.exists({path!r}) or (open({path!r}, 'w'), time.sleep(600))"


@pytest.fixture
def begin() -> Iterator[Callable[..., Dissecting]]:
    """Lines that are closed afterwards."""
    made: list[Dissecting] = []

    def _begin(command: tuple[str, ...] = COMMAND, at: float = 0) -> Dissecting:
        line = Dissecting(command)
        line.tick(moment(at))
        made.append(line)
        return line

    yield _begin
    for each in made:
        each.close()


def wait(line: Dissecting, at: float = 0, seconds: float = 15) -> list[Portrait | Uplink]:
    """The first facts that come back."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if got := list(line.told(moment(at))):
            return got
        time.sleep(0.02)
    raise TimeoutError


def until(condition: Callable[[], object]) -> None:
    cable.wait_until(condition, 15)


def from_machine(number: int) -> bytes:
    """A frame of one of many machines, all of the same maker."""
    return rarities.arp(f"b8:27:eb:00:{number >> 8:02x}:{number & 255:02x}")


def sighting(mac: str, at: float = 0) -> HostSighting:
    return HostSighting(mac=mac, address=IMAGING, seen_by=SeenBy.ARP, at=moment(at))


# -- what is asked -----------------------------------------------------------------------------------------------


def test_a_rare_frame_comes_back_as_facts_with_its_own_moment(begin):
    """By the real child, without waiting for it."""
    line = begin()
    line.read(rarities.lldp(), moment(0), moment(1))

    uplink, portrait = wait(line)

    assert (uplink.switch, uplink.port, uplink.at) == (SWITCH_MAC, "gi1/0/3", moment(0))
    assert (portrait.mac, portrait.at) == (SWITCH_MAC, moment(0))
    assert line.unread == 0


def test_what_was_just_told_is_not_told_again(begin):
    """A switch repeats itself for ever."""
    line = begin()
    line.read(rarities.arp(), moment(), moment())
    wait(line)
    line.read(rarities.arp(), moment(30), moment(30))
    line.read(rarities.lldp(), moment(30), moment(30))

    assert {each.mac for each in wait(line, 30) if isinstance(each, Portrait)} == {SWITCH_MAC}


def test_a_machine_that_was_seen_is_asked_about_once_an_hour(begin):
    """Of its frame only so much that no payload is in it; a made-up address has no maker to ask for."""
    line = begin(DEAF)
    frame = tcp_frame(STRANGER, 40_000, IMAGING, 4242, Flags.PSH | Flags.ACK, PATIENT)
    for at in (0, 60, 3599, 3600, 3660):
        line.meet(sighting(SERVER_MAC, at), frame, moment(at))
        line.meet(sighting(PHONE_MAC, at), frame, moment(at))

    assert [asked for _, asked in line._child.owed] == [moment(0), moment(3600)]


def test_nothing_of_a_connection_is_given_to_the_child(tmp_path, begin):
    """Its header's first bytes are: not one byte behind TCP's ports and numbers."""
    copy = tmp_path / "asked"
    line = begin((sys.executable, "-c", f"import sys; open({str(copy)!r}, 'wb', 0).writelines(sys.stdin.buffer)"))
    line.meet(sighting(SERVER_MAC), tcp_frame(STRANGER, 1, IMAGING, 2, Flags.PSH, PATIENT), moment())
    line.close()

    asked = copy.read_bytes() if copy.exists() else b""
    assert PATIENT not in asked
    assert len(asked) <= struct.calcsize("!Hqq") + 42


def test_a_flood_is_read_within_the_budget_and_counted_beyond_it(begin):
    """To the frame: asked is told of or counted."""
    line = begin()
    for n in range(1000):
        line.read(from_machine(n), moment(), moment())
    line.read(from_machine(2000), moment(1), moment(1))

    told: list[Portrait | Uplink] = []
    while len(told) < A_SECOND + 1:
        told += wait(line)

    assert len(told) == A_SECOND + 1
    assert line.unread == 1000 - A_SECOND


def test_one_machine_that_floods_leaves_room_for_the_others(begin):
    """In the same second."""
    line = begin()
    for _ in range(1000):
        line.read(rarities.ssdp(), moment(), moment())
    line.read(rarities.lldp(), moment(), moment())

    until(lambda: any(isinstance(each, Uplink) for each in line.told(moment())))
    assert line.unread == 1000 - OF_ONE


def test_what_cannot_be_read_is_counted(begin):
    """And is the end of nothing."""
    line = begin()
    line.read(b"x" * 13, moment(), moment())
    line.read(rarities.arp(), moment(), moment())

    assert wait(line)
    assert line.unread == 1


# -- a child that fails ------------------------------------------------------------------------------------------


def test_without_a_child_frames_are_counted_and_nothing_is_waited_for(begin):
    """It was not started yet."""
    line = Dissecting(COMMAND)
    line.read(rarities.arp(), moment(), moment())

    assert line.unread == 1
    assert list(line.told(moment())) == []


def test_a_killed_child_is_started_again_and_what_it_owed_is_counted(begin, caplog):
    """After a pause; the log tells of it once, and once that it is over."""
    caplog.set_level("INFO")
    line = begin()
    line.read(rarities.arp(), moment(), moment())
    wait(line)
    first = line.pid
    os.kill(first, signal.SIGSTOP)
    for n in range(3):
        line.read(from_machine(n), moment(1), moment(1))
    os.kill(first, signal.SIGKILL)
    until(lambda: list(line.told(moment(1))) or line.pid is None)

    assert line.unread == 3
    line.tick(moment(1.5))
    assert line.pid is None
    line.tick(moment(1) if PAUSE.total_seconds() > 1 else moment(2))
    assert line.pid not in (None, first)
    line.read(rarities.lldp(), moment(2), moment(2))
    assert wait(line, 2)
    assert [record.message.split(" (")[0] for record in caplog.records] == [
        "dissect has ended",
        "dissect works again",
    ]


def test_a_child_that_hangs_is_taken_away(begin):
    """It took the question and gives no answer; nobody waited for it meanwhile."""
    line = begin(DEAF)
    hung = line._child.process
    begun = time.monotonic()
    line.read(rarities.arp(), moment(), moment())
    for at in range(int(PATIENCE.total_seconds()) + 1):
        line.tick(moment(at))
        assert list(line.told(moment(at))) == []
        assert line.pid == hung.pid
    line.tick(moment(PATIENCE.total_seconds() + 1))

    assert time.monotonic() - begun < 5
    assert (line.pid, line.unread) == (None, 1)
    until(lambda: hung.poll() is not None)


def test_a_child_that_takes_nothing_stops_nobody(begin):
    """Its pipe is never filled: so much is owed, and the rest is counted."""
    line = begin(DEAF)
    frames = [from_machine(n).ljust(400, b"\0") for n in range(A_SECOND)]
    begun = time.monotonic()
    for at in range(100):
        for frame in frames:
            line.read(frame, moment(at / 10), moment(at))

    assert time.monotonic() - begun < 5
    assert line.unread == 100 * A_SECOND - OWED


@pytest.mark.parametrize("command", [LIAR, DEAD, ("/no/such/program",)])
def test_what_is_no_dissect_is_tried_again_ever_more_seldom(begin, command):
    """And is not believed; each pause is twice the one before, up to the longest."""
    line, at, began = begin(command), 0.0, []
    while len(began) < 12:
        if line.pid is not None:
            pid = line.pid
            until(lambda: list(line.told(moment(at))) or line.pid is None)  # noqa: B023 - called in this round
            assert line.pid != pid
        pause = line._next.since(moment(at)).total_seconds()
        began.append(pause)
        at += pause
        line.tick(moment(at))

    doubled = [PAUSE.total_seconds() * 2**n for n in range(12)]
    assert began == [min(each, LONGEST.total_seconds()) for each in doubled]


def test_ended_children_are_taken_off_the_process_table(begin):
    """`listen` lives for months."""
    line = begin(DEAD)
    for at in range(0, 4000, 400):
        until(lambda: list(line.told(moment(at))) or line.pid is None)  # noqa: B023 - called in this round
        until(lambda: (line.tick(moment(at)), not line._gone)[1])  # noqa: B023
        line.tick(moment(at + 399))
    line.close()

    assert zombies() == []


def zombies() -> list[Path]:
    """Children of ours that have ended and that nobody has asked after (proc(5), stat)."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent, *_ = each.read_text().rpartition(")")[2].split()
            if (state, parent) == ("Z", str(os.getpid())):
                found.append(each)
    return found


def test_the_child_holds_nothing_of_its_parents(begin):
    """No ring, no socket to `watch`: it has two pipes and nowhere for errors."""
    with Path("/etc/hostname").open():
        line = begin()
    line.read(rarities.arp(), moment(), moment())
    wait(line)

    held = {each.name: str(each.readlink()) for each in Path(f"/proc/{line.pid}/fd").iterdir()}
    assert sorted(held) == ["0", "1", "2"]
    assert (held["0"][:5], held["1"][:5], held["2"]) == ("pipe:", "pipe:", os.devnull)


def test_the_child_ends_with_its_parent():
    """However the parent dies: here it kills itself."""
    script = (
        "import os, signal; from sentinel.programs.dissecting import Dissecting;"
        "from tests.builders import moment; line = Dissecting(); line.tick(moment());"
        "print(line.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=20)

    until(lambda: _is_over(int(done.stdout)))


def _is_over(pid: int) -> bool:
    """Gone, or waiting for an init that does not ask."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_an_answer_out_of_turn_costs_the_child_its_life(begin):
    """One that was taken over may say only what a frame could have told, once for each frame."""
    said = answer(Answer()) * 2
    line = begin((sys.executable, "-c", f"import os, time; os.write(1, {said!r}); time.sleep(600)"))
    line.read(rarities.arp(), moment(), moment())
    until(lambda: list(line.told(moment())) or line.pid is None)

    assert line.pid is None


# -- the whole of listen, on a cable -----------------------------------------------------------------------------


class Heard:
    """What the real `listen` tells, taken in place of `watch`."""

    def __init__(self, folder: Path) -> None:
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(folder / "facts.sock"))
        self._server.listen(1)
        self._server.settimeout(20)
        self._line: socket.socket | None = None
        self._inbox = Inbox()
        self.facts: list[Sent] = []

    def until(self, condition: Callable[[], object], seconds: float = 20) -> None:
        """Take facts until it is true."""
        if self._line is None:
            self._line, _ = self._server.accept()
            self._line.settimeout(0.2)
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError
            try:
                self.facts += [each.fact for each in self._inbox.parcels(self._line.recv(65_536))]
            except TimeoutError:
                continue

    def of(self, kind: type) -> list[Sent]:
        """The facts of one kind."""
        return [each for each in self.facts if isinstance(each, kind)]

    def close(self) -> None:
        for each in (self._line, self._server):
            if each is not None:
                each.close()


@contextmanager
def listening(folder: Path) -> Iterator[tuple[cable.Cable, Heard, int]]:
    """The real `listen` at the end of a cable: the cable, what it tells, and its process."""
    (folder / "sentinel.toml").write_text(
        f'[capture]\ninterface = "{cable.CARD}"\nprefixes = ["192.168.1.0/24"]\n', encoding="utf-8"
    )
    heard = Heard(folder)
    places = ("--config", str(folder / "sentinel.toml"), "--dir", str(folder), "--run", str(folder))
    with cable.cable() as laid:
        listen = laid.start("right", sys.executable, "-m", "sentinel", *places, "listen")
        heard.until(lambda: heard.of(Coverage))
        yield laid, heard, listen.pid
    heard.close()


def visit() -> list[bytes]:
    """A stranger is answered."""
    syn = tcp_frame(STRANGER, 40_000, IMAGING, 4242, Flags.SYN, seq=1000)
    return [syn, tcp_frame(IMAGING, 4242, STRANGER, 40_000, Flags.SYN | Flags.ACK, seq=7, ack=1001)]


@pytest.mark.lab
def test_listen_tells_what_passes_on_a_real_cable_and_outlives_its_child(tmp_path):
    """Machines, the switch, and a connection; then the child is killed, and connections are told as before."""
    cable.need()
    with listening(tmp_path) as (laid, heard, pid):
        laid.inject([rarities.arp(), rarities.mdns(), rarities.lldp(), rarities.ssdp(), rarities.dhcp()])
        heard.until(lambda: len(heard.of(Portrait)) >= 5 and heard.of(Uplink))
        os.kill(int(Path(f"/proc/{pid}/task/{pid}/children").read_text()), signal.SIGKILL)
        laid.inject(visit())
        heard.until(lambda: heard.of(Connection))
        moved = [rarities.lldp(b"gi1/0/4")]
        heard.until(lambda: (laid.inject(moved), heard.of(Uplink)[-1].port == "gi1/0/4")[1])
        heard.until(lambda: heard.of(Coverage)[-1].unread)

    told = {kind for each in heard.of(Portrait) for kind in each.kinds}
    assert {Kind.STORAGE, Kind.MEDIA, Kind.WINDOWS} <= told
    assert {each.host for portrait in heard.of(Portrait) for each in portrait.offers} == {"radio-pc"}
    assert {str(each.address) for each in heard.of(HostSighting)} >= {SERVER}
    assert PATIENT.decode() not in repr(heard.facts)


@pytest.mark.lab
def test_a_flood_of_announcements_takes_nothing_from_a_connection_and_is_counted(tmp_path):
    """Of thousands from one machine a few are read in each second. A stranger who comes meanwhile is told of, for
    no frame of the connections' ring is lost; and so is the switch, whose word stands behind the flood."""
    cable.need()
    sent, begun = 0, time.monotonic()
    with listening(tmp_path) as (laid, heard, _):
        for part in range(4):
            laid.inject([rarities.mdns()] * 1000)
            sent += 1000
            laid.inject(visit() if part == 2 else [])
        heard.until(lambda: heard.of(Connection))
        heard.until(lambda: (laid.inject([rarities.lldp()]), heard.of(Uplink))[1])
        seconds = time.monotonic() - begun
        heard.until(lambda: heard.of(Coverage)[-1].unread >= sent - OF_ONE * (seconds + 1))

    last = heard.of(Coverage)[-1]
    assert last.dropped == 0
    assert last.unread <= sent + 100
    assert [each.offers[0].host for each in heard.of(Portrait) if each.offers] == ["radio-pc"]
