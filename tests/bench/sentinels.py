"""A sentinel of its own on this machine, for as long as it takes to measure it."""

import http.client
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sentinel.places import Places

PATIENCE = 30.0
"""Seconds."""


class TooSlowError(Exception):
    """Something did not happen in time; the text holds the sentinel's last words."""


class Running:
    """`sentinel run` in a folder of its own, on a free port of the loopback."""

    def __init__(self, folder: Path) -> None:
        self._lasting = folder / "var"
        self.log = folder / "sentinel.log"
        folder.mkdir(parents=True)
        file = folder / "sentinel.toml"
        file.write_text(f'[capture]\nbox = ["127.0.0.253"]\n[page]\nport = {_free_port()}\n')  # asks nobody beyond
        argv = [sys.executable, "-m", "sentinel", "--config", str(file), "--dir", str(self._lasting), "run"]
        with self.log.open("w") as words:
            self.began = time.monotonic()
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=words, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def plays(self) -> bool:
        """Whether it may not capture here, and plays the recorded day."""
        return "CAP_NET_RAW" in self.log.read_text()

    @property
    def places(self) -> Places:
        """Its folders: the recorded day has its own."""
        lasting = self._lasting / "demo" if self.plays else self._lasting
        return Places(lasting=lasting, passing=lasting / "run")

    def page(self) -> int:
        """The status of the first page, at the address it said; 0 when nobody answers."""
        said = re.search(r"http://127\.0\.0\.1:(\d+)", self.log.read_text())
        if said is None:
            return 0
        with closing(http.client.HTTPConnection("127.0.0.1", int(said[1]), timeout=5)) as line:
            try:
                line.request("GET", "/")
                answer = line.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return 0
            return answer.status

    def wait(self, condition: Callable[[], object], what: str) -> float:
        """Until it holds; seconds since the start.

        Raises:
            TooSlowError: it did not hold in time, or the sentinel ended.
        """
        while not condition():
            if self.process.poll() is not None or time.monotonic() - self.began > PATIENCE:
                raise TooSlowError(f"waited for {what}:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.005)
        return time.monotonic() - self.began


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """A sentinel that is ended with the context, as by Ctrl-C."""
    made = Running(folder)
    try:
        yield made
    finally:
        made.process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            made.process.wait(5)
        made.process.kill()
        made.process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
