"""The child itself: what it answers, what it may do, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel.model.machine import Kind, Portrait, Uplink
from sentinel.programs.dissect import A_FRAME, SPARE
from sentinel.programs.dissecting import COMMAND
from sentinel.wire.dissection import Answer, Answers, question
from tests import rarities
from tests.builders import moment

FRAMES = {
    "ARP": rarities.arp()[:42],
    "router": rarities.router(),
    "DHCP": rarities.dhcp(),
    "DHCP server": rarities.dhcp_offer(),
    "mDNS": rarities.mdns(),
    "mDNS of IPv6": rarities.mdns(family=6, addresses=(rarities.SERVER6,)),
    "SSDP": rarities.ssdp(),
    "LLDP": rarities.lldp(),
    "CDP": rarities.cdp(),
}


class Running:
    """`dissect` with its pipes, waited for."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        self._answers = Answers()

    def ask(self, *frames: bytes) -> list[Answer]:
        """As many answers as questions; fewer where it ends."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"".join(question(each, moment()) for each in frames))
        self.process.stdin.flush()
        got: list[Answer] = []
        while len(got) < len(frames) and (data := os.read(self.process.stdout.fileno(), 65_536)):
            got += self._answers.take(data)
        return got

    def limits(self) -> dict[str, str]:
        """Its resource limits, as the kernel holds them."""
        lines = Path(f"/proc/{self.process.pid}/limits").read_text().splitlines()[1:]
        return {line[:26].strip(): line[26:47].strip() for line in lines}

    def status(self, name: str) -> str:
        """One line of its status."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{name}:"))


@pytest.fixture
def running() -> Iterator[Running]:
    """One child, ended afterwards."""
    made = Running()
    yield made
    made.process.kill()
    made.process.communicate()


def test_every_kind_of_frame_is_read_in_bounds(running):
    """With nothing left to open and no memory to spare, it can still read all it is there for."""
    answers = dict(zip(FRAMES, running.ask(*FRAMES.values()), strict=True))

    assert not [name for name, said in answers.items() if said.unread or not said.facts]
    assert answers["router"].portraits[0].kinds == (Kind.ROUTER,)
    assert isinstance(answers["LLDP"].facts[0], Uplink)
    assert isinstance(answers["ARP"].facts[0], Portrait)
    assert answers["ARP"].facts[0].at == moment()


def test_a_frame_that_cannot_be_read_is_said_to_be_so(running):
    """And the next one is read."""
    assert running.ask(b"x", FRAMES["ARP"])[0] == Answer(unread=True)
    assert running.ask(FRAMES["ARP"])[0].facts


def test_it_has_no_right_and_can_get_none(running):
    """Not even root's."""
    running.ask(FRAMES["ARP"])

    assert {running.status(name) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert running.status("NoNewPrivs") == "1"


def test_it_can_open_write_and_fork_nothing_and_take_little_memory(running):
    """As the kernel holds it to; a core file has no place either."""
    running.ask(FRAMES["ARP"])
    limits = running.limits()
    held = int(running.status("VmSize").split()[0]) * 1024

    assert {
        limits[name] for name in ("Max open files", "Max file size", "Max processes", "Max core file size")
    } == {"0"}
    assert held <= int(limits["Max address space"]) <= held + SPARE
    assert A_FRAME <= int(limits["Max cpu time"]) <= A_FRAME + 5


def test_it_holds_three_descriptors(running):
    """Two pipes, and nowhere for errors; nothing of whoever started it."""
    running.ask(FRAMES["ARP"])

    assert sorted(each.name for each in Path(f"/proc/{running.process.pid}/fd").iterdir()) == ["0", "1", "2"]


def test_it_leaves_nothing_in_the_home(tmp_path):
    """scapy would write its tables there, and read settings."""
    home = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        COMMAND, check=False, input=question(FRAMES["ARP"], moment()), capture_output=True, env=home, timeout=30
    )

    assert next(Answers().take(done.stdout)).facts
    assert list(tmp_path.iterdir()) == []
    assert done.stderr == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_the_pipe_is_closed_and_not_before(running, number):
    """The parent decides: a terminal's Ctrl-C goes to both, and so does systemd's wish to stop."""
    running.ask(FRAMES["ARP"])
    running.process.send_signal(number)
    assert running.ask(FRAMES["ARP"])
    running.process.stdin.close()

    assert running.process.wait(10) == 0
    assert running.process.stderr.read() == b""
    running.process.stdin = None


def test_it_is_small(running):
    """Beside `listen` on a board of 512 MB; kB, its share of what is mapped (proc(5), smaps_rollup)."""
    running.ask(*FRAMES.values())
    lines = Path(f"/proc/{running.process.pid}/smaps_rollup").read_text().splitlines()
    held = {line.split()[0]: int(line.split()[1]) for line in lines[1:]}

    assert held["Pss:"] < 48_000
    assert held["Private_Dirty:"] < 36_000


def harmed(deed: str) -> tuple[str, ...]:
    """`dissect` whose reader has a bug; nothing else of it is changed."""
    script = f"""
import sentinel.programs.dissect as dissect
real = dissect._scapy
def _scapy():
    read = real()
    def bad(frame, at):
        {deed}
        return read(frame, at)
    return bad
dissect._scapy = _scapy
dissect.main()
"""
    return (sys.executable, "-c", script)


@pytest.mark.parametrize(
    ("deed", "ends"),
    [
        ("while True: pass", -signal.SIGXCPU),
        ("kept = bytearray(64 << 20)", 1),
        ("open('/etc/hostname')", 1),
        ("__import__('socket').socket()", 1),
    ],
)
def test_a_reader_that_goes_wild_ends_and_nothing_else_does(deed, ends):
    """No processor time, no memory, no file, no socket beyond what a frame needs."""
    running = Running(harmed(deed))
    begun = time.monotonic()

    assert running.ask(FRAMES["ARP"]) == []
    assert running.process.wait(20) == ends
    assert time.monotonic() - begun < 20
    running.process.communicate()


def test_the_same_reader_without_a_bug_answers():
    """Or the claim above would hold of anything."""
    running = Running(harmed("pass"))

    assert running.ask(FRAMES["ARP"])[0].facts
    running.process.communicate()
