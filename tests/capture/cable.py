"""A cable between two machines, made of network namespaces and taken away again; needs root and nothing more."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

import pytest

from tests.builders import IMAGING, STRANGER
from tests.lab.wires import inside, links

CARD = "rep0"
ETH_P_ALL, SO_RCVBUFFORCE = 3, 33  # linux/if_ether.h, asm-generic/socket.h
ADDRESSES = {"left": ("10.77.0.1", "fd77::1"), "right": ("10.77.0.2", "fd77::2")}
_numbers = count(1)


def need(*programs: str) -> None:
    """Skip, with the reason, where a cable cannot be laid or a program is missing."""
    if os.geteuid() != 0:
        pytest.skip("this needs root: it makes network namespaces")
    if missing := [program for program in ("ip", *programs) if not shutil.which(program)]:
        pytest.skip(f"this needs these programs, all in Debian: {' '.join(missing)}")


def sockets() -> set[str]:
    """Those this process holds."""
    held = {str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()}
    return {each for each in held if each.startswith("socket:")}


class Cable:
    """Two namespaces, one veth pair, an address of each family at either end."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        number = f"{os.getpid()}-{next(_numbers)}"
        self.names = {end: f"rep-{end}-{number}" for end in ADDRESSES}

    def lay(self, *, quiet: bool) -> None:
        """Quiet: no addresses and no IPv6, so that only what a test sends is on the cable."""
        for name in self.names.values():
            _ip("netns", "add", name)
            self._stack.callback(_ip, "netns", "delete", name)
            if quiet:
                with inside(name):
                    Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
        left, right = self.names.values()
        _ip("-n", left, "link", "add", CARD, "type", "veth", "peer", "name", CARD, "netns", right)
        for end, name in self.names.items():
            if not quiet:
                v4, v6 = ADDRESSES[end]
                _ip("-n", name, "addr", "add", f"{v4}/24", "dev", CARD)
                _ip("-n", name, "addr", "add", f"{v6}/64", "dev", CARD, "nodad")
            _ip("-n", name, "link", "set", CARD, "up")
            _ip("-n", name, "link", "set", "lo", "up")

    def populate(self, *, gro: bool = False) -> None:
        """A stranger at the left and a server of the practice at the right; segments are as long as they say.

        Args:
            gro: the card at the right puts together what comes close upon one another.
        """
        lives = {"left": (STRANGER, IMAGING), "right": (IMAGING, STRANGER)}
        for end, (own, peer) in lives.items():
            _ip("-n", self.names[end], "addr", "add", f"{own}/32", "dev", CARD)
            _ip("-n", self.names[end], "route", "add", f"{peer}/32", "dev", CARD, "src", str(own))
            joined = "on" if gro and end == "right" else "off"
            said = self.run(end, "ethtool", "-K", CARD, "tso", "off", "gso", "off", "gro", joined)
            assert said.returncode == 0, said.stderr

    @contextmanager
    def tapped(self, end: str = "right") -> Iterator[list[bytes]]:
        """What passes meanwhile at that end, as every capture there is shown it; the list is filled at the end."""
        frames: list[bytes] = []
        with self.at(end):
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        with tap:
            tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
            tap.setblocking(False)
            yield frames
            with suppress(BlockingIOError):
                while True:
                    frames.append(tap.recv(1 << 17))

    @contextmanager
    def at(self, end: str) -> Iterator[None]:
        """Sockets opened meanwhile belong to that end."""
        with inside(self.names[end]):
            yield

    def inject(self, frames: Sequence[bytes], end: str = "left") -> None:
        """Put frames on the cable as they are."""
        with self.at(end), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as line:
            line.bind((CARD, 0))
            for frame in frames:
                line.send(frame)

    def passes(self, frames: Sequence[bytes]) -> None:
        """Put them on it at the left, and wait until the card at the right has received them."""
        before = self._received()
        self.inject(frames)
        wait_until(lambda: self._received() >= before + len(frames))

    def _received(self) -> int:
        """Frames; also those that nobody there wanted."""
        with links(self.names["right"]) as route:
            (card,) = route.get_links(ifname=CARD)
        return int(card.get_attr("IFLA_STATS64")["rx_packets"])

    def run(self, end: str, *argv: str, timeout: float = 20) -> subprocess.CompletedProcess[str]:
        """A program at one end, to its end."""
        command = ["ip", "netns", "exec", self.names[end], *argv]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)

    def start(self, end: str, *argv: str) -> subprocess.Popen[bytes]:
        """A program at one end, stopped when the cable goes."""
        quiet = subprocess.DEVNULL
        command = ["ip", "netns", "exec", self.names[end], *argv]
        process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        self._stack.callback(stop, process)
        return process

    def set_link(self, end: str, state: str) -> None:
        """Pull the cable's end, or plug it in."""
        _ip("-n", self.names[end], "link", "set", CARD, state)


@contextmanager
def cable(*, quiet: bool = True) -> Iterator[Cable]:
    """A cable for one test."""
    with ExitStack() as stack:
        laid = Cable(stack)
        laid.lay(quiet=quiet)
        yield laid


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it politely, then not."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
        return
    process.kill()
    process.wait(5)


def wait_until(condition: object, seconds: float = 10) -> None:
    """Until it is true.

    Raises:
        TimeoutError: it was not, in time.
    """
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
