"""A real echo on the loopback, and a caller who may say anything to it."""

import asyncio
import http.client
import json
import socket
import ssl
import threading
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel import dsse
from sentinel.clock import Clock, now
from sentinel.dsse import Message
from sentinel.echo import protocol
from sentinel.echo.operator import make_invitation
from sentinel.echo.protocol import SELF, Request, Target
from sentinel.echo.service import Echo
from sentinel.echo.serving import serving
from sentinel.echo.settings import Settings
from sentinel.model.exposure import PortList


def free_port(address: str = "127.0.0.1") -> int:
    """A port nobody listens on, outside the ones the echo knocks from."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def listener(address: str = "127.0.0.1") -> socket.socket:
    """An open door."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, 0), family=family)


class Notes:
    """What a check would have an echo remember of doors."""

    def __init__(self, willing: bool = True) -> None:
        self.willing = willing
        self.asked: list[int] = []
        self.gone: list[int] = []

    def will_ask(self, port: int) -> bool:
        """Note it, and let it be asked."""
        self.asked.append(port)
        return self.willing

    def is_gone(self, port: int) -> None:
        """Note it."""
        self.gone.append(port)


class RunningEcho:
    """An echo in a thread of its own, for as long as the context lasts."""

    def __init__(self, folder: Path, address: str = "127.0.0.1", clock: Clock = now, **settings: object) -> None:
        self.port = free_port(address)
        self.host = address
        words = {"name": address, "listen": ((ip_address(address), self.port),), "lab": True}
        self.settings = Settings(**{"folder": folder, **words, **settings})
        self._clock = clock
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.echo: Echo

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with serving(self.settings, self._clock) as self.echo:
                self._ready.set()
                await self._stop.wait()
        finally:
            self._ready.set()

    def __enter__(self) -> "RunningEcho":
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def key_id(self) -> str:
        """The name of its key."""
        return self.echo.identity.key_id

    def invitation(self, alias: str = "practice", lasts: timedelta = timedelta(days=1)) -> str:
        """A fresh one."""
        return make_invitation(self.settings.folder, alias, lasts)

    def know(self, key: Ed25519PrivateKey, alias: str = "practice") -> None:
        """Enrol a key without a connection."""
        self.echo.book.invite(alias, alias, self.echo.wall() + 60)
        self.echo.book.enrol(alias, key.public_key().public_bytes_raw(), self.echo.wall())


class Caller:
    """One connection, and a key; it says what it is told to."""

    def __init__(
        self,
        running: RunningEcho,
        key: Ed25519PrivateKey | None = None,
        source: str | None = None,
        source_port: int = 0,
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._running = running
        self.key = key or Ed25519PrivateKey.generate()
        self.http = http.client.HTTPSConnection(
            running.host,
            running.port,
            timeout=15,
            context=context,
            source_address=(source, source_port) if source else None,
        )
        self.http.connect()
        self.http.auto_open = 0

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One question and its whole answer."""
        self.http.request(method, path, body, headers or {})
        answer = self.http.getresponse()
        return answer.status, answer.read()

    def challenge(self, headers: dict[str, str] | None = None) -> dict[str, object]:
        """The echo's first words."""
        status, body = self.ask("GET", "/v1/challenge", headers=headers)
        assert status == 200
        return json.loads(body)

    def request(self, **changes: object) -> Request:
        """A question that would be answered, but for the changes."""
        words: dict[str, object] = {
            "v": 1,
            "aud": self._running.settings.name,
            "challenge": changes.pop("challenge", None) or self.challenge()["challenge"],
            "nonce": protocol.token(),
            "family": 6 if ":" in self._running.host else 4,
            "targets": [Target(addr=SELF)],
            "ports": PortList.HOURLY.value,
            "tls_cert": sha256(self.http.sock.getpeercert(binary_form=True)).hexdigest(),
        }
        return Request(**(words | changes))

    def check(
        self, message: Message | None = None, kind: str = protocol.REQUEST, **changes: object
    ) -> tuple[int, bytes]:
        """Sign and send a question."""
        said = message or self.request(**changes)
        return self.ask("POST", "/v1/check", dsse.seal(kind, said, self.key))

    def word(self, message: Message | None = None, **changes: object) -> str:
        """The word with which a question is declined, or "ok"."""
        status, body = self.check(message, **changes)
        return word(status, body)

    def plan(self, **changes: object) -> protocol.Plan:
        """The plan of a question that is answered."""
        status, body = self.check(**changes)
        assert status == 200, body
        return dsse.decode(dsse.decode(body, dsse.Envelope).payload, protocol.Plan)

    def go(self, check: str) -> list[bytes]:
        """Every line of the stream."""
        status, body = self.ask("POST", f"/v1/check/{check}/go", b"")
        assert status == 200, body
        return body.splitlines()

    def report(self, check: str) -> protocol.Report:
        """What the last line says."""
        return dsse.decode(dsse.decode(self.go(check)[-1], dsse.Envelope).payload, protocol.Report)


def word(status: int, body: bytes) -> str:
    """The word of a refusal, whose status is the one the protocol gives it."""
    if status == 200:
        return "ok"
    said = json.loads(body)["error"]
    assert status == protocol.STATUS[said]
    return said
