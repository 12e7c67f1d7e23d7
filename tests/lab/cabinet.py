"""The whole cabinet: raised, found again by another process, and taken away without a trace.

One at a time on a computer, since its names are fixed. A lock file makes a second one wait for the first.
"""

import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from tests.lab import plan, wires
from tests.lab.box import Box
from tests.lab.host import FOLDER, Host, wait_until
from tests.lab.switch import Switch

LOCK = Path("/run/cabinet-lab.lock")
UP = FOLDER / "up"
"""Exists from the moment the whole cabinet stands."""

PATIENCE = timedelta(minutes=10)
"""How long to wait for another process to take its cabinet away."""

_locked_here: list[TextIO] = []
"""The lock, if this very process holds it: waiting for ourselves would last for ever."""


@contextmanager
def alone(patience: timedelta = PATIENCE) -> Iterator[None]:
    """Nobody else has a cabinet up meanwhile; what is found then is left of a crash.

    Raises:
        RuntimeError: this process has one up itself.
        TimeoutError: another process kept its own up for longer than `patience`.
    """
    if _locked_here:
        raise RuntimeError("this process has a cabinet up already")
    with LOCK.open("w") as lock:
        if not wait_until(lambda: _locked(lock), patience):
            raise TimeoutError("another process keeps a cabinet up")
        _locked_here.append(lock)
        try:
            yield
        finally:
            _locked_here.clear()


def _locked(lock: TextIO) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


class Cabinet:
    """The internet, the box, the switch, the imaging server, a workstation, the Pi and a client of the VPN.

    `with Cabinet() as cabinet:` raises it. With `one_nic` the Pi has one card, and the copies come to it.

    Raises:
        RuntimeError: this process has raised one already.
        TimeoutError: another process kept its own up for longer than `patience`.
    """

    def __init__(self, *, one_nic: bool = False, patience: timedelta = PATIENCE) -> None:
        self.one_nic = one_nic
        self.internet = Host("internet")
        self.stranger = Host("stranger")
        self.echo1 = Host("echo1")
        self.echo2 = Host("echo2")
        self.box = Box("box")
        self.vpn_client = Host("vpn")
        self.switch = Switch("switch")
        self.imaging = Host("imaging")
        self.workstation = Host("workstation")
        self.pi = Host("pi")
        self._patience = patience
        self._raised = ExitStack()
        """What gives everything back; empty where this object has found the cabinet and not raised it."""

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Every machine."""
        outside = (self.internet, self.stranger, self.echo1, self.echo2, self.vpn_client)
        return (*outside, self.box, self.switch, self.imaging, self.workstation, self.pi)

    @classmethod
    def attach(cls) -> "Cabinet":
        """The cabinet another process has raised; closing it ends only what was started through it.

        Raises:
            LookupError: none is up.
        """
        if not UP.exists():
            raise LookupError("no cabinet is up")
        found = cls()
        found.one_nic = found.switch.mirror_port != plan.MIRROR_PORT
        return found

    @staticmethod
    def sweep() -> list[str]:
        """Take away what a crash has left, and end the programs in it; waits while a cabinet is alive.

        Returns the namespaces that were found. Only processes inside them are touched.
        """
        with alone():
            return _take_away()

    def __enter__(self) -> Self:
        with ExitStack() as raised:
            raised.enter_context(alone(self._patience))
            _take_away()
            raised.callback(_take_away)
            self._raise()
            self._raised = raised.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what was started through this object and, if it was raised by it, take the cabinet away."""
        with self._raised:
            for host in self.hosts:
                host.stop()

    def strangers(self, count: int, *, per_network: int = 1) -> list[IPv4Address]:
        """So many further addresses of the stranger, that many in each /24; 250 x 244 at most.

        They stay until the cabinet is taken away; asking again for as many gives the same ones.
        """
        wanted = [
            plan.STRANGERS4[(number // per_network) * 256 + 10 + number % per_network] for number in range(count)
        ]
        with wires.links(self.stranger.name) as route:
            card = wires.index(route, self.stranger.nic.name)
            for address in wanted:
                route.addr("replace", index=card, address=str(address), prefixlen=32)
        return wanted

    def _raise(self) -> None:
        FOLDER.mkdir(parents=True)
        wires.lay(one_nic=self.one_nic)
        self.box.install()
        self.switch.mirror(True)
        UP.touch()


def _take_away() -> list[str]:
    found = _namespaces()
    for namespace in found:
        _empty(namespace)
        subprocess.run(["ip", "netns", "delete", namespace], check=True)
    _forget_names()
    shutil.rmtree(FOLDER, ignore_errors=True)
    return found


def _namespaces() -> list[str]:
    if not wires.NAMESPACES.is_dir():
        return []
    return sorted(each.name for each in wires.NAMESPACES.iterdir() if each.name.startswith(plan.PREFIX))


def _forget_names() -> None:
    for folder in wires.NAME_SERVICE.glob(f"{plan.PREFIX}*"):
        shutil.rmtree(folder)
    with suppress(OSError):  # somebody else's are there too, or none ever were
        wires.NAME_SERVICE.rmdir()


def _empty(namespace: str) -> None:
    """End every process of that namespace, and wait until it is gone."""

    def nobody() -> bool:
        pids = _pids(namespace)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids

    if not wait_until(nobody):
        raise TimeoutError(f"processes do not leave {namespace}: {_pids(namespace)}")


def _pids(namespace: str) -> set[int]:
    listed = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False)
    return {int(pid) for pid in listed.stdout.split()} - {os.getpid()}
