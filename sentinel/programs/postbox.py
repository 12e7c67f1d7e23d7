"""Where `listen` brings its facts: one connection at a time, acknowledged once they are on disk."""

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from sentinel.wire.facts import Inbox, Parcel, receipt
from sentinel.wire.requests import own_user, peer_uid

log = logging.getLogger(__name__)


class Postbox:
    """The socket on which `watch` takes facts; its thread only reads and posts."""

    def __init__(self, path: Path, post: Callable[[Parcel], None]) -> None:
        path.unlink(missing_ok=True)
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._door.bind(str(path))
        path.chmod(0o660)
        self._door.listen(1)
        self._post = post
        self._line: socket.socket | None = None
        self._inbox = Inbox()
        threading.Thread(target=self._take, name="facts", daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return  # closed: we are stopping
            if peer_uid(line) not in own_user():
                line.close()
                continue
            self._line, self._inbox = line, Inbox()
            with line:
                self._read(line)
            self._line = None

    def _read(self, line: socket.socket) -> None:
        refused = 0
        try:
            while data := line.recv(65_536):
                for parcel in self._inbox.parcels(data):
                    self._post(parcel)
                if self._inbox.refused > refused:
                    refused = self._inbox.refused
                    log.warning("%d messages from listen did not decode", refused)
        except (OSError, ValueError) as error:
            log.warning("the line to listen broke: %s", error)

    def acknowledge(self, run: str, number: int) -> None:
        """Everything of this run up to `number` is on disk.

        Not waited for: a `listen` that stopped reading must not hold up the street, and a later receipt covers it.
        """
        line = self._line
        if line is not None and run:
            with contextlib.suppress(OSError):  # it will call again and be told then
                message = receipt(run, number)
                if line.send(message, socket.MSG_DONTWAIT) < len(message):
                    line.shutdown(socket.SHUT_RDWR)  # half a receipt would garble the next

    def close(self) -> None:
        """Take nothing more."""
        self._door.close()
