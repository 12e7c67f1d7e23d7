"""Something on port 443 that is no honest echo: a portal, a proxy, a recording, a machine that drips."""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from sentinel.echo.identity import identity

Say = Callable[[socket.socket, bytes], None]
"""Answers one request; returning without an answer closes the connection."""


def answer(body: bytes, status: str = "200 OK") -> Say:
    """Always the same page."""

    def say(caller: socket.socket, _request: bytes) -> None:
        caller.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    return say


def raw(content: bytes) -> Say:
    """Just these bytes, and then nothing more."""

    def say(caller: socket.socket, _request: bytes) -> None:
        caller.sendall(content)
        caller.close()

    return say


class Stub:
    """Listens on the loopback for as long as the context lasts; says in turn what it is given."""

    def __init__(self, folder: Path, *says: Say, tls: bool = True) -> None:
        self._says = list(says)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = identity(folder, "stub").tls() if tls else None
        self._thread = threading.Thread(target=self._serve)
        self.port = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.connections = 0

    def __enter__(self) -> "Stub":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                caller = self._listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            with caller, contextlib.suppress(OSError):
                self._talk(self._context.wrap_socket(caller, server_side=True) if self._context else caller)

    def _talk(self, caller: socket.socket) -> None:
        with caller:
            while self._says:
                request = self._read(caller)
                if not request:
                    return
                self.requests.append(request)
                self._says.pop(0)(caller, request)

    @staticmethod
    def _read(caller: socket.socket) -> bytes:
        """Headers, and the body they announce."""
        read = b""
        while b"\r\n\r\n" not in read:
            more = caller.recv(65_536)
            if not more:
                return b""
            read += more
        head, _, body = read.partition(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        while lengths and len(body) < int(lengths[0].partition(b":")[2]):
            body += caller.recv(65_536)
        return head + b"\r\n\r\n" + body
