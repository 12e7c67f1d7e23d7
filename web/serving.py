"""How the page is served: cheroot, a few threads, small limits, and no word about browsers that leave early.

Nobody can keep the others waiting: a connection that says nothing costs a file descriptor for five seconds and no
thread, a request must be complete within ten seconds however slowly it drips, and one address occupies some of the
threads only. TLS begins in the thread that reads, not where connections are accepted.
"""

import errno
import logging
import socket
import ssl
import threading
import time
from collections import Counter, defaultdict, deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from cheroot import errors, wsgi
from cheroot.makefile import StreamReader, StreamWriter
from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter
from flask import Flask

from web.app import LONGEST

THREADS = 12
SHARE = 8
"""Threads that one address may occupy; a browser opens six connections."""
PARKED = 64
"""Requests of one address that may wait for its share."""
BACKLOG = 128
"""Connections the kernel keeps until they are accepted: with cheroot's five a few silent ones delay the rest."""
MOST = 256
"""Connections at once."""
SILENCE = 5
"""Seconds between two words."""
PATIENCE = 10.0
"""Seconds for one whole request to be heard."""


class _Ear(socket.SocketIO):
    """A socket that is listened to until a moment, whatever the rhythm."""

    until = 0.0

    def readinto(self, buffer: Any) -> int | None:
        """Some bytes.

        Raises:
            TimeoutError: the moment has come, or nothing came for too long.
            ConnectionResetError: what came was no TLS.
        """
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        line: socket.socket = self._sock  # type: ignore[attr-defined] # the socket module's own name for it
        line.settimeout(min(left, SILENCE))
        try:
            return super().readinto(buffer)
        except TimeoutError:
            raise TimeoutError("timed out") from None  # the words by which cheroot knows it
        except ssl.SSLError:
            raise ConnectionResetError(errno.ECONNRESET, "no TLS") from None


class _Reader(StreamReader):
    """What cheroot reads a request from."""

    def __init__(self, sock: socket.socket, size: int) -> None:
        super(StreamReader, self).__init__(_Ear(sock, "rb"), size)
        self.bytes_read = 0


def _open(sock: socket.socket, mode: str, size: int) -> Any:
    return _Reader(sock, size) if "r" in mode else StreamWriter(sock, mode, size)


class Connection(HTTPConnection):
    """One browser's connection; what could not be sent to it is forgotten when it closes.

    Otherwise it is tried once more when the object is collected, and Python 3.13 reports that it failed.
    """

    met = False
    """Whether it has been seen to say something."""

    def __init__(self, server: Any, sock: socket.socket, _: Any) -> None:
        super().__init__(server, sock, _open)
        self._ear: _Ear = self.rfile.raw
        self._is_greeted = not isinstance(sock, ssl.SSLSocket)

    def communicate(self) -> bool:
        """Hear one request and answer it; False when that was the last."""
        self._ear.until = time.monotonic() + self.server.patience
        try:
            return self._greet() and bool(super().communicate())  # type: ignore[no-untyped-call] # cheroot's own
        finally:
            self.server.leave_seat(self.remote_addr)

    def _greet(self) -> bool:
        """Begin TLS; bounded by the socket's time-out as a whole."""
        if self._is_greeted:
            return True
        try:
            self.socket.settimeout(SILENCE)
            self.socket.do_handshake()
        except (OSError, ValueError):
            return False
        self._is_greeted = True
        return True

    def close(self) -> None:
        """Close, with whatever was left to say."""
        super().close()
        with suppress(OSError, ValueError):
            self.wfile.close()


class Tls(BuiltinSSLAdapter):
    """The device's own certificate; another one is taken up as soon as it is there."""

    def __init__(self, certificate: Path, key: Path) -> None:
        super().__init__(str(certificate), str(key))
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._file = certificate
        self._read = certificate.stat().st_mtime_ns

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """The same connection, its handshake still to come."""
        self._renew()
        try:
            line = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except (OSError, ValueError) as error:  # it has left again
            raise errors.FatalSSLAlert(str(error)) from None
        return line, {"wsgi.url_scheme": "https", "HTTPS": "on"}

    def _renew(self) -> None:
        with suppress(OSError):  # then the one before still stands
            changed = self._file.stat().st_mtime_ns
            if changed != self._read:
                self.context.load_cert_chain(self.certificate, self.private_key)
                self._read = changed


class Server(wsgi.Server):
    """cheroot's server, with seats: a connection takes a thread once it speaks, and an address some of them."""

    def __init__(self, where: tuple[str, int], app: Flask, patience: float = PATIENCE) -> None:
        super().__init__(
            where,
            app,
            numthreads=THREADS,
            max=THREADS,
            server_name="sentinel",
            timeout=SILENCE,
            shutdown_timeout=1,
        )
        self.request_queue_size = BACKLOG
        self.max_request_header_size = LONGEST
        self.max_request_body_size = LONGEST
        self.keep_alive_conn_limit = MOST
        self.ConnectionClass = Connection
        self.patience = patience
        self.answered = 0
        """Requests heard to their end, whatever they were told."""
        self._seats = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._parked: defaultdict[str, deque[Connection]] = defaultdict(deque)

    def process_conn(self, conn: Connection) -> None:
        """Wait until it speaks, then find it a seat."""
        if not conn.met:
            conn.met = True
            self.put_conn(conn) if self.can_add_keepalive_connection else conn.close()
        elif self._has_seat(conn):
            super().process_conn(conn)

    def _has_seat(self, conn: Connection) -> bool:
        """Whether a thread may take it now; else it waits for one of its own address, or is closed."""
        client = str(conn.remote_addr)
        with self._seats:
            if self._taken[client] < SHARE:
                self._taken[client] += 1
                return True
            if len(self._parked[client]) < PARKED:
                self._parked[client].append(conn)
                return False
        conn.close()
        return False

    def leave_seat(self, client: object) -> None:
        """A request is answered: the seat goes to the next of the same address, or is free."""
        with self._seats:
            self.answered += 1
            waiting = self._parked.get(str(client))
            following = waiting.popleft() if waiting else None
            if not waiting:
                self._parked.pop(str(client), None)
            if following is None:
                self._taken.subtract([str(client)])
                self._taken = +self._taken  # forgets those that have none
        if following is not None:
            super().process_conn(following)

    def stop(self) -> None:
        """Stop, and hang up on whoever still waits."""
        super().stop()
        for waiting in self._parked.values():
            for conn in waiting:
                conn.close()

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """What matters; a client that left is not worth a word."""
        if level > logging.INFO:
            super().error_log(msg, level, traceback)


def server(app: Flask, host: str, port: int) -> Server:
    """The server of `app`, not yet listening; with an `ssl_adapter` it speaks TLS."""
    return Server((host, port), app)
