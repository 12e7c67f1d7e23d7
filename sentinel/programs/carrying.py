"""A file of elsewhere by another's hands: who talks to strangers has no right, and who has rights has no network.

Over a socket of this machine, one file for each connection. The asker sends address, name and a line's end. Back
come a line, empty or why there is no such file; its pieces, each behind its length (four bytes), the last of no
length; and a line again, empty or why it is not whole.
"""

import socket
import struct
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sentinel.errors import MissingDevice, SentinelError
from sentinel.programs.fetching import SILENCE, Broken, Readable, Source

PLACE: Final = Path("/run/sentinel-fetch.sock")
"""Made by sentinel-fetch.socket, for root alone."""
GIVEN: Final = 3
"""The descriptor that systemd hands a program its socket by."""
PIECE: Final = 1 << 16
LINE: Final = 2048
"""Bytes of a line at most."""

_LENGTH = struct.Struct("!I")


def serve(entrance: socket.socket, source: Callable[[str], Source] = Source) -> None:
    """Fetch one file for the first who asks.

    Raises:
        OSError: he went away.
    """
    line, _ = entrance.accept()
    with line:  # no time limit of ours here: a slow card may take its time, and who is gone hangs up
        address, _, name = _line(line).partition(" ")
        try:
            stream = source(address).opened(name)
        except SentinelError as error:
            _say(line, str(error))
            return
        _say(line)
        with stream:
            reason = _handed_over(line, stream)
        line.sendall(_LENGTH.pack(0))
        _say(line, reason)


def _handed_over(line: socket.socket, stream: Readable) -> str:
    """Piece by piece; why it is not whole."""
    try:
        while piece := stream.read(PIECE):
            line.sendall(_LENGTH.pack(len(piece)) + piece)
    except SentinelError as error:
        return str(error)
    return ""


def _say(line: socket.socket, reason: str = "") -> None:
    line.sendall(reason.encode("ascii", "replace").replace(b"\n", b" ")[: LINE - 1] + b"\n")


class Carried:
    """A folder somewhere, as `fetching.Source`, by the hands of sentinel-fetch.service."""

    def __init__(self, address: str, place: Path = PLACE) -> None:
        self._address = address
        self._place = place

    def opened(self, name: str) -> "Handed":
        """A file as it comes.

        Raises:
            MissingDevice: it cannot be had.
        """
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(4 * SILENCE)  # whoever fetches gives up first, and says why
        try:
            line.connect(str(self._place))
            line.sendall(f"{self._address} {name}\n".encode())
            reason = _line(line)
        except OSError as error:
            line.close()
            raise MissingDevice(f"nobody fetches an update: {error}") from None
        if reason:
            line.close()
            raise MissingDevice(reason)
        return Handed(line)


class Handed:
    """The bytes of one file, as they are handed over."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._left = 0
        self._is_done = False

    def read(self, size: int) -> bytes:
        """At most so many; none at the end.

        Raises:
            Broken: they stopped coming, or it took too long.
        """
        try:
            if not self._left and not self._is_done:
                self._next()
            piece = self._line.recv(min(size, self._left)) if self._left else b""
        except OSError as error:
            raise Broken(f"the update stopped coming: {error}") from None
        if self._left and size and not piece:
            raise Broken("the update stopped coming: whoever fetched it is gone")
        self._left -= len(piece)
        return piece

    def _next(self) -> None:
        (self._left,) = _LENGTH.unpack(_exactly(self._line, _LENGTH.size))
        if self._left > PIECE:
            raise Broken("the update stopped coming: what is handed over has no such piece")
        self._is_done = not self._left
        if self._is_done and (reason := _line(self._line)):
            raise Broken(reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()


def _line(line: socket.socket) -> str:
    held = b""
    while not held.endswith(b"\n"):
        if len(held) >= LINE:
            raise OSError("a line without an end")
        held += _exactly(line, 1)
    return held[:-1].decode("ascii", "replace")


def _exactly(line: socket.socket, size: int) -> bytes:
    held = b""
    while len(held) < size:
        piece = line.recv(size - len(held))
        if not piece:
            raise OSError("whoever was at the other end is gone")
        held += piece
    return held
