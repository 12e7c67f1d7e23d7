"""One machine of the laboratory: a network namespace, its addresses, and the programs started in it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from itertools import count
from pathlib import Path
from typing import Literal

from tests.lab import plan, wires

FOLDER = Path("/run/cabinet-lab")
"""What the programs of the laboratory write; emptied when a cabinet is raised or swept."""
REPOSITORY = Path(__file__).resolve().parents[2]
GRACE = timedelta(seconds=0.5)
"""How long a program may take to end when asked politely."""

_LISTENING = "0A"  # include/net/tcp_states.h
_numbers = count(1)


class DidNotStartError(Exception):
    """A program ended, or did not listen, before it was ready; the text holds its last words."""


def wait_until(condition: Callable[[], bool], patience: timedelta = timedelta(seconds=10)) -> bool:
    """Whether it became true in time."""
    end = time.monotonic() + patience.total_seconds()
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Host:
    """One machine, by its name in the plan."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.name = plan.PREFIX + role
        """Of its network namespace."""
        self._started: list[subprocess.Popen[str]] = []

    def __repr__(self) -> str:
        return f"<Host {self.name}>"

    @property
    def nic(self) -> plan.Nic:
        """The card that faces the LAN, or the internet."""
        return plan.nics(self.role)[0]

    @property
    def mac(self) -> str:
        """The hardware address of that card, in lower case with colons."""
        return self.nic.mac

    @property
    def v4(self) -> IPv4Address:
        """The main IPv4 address."""
        return self.nic.v4[0]

    @property
    def v6(self) -> IPv6Address:
        """The main global IPv6 address."""
        return self.nic.v6[0]

    @property
    def second_v4(self) -> IPv4Address:
        """The second vantage of an echo host, in another network.

        Raises:
            IndexError: this machine has one address only.
        """
        return self.nic.v4[1]

    @property
    def second_v6(self) -> IPv6Address:
        """The same over IPv6."""
        return self.nic.v6[1]

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The calling thread is in this machine: sockets opened meanwhile are this machine's for life.

        Cheaper than a program, and the way to knock four hundred times. Nothing else must happen in it.
        """
        with wires.inside(self.name):
            yield

    def run(
        self, argv: Sequence[str], *, timeout: float = 10, check: bool = True, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program here to its end, at most `timeout` seconds.

        Raises:
            subprocess.CalledProcessError: it failed and `check` was asked; its words are a note.
            subprocess.TimeoutExpired: it was ended for lasting too long.
        """
        done = subprocess.run(
            self._argv(argv),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            cwd=REPOSITORY,
            input=stdin or "",
        )
        if check and done.returncode:
            error = subprocess.CalledProcessError(done.returncode, argv, done.stdout, done.stderr)
            error.add_note(f"{self.name}: {done.stdout}{done.stderr}")
            raise error
        return done

    def python(self, *arguments: str, timeout: float = 10, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run this very Python here: `python("-c", code)` or `python("-m", "sentinel", "status")`."""
        return self.run([sys.executable, *arguments], timeout=timeout, check=check)

    def start(
        self,
        argv: Sequence[str],
        *,
        ready: Sequence[int] | Callable[[], bool] = (),
        patience: timedelta = timedelta(seconds=10),
        log: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a program here and let it run; it ends with the cabinet, and so does all it started.

        It is ready when somebody listens on those TCP ports, or when `ready()` says so.
        What it says goes to `log`, or to a file in `FOLDER`.

        Raises:
            DidNotStartError: it ended, or was not ready in time.
        """
        log = log or FOLDER / f"{self.role}-{os.getpid()}-{next(_numbers)}-{Path(argv[0]).name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as words:
            process = subprocess.Popen(
                self._argv(argv),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=REPOSITORY,
                env={**os.environ, **(env or {})},
                start_new_session=True,  # its own group, so that its children end with it
            )
        self._started.append(process)
        is_ready = ready if callable(ready) else lambda: set(ready) <= self.listening()
        up = wait_until(lambda: process.poll() is not None or is_ready(), patience)
        if not up or process.poll() is not None:
            end(process)
            raise DidNotStartError(f"{self.name}: {list(argv)}\n{log.read_text()[-2000:]}")
        return process

    def stop(self) -> None:
        """End every program started here by this object."""
        for process in self._started:
            _signal_group(process, signal.SIGTERM)
        for process in self._started:
            end(process)
        self._started.clear()

    def listening(self, *tables: Literal["tcp", "tcp6"]) -> set[int]:
        """The TCP ports somebody listens on here, on either family or on that one."""
        with self.inside():
            rows = [
                row.split()
                for table in tables or ("tcp", "tcp6")
                # Not /proc/net, which is the main thread's, whoever reads it.
                for row in Path("/proc/thread-self/net", table).read_text().splitlines()[1:]
            ]
        return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENING}

    def _argv(self, argv: Sequence[str]) -> list[str]:
        # Not by `inside`: this one also shows the program the /sys of its own namespace.
        return ["ip", "netns", "exec", self.name, *argv]


def end(process: subprocess.Popen[str]) -> None:
    """End a started program and its whole group, politely and then not."""
    _signal_group(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE.total_seconds())
    _signal_group(process, signal.SIGKILL)
    process.wait(GRACE.total_seconds())


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    # The group outlives its leader as long as a child is in it, and its number is not given away meanwhile.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
