"""Servers that answer as real ones did when they were asked: the bytes were recorded, the manners too."""

import contextlib
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import strategies as st

from sentinel.echo.identity import identity

ASSOCIATED = bytes.fromhex(
    "0200000000b800010000414e592d534350202020202020202020534e544a324b345157375852334d5441"
    + "00" * 32
    + "10000015312e322e3834302e31303030382e332e312e312e31"
    "210000190100000040000011312e322e3834302e31303030382e312e32"
    "5000003a51000004000040005200001b312e322e3237362e302e373233303031302e332e302e332e362e37"
    "5500000f4f464649535f44434d544b5f333637"
)
"""A-ASSOCIATE-AC of Debian's Orthanc 1.10.1, and to the byte of DCMTK's storescp 3.6.7."""
CALLED_UNKNOWN = bytes.fromhex("03000000000400010107")
CALLING_UNKNOWN = bytes.fromhex("03000000000400010103")
TOO_MANY = bytes.fromhex("03000000000400020302")
ABORT = bytes.fromhex("07000000000400000000")
TWO_ABORTS = bytes.fromhex("0700000000040000000007000000000400000202")
RELEASE = bytes.fromhex("05000000000400000000")
RELEASED = bytes.fromhex("06000000000400000000")
BAD_REQUEST = (
    b"HTTP/1.0 400 Bad Request\r\nCache-Control: no-cache, no-store, must-revalidate, private, max-age=0\r\n"
    b"Expires: 0\r\nPragma: no-cache\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Date: Wed, 25 Nov 2026 22:03:49 GMT\r\nConnection: close\r\n\r\nError 400: Bad Request\nMalformed message"
)
TO_EXPLORER = (
    b"HTTP/1.1 301 Moved Permanently\r\nConnection: keep-alive\r\nKeep-Alive: timeout=1\r\n"
    b"Location: app/explorer.html\r\nContent-Length: 0\r\n\r\n"
)
SECURE_AREA = (
    b'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nWWW-Authenticate: Basic realm="Orthanc Secure Area"\r\n'
    b"Content-Length: 0\r\n\r\n"
)
HANDSHAKE_FAILURE = bytes.fromhex("15030100020228")

RECORDED = [
    ASSOCIATED,
    CALLED_UNKNOWN,
    TOO_MANY,
    TWO_ABORTS,
    BAD_REQUEST,
    TO_EXPLORER,
    SECURE_AREA,
    HANDSHAKE_FAILURE,
    bytes.fromhex("030000130ed000001234000209080002000000"),
    b"SSH-2.0-x\r\n",
    b"\x00\x00\x00\x55\xfeSMB",
]


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """A recorded answer cut, and with other bytes in the middle."""
    raw = draw(st.sampled_from(RECORDED))
    begin = draw(st.integers(0, len(raw)))
    end = draw(st.integers(begin, len(raw)))
    return raw[:begin] + draw(st.binary(max_size=40)) + raw[end:]


Script = Callable[[socket.socket, bytes], None]
"""What a server does with one connection, and what it was told: `b""` when that was nothing for 0.15 s."""


def says(*parts: bytes, after: float = 0.0, apart: float = 0.0) -> Script:
    """Says this, and then waits for the caller to leave."""

    def script(caller: socket.socket, _told: bytes) -> None:
        time.sleep(after)
        for part in parts:
            caller.sendall(part)
            time.sleep(apart)
        _wait(caller)

    return script


def hangs_up(*parts: bytes) -> Script:
    """Says this, if anything, and ends the connection."""

    def script(caller: socket.socket, _told: bytes) -> None:
        for part in parts:
            caller.sendall(part)

    return script


def resets(caller: socket.socket, _told: bytes) -> None:
    """Cuts the connection."""
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def floods(caller: socket.socket, _told: bytes) -> None:
    """Sends for ever, or until nobody takes it: 64 MiB at most."""
    for _ in range(1024):
        caller.sendall(b"\x00MEIER^ANNA" * 6000)


def waits(caller: socket.socket, _told: bytes) -> None:
    """Says nothing."""
    _wait(caller)


class DiedError(Exception):
    """The server is no more."""


def dies(caller: socket.socket, told: bytes) -> None:
    """Ends the whole server, not only the connection."""
    raise DiedError


def when_told(script: Script) -> Script:
    """The same, but only once the caller has said something."""

    def script_then(caller: socket.socket, told: bytes) -> None:
        script(caller, told or caller.recv(4096))

    return script_then


def _wait(caller: socket.socket) -> None:
    caller.settimeout(40)
    while told := caller.recv(4096):
        if told == RELEASE:
            caller.sendall(RELEASED)
            return


def inside_tls(folder: Path, script: Script, *, old: bool = False) -> Script:
    """The same inside TLS, 1.0 if `old`; whoever speaks in plain words is cut off, as by DICOM over TLS."""
    folder.mkdir(exist_ok=True)
    context = identity(folder, "zztest-certificate").tls()
    if old:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.maximum_version = ssl.TLSVersion.TLSv1

    def secured(caller: socket.socket, told: bytes) -> None:
        if told[:1] != b"\x16":
            return resets(caller, told)
        caller.settimeout(5)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        incoming.write(told)
        return script(
            _Inside(caller, context.wrap_bio(incoming, outgoing, server_side=True), incoming, outgoing), told
        )

    return secured


class _Inside:
    """As much of a socket as the scripts use, whose first bytes were read before anybody knew they are TLS."""

    def __init__(self, plain: socket.socket, tls: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO):
        self._plain, self._tls, self._incoming, self._outgoing = plain, tls, incoming, outgoing
        self._do(tls.do_handshake)
        self.told = self.recv(4096)

    def _do(self, step: Callable[[], object]) -> object:
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._plain.sendall(self._outgoing.read())
                raw = self._plain.recv(65_536)
                if not raw:
                    return b""
                self._incoming.write(raw)
            except ssl.SSLZeroReturnError:
                return b""
            else:
                self._plain.sendall(self._outgoing.read())
                return done

    def sendall(self, raw: bytes) -> None:
        self._do(lambda: self._tls.write(raw))

    def recv(self, most: int) -> bytes:
        return bytes(self._do(lambda: self._tls.read(most)))  # type: ignore[call-overload]

    def settimeout(self, seconds: float) -> None:
        self._plain.settimeout(seconds)


class Answering:
    """A server on a loopback address of its own, so that it may have any port; one script for each connection.

    A connection whose caller leaves without a word takes no script. The last script serves all that follow.
    """

    def __init__(self, port: int, *scripts: Script, address: str = "") -> None:
        number = int.from_bytes(os.urandom(2), "big")
        self.address = address or f"127.77.{number >> 8}.{number & 255 or 1}"
        self.port = port
        self.told: list[bytes] = []
        """What the callers said first, each."""
        self.connections = 0
        self._scripts = list(scripts)
        self._listener = socket.create_server((self.address, port))
        self._threads = [threading.Thread(target=self._serve)]

    def __enter__(self) -> "Answering":
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._die()
        for thread in self._threads:
            thread.join()

    def _die(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                caller = self._listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._answer, args=(caller,)))
            self._threads[-1].start()

    def _answer(self, caller: socket.socket) -> None:
        with caller, contextlib.suppress(OSError):
            caller.settimeout(0.15)
            try:
                told = caller.recv(4096)
                if not told:
                    return
            except TimeoutError:
                told = b""
            except OSError:
                return  # only a knock
            caller.settimeout(None)
            self.told.append(told)
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            try:
                script(caller, told)
            except DiedError:
                self._die()
