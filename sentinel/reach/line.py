"""One connection to an echo, of one family, kept to the end; what goes wrong on it is named by an `Outcome`.

Any certificate is accepted, because the echo is known by its signature: the certificate's hash goes into the
signed request, and an echo that is shown another than its own says so.
"""

import errno
import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from secrets import SystemRandom
from typing import Any

from sentinel import dsse
from sentinel.dsse import Garbled
from sentinel.echo import protocol
from sentinel.echo.protocol import Refusal
from sentinel.model.exposure import Outcome

CONNECT_S = 10.0
ANSWER_S = 15.0
"""For every answer but the report."""
REPORT_S = protocol.REPORT_WAIT_S
ERROR_BYTES = 4096
UNPRIVILEGED = 1024
TRIES = 20
"""Ports of our share to come from, of which some may be in use."""

BY_WORD = {
    "quota": Outcome.QUOTA,
    "target_busy": Outcome.BUSY,
    "busy": Outcome.BUSY,
    "not_ready": Outcome.BUSY,
    "tls_intercepted": Outcome.TLS_INTERCEPTED,
}
"""Every other word of the protocol: REFUSED."""


class NoAnswer(Exception):
    """The question stays unanswered; caught where the outcome is made, and nowhere else."""

    def __init__(self, outcome: Outcome, retry_s: int | None = None) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome
        self.retry_s = retry_s


class _Timed(ssl.SSLSocket):
    """A TLS socket whose reads all end at one deadline, however slowly bytes drip in."""

    deadline = 0.0

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        self.settimeout(left)
        return super().recv_into(*args, **kwargs)


class Line:
    """The connection; use it as a context."""

    def __init__(self, host: str, port: int, family: int, share: tuple[int, int] = protocol.ALL_PORTS) -> None:
        """Connect, over IPv4 from a port of our share of the address.

        Raises:
            NoAnswer: there is no way, nobody answers, or not in TLS 1.3.
        """
        with _named():
            found = _resolve(host, port, family)
            require_route(found)
            self._socket = _connect(host, found, share if family == 4 else protocol.ALL_PORTS)
        self._http = http.client.HTTPConnection(host, port)
        self._http.sock = self._socket
        self._http.auto_open = 0  # a second connection would be another question
        self._answer: http.client.HTTPResponse | None = None

    @property
    def certificate(self) -> str:
        """SHA-256 of the certificate we saw, hex."""
        return sha256(self._socket.getpeercert(binary_form=True) or b"").hexdigest()

    def get(self, path: str) -> bytes:
        """A whole answer of at most a report's size."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: bytes) -> bytes:
        """The same, for a question with a body."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        with _named():
            return _whole(self._start(method, path, body, ANSWER_S), protocol.REPORT_BYTES)

    def stream(self, path: str) -> Iterator[bytes]:
        """The lines of a streamed answer, REPORT_S in all."""
        with _named():
            answer = self._start("POST", path, b"", REPORT_S)
            while line := answer.readline(2 * protocol.REPORT_BYTES):
                yield line

    def _start(self, method: str, path: str, body: bytes | None, patience: float) -> http.client.HTTPResponse:
        self._socket.deadline = time.monotonic() + patience
        self._socket.settimeout(patience)
        self._http.request(method, path, body)
        answer = self._answer = self._http.getresponse()
        if answer.status != 200:
            raise _declined(answer)
        return answer

    def close(self) -> None:
        """Hang up; the echo stops dialling."""
        if self._answer is not None:
            self._answer.close()
        self._http.close()
        self._socket.close()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _whole(answer: http.client.HTTPResponse, limit: int) -> bytes:
    body = answer.read(limit + 1)
    if len(body) > limit:
        raise NoAnswer(Outcome.NOT_AN_ECHO)
    answer.read()  # the end of a chunked body, so that the connection is free again
    return body


def _declined(answer: http.client.HTTPResponse) -> NoAnswer:
    """The echo's word for not answering; any other page is not an echo's."""
    try:
        refusal = dsse.decode(answer.read(ERROR_BYTES), Refusal)
    except Garbled:
        return NoAnswer(Outcome.NOT_AN_ECHO)
    if refusal.error not in protocol.STATUS:
        return NoAnswer(Outcome.NOT_AN_ECHO)
    return NoAnswer(BY_WORD.get(refusal.error, Outcome.REFUSED), refusal.retry_after_s)


@contextmanager
def _named() -> Iterator[None]:
    """Give every way a connection can fail its outcome."""
    try:
        yield
    except TimeoutError as error:
        raise NoAnswer(Outcome.LATE) from error
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError, http.client.IncompleteRead) as error:
        raise NoAnswer(Outcome.UNREACHABLE) from error
    except http.client.NotConnected as error:
        raise NoAnswer(Outcome.UNREACHABLE) from error
    except (ssl.SSLError, http.client.HTTPException, UnicodeError) as error:
        raise NoAnswer(Outcome.NOT_AN_ECHO) from error
    except OSError as error:
        raise NoAnswer(Outcome.UNREACHABLE) from error


Place = tuple[socket.AddressFamily, Any]
"""A family and a socket address of it."""


def _resolve(host: str, port: int, family: int) -> Place:
    wanted = socket.AF_INET if family == 4 else socket.AF_INET6
    found = socket.getaddrinfo(host, port, wanted, socket.SOCK_STREAM)
    return wanted, found[0][4]


def require_route(place: Place) -> None:
    """Whether this machine knows a way there: connecting a datagram socket sends nothing.

    Raises:
        NoAnswer: it does not.
    """
    with socket.socket(place[0], socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(place[1])
        except OSError as error:
            raise NoAnswer(Outcome.NO_ROUTE) from error


def _come_from(plain: socket.socket, share: tuple[int, int]) -> None:
    """Take a port of our share; the kernel's own choice would be a neighbour's.

    Raises:
        OSError: none of those tried is free.
    """
    ports = range(max(share[0], UNPRIVILEGED), share[1] + 1)
    for port in SystemRandom().sample(ports, min(TRIES, len(ports))):
        try:
            plain.bind(("", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return
    raise OSError(errno.EADDRINUSE, "no port of our share is free")


def _connect(host: str, place: Place, share: tuple[int, int]) -> _Timed:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # known by its signature: see above
    context.sslsocket_class = _Timed
    plain = socket.socket(place[0], socket.SOCK_STREAM)
    try:
        plain.settimeout(CONNECT_S)
        if share != protocol.ALL_PORTS:
            _come_from(plain, share)
        try:
            plain.connect(place[1])
        except TimeoutError as error:
            raise NoAnswer(Outcome.UNREACHABLE) from error
        wrapped = context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise
    if not isinstance(wrapped, _Timed):
        raise TypeError("the context made another kind of socket")
    return wrapped
