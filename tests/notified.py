"""A manager as systemd is one to its services: a datagram socket, and what was told to it."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Manager:
    """Hears what a service tells."""

    def __init__(self, address: str) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._line.settimeout(0.1)
        self.address = address
        self.told: list[tuple[float, str]] = []
        """When, and one word each."""

    def environment(self, **more: str) -> dict[str, str]:
        """Of a service it starts."""
        return {**os.environ, "NOTIFY_SOCKET": self.address, **more}

    def hear(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> list[str]:
        """Every word told within so many seconds, or until it is enough."""
        begun, first = time.monotonic(), len(self.told)
        while time.monotonic() < begun + seconds and not enough():
            try:
                words = self._line.recv(4096).decode().splitlines()
            except TimeoutError:
                continue
            self.told += [(time.monotonic(), word) for word in words]
        return [word for _, word in self.told[first:]]

    def waits_for(self, word: str, seconds: float = 20) -> None:
        """Until it was told."""
        self.hear(seconds, lambda: word in self.words)
        assert word in self.words, self.words

    @property
    def words(self) -> list[str]:
        """All of them."""
        return [word for _, word in self.told]

    def close(self) -> None:
        """Hear no more."""
        self._line.close()


@contextmanager
def manager(folder: Path) -> Iterator[Manager]:
    """One for a test."""
    hears = Manager(str(folder / "notify"))
    try:
        yield hears
    finally:
        hears.close()
