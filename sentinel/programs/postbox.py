"""Where `listen` brings its facts: one connection at a time, acknowledged once they are on disk.

On an installed machine `listen` has a user of its own. Its group may then connect, and nobody else's: our own
group is the page's too, and a hole in the page must not invent a quiet practice.
"""

import contextlib
import logging
import os
import pwd
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from sentinel.errors import MissingRight
from sentinel.programs.users import user
from sentinel.wire.facts import Inbox, Parcel, receipt
from sentinel.wire.requests import own_user, peer_uid

log = logging.getLogger(__name__)


class Postbox:
    """The socket on which `watch` takes facts; its thread only reads and posts.

    Raises:
        ConfigurationError: there is no such user.
        MissingRight: the socket cannot be given to that user's group.
    """

    def __init__(self, path: Path, post: Callable[[Parcel], None], bringer: str = "") -> None:
        known = user("capture.user", bringer) if bringer else None
        self._allowed = own_user() | ({known.pw_uid} if known else set())
        path.unlink(missing_ok=True)
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._door.bind(str(path))
        if known:
            self._give(path, known)
        path.chmod(0o660)
        self._door.listen(1)
        self._post = post
        self._line: socket.socket | None = None
        self._inbox = Inbox()
        threading.Thread(target=self._take, name="facts", daemon=True).start()

    def _give(self, path: Path, known: pwd.struct_passwd) -> None:
        try:
            os.chown(path, -1, known.pw_gid)
        except PermissionError:
            self._door.close()
            raise MissingRight(f"this user must be in the group of {known.pw_name} (capture.user)") from None

    def _take(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return  # closed: we are stopping
            if (who := peer_uid(line)) not in self._allowed:
                log.warning("user %d may not bring facts", who)
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
