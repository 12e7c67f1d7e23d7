"""`sentinel listen` at the watched end of a cable, and somebody who takes its facts as `watch` does."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

from sentinel.model.connection import Attempts, Connection
from sentinel.model.coverage import Coverage
from sentinel.places import Places
from sentinel.wire.facts import Inbox, receipt
from tests.builders import INSIDE
from tests.capture import cable
from tests.capture.sensing import Sensed

PATIENCE = 60
"""Seconds."""


class Listening(Sensed):
    """The program, and what it has told so far."""

    def __init__(self, laid: cable.Cable, folder: Path, end: str = "right") -> None:
        super().__init__()
        self.reports: list[Coverage] = []
        """One a second."""
        self.came: float | None = None
        """When the first connection was told, on the monotonic clock."""
        self.reads = threading.Event()
        """Whether its facts are read."""
        self._places = Places(lasting=folder, passing=folder / "run")
        self._places.make()
        file = folder / "sentinel.toml"
        networks = [*map(str, INSIDE)]
        file.write_text(f'[capture]\ninterface = "{cable.CARD}"\nprefixes = {networks}\n')
        words = ("-m", "sentinel", "--config", str(file), "--dir", str(folder), "listen")
        self.began = monotonic()
        self.process: subprocess.Popen[bytes] = laid.start(end, sys.executable, *words)
        self._is_there = False

    # -- as `watch` does ---------------------------------------------------------------------------------------

    def come(self) -> None:
        """Be there to be told; until now nobody was."""
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self._places.facts))
        server.listen()
        server.settimeout(0.2)
        self._is_there = True
        self.reads.set()
        self._thread = threading.Thread(target=self._serve, args=(server,))
        self._thread.start()

    def leave(self) -> None:
        """Hang up, and take no call any more."""
        self._is_there = False
        self.reads.set()
        self._thread.join()
        self._places.facts.unlink()

    def _serve(self, server: socket.socket) -> None:
        with server:
            while self._is_there:
                with suppress(TimeoutError):
                    line, _ = server.accept()
                    with line:
                        line.settimeout(0.2)
                        self._read(line, Inbox())

    def _read(self, line: socket.socket, inbox: Inbox) -> None:
        while self._is_there:
            if not self.reads.wait(0.2):
                continue
            try:
                data = line.recv(1 << 18)
            except TimeoutError:
                continue
            except ConnectionResetError:
                return  # it has ended, with a receipt unread
            if not data:
                return
            run, number = "", 0
            for parcel in inbox.parcels(data):
                run, number = parcel.run, parcel.number
                self.take(parcel.fact)
            if run:
                with suppress(OSError):
                    line.sendall(receipt(run, number))

    def take(self, fact: object) -> None:
        """One fact."""
        if isinstance(fact, Coverage):
            self.reports.append(fact)
        elif isinstance(fact, Connection | Attempts):
            self.came = self.came or monotonic()
            super().take(fact)

    # -- for who measures --------------------------------------------------------------------------------------

    def report(self, reports: int = 2) -> Coverage:
        """The second report from now: what had passed before was counted by then.

        Raises:
            TimeoutError: it does not come.
        """
        known = len(self.reports)
        cable.wait_until(lambda: len(self.reports) >= known + reports, PATIENCE)
        return self.reports[-1]

    def settled(self) -> Coverage:
        """The first report of a second in which nothing came; it has read all there was."""
        before = self.report()
        while (told := self.report(1)).frames != before.frames:
            before = told
        return told

    def close(self) -> None:
        """Be told no more."""
        cable.stop(self.process)
        if self._is_there:
            self.leave()


@contextmanager
def listening(laid: cable.Cable, folder: Path, *, come: bool = True) -> Iterator[Listening]:
    """One that captures already."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Listening(laid, folder)
    try:
        if come:
            made.come()
            made.report(1)
        yield made
    finally:
        made.close()
