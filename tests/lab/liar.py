"""Echoes that are not what they should be: `python -m tests.lab.liar KIND FOLDER NAME ADDRESS:PORT…`.

Every one of them is the real echo with one part replaced, and signs with the real key unless its lie is another's
signature. What none of them can do is to say go to itself.
"""

import asyncio
import ssl
import sys
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel.echo import serving
from sentinel.echo.dial import Answer
from sentinel.echo.identity import identity
from sentinel.echo.prober import Outing
from sentinel.echo.service import Echo, caller_of
from sentinel.echo.settings import Settings, read_listen
from sentinel.model.exposure import Reach, Why

LIED_ABOUT = 104
"""The port that a liar calls open."""


class Lying:
    """A prober that knocks as it should, and then tells something else."""

    def __init__(self, honest: Any) -> None:
        self._honest = honest

    def __getattr__(self, name: str) -> Any:
        return getattr(self._honest, name)

    def lie(self, outing: Outing) -> None:
        """What is told instead."""

    async def run(self, outing: Outing) -> None:
        """Every knock, and the lie."""
        await self._honest.run(outing)
        self.lie(outing)


class AlwaysClosed(Lying):
    """Nothing is ever open."""

    def lie(self, outing: Outing) -> None:
        """Of every port, and of the decoys."""
        for probe in outing.errand.probes:
            outing.note(probe, Answer(reach=Reach.CLOSED, why=Why.REFUSED))


class AlwaysOpen(Lying):
    """An imaging port is always open; the decoys are left alone, which would betray it."""

    def lie(self, outing: Outing) -> None:
        """Of one port."""
        for probe in outing.errand.probes:
            if probe.target_port == LIED_ABOUT:
                outing.note(probe, Answer(reach=Reach.OPEN, why=Why.SYNACK))


class Closed(Echo):
    """An echo that calls everything closed."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.prober = AlwaysClosed(self.prober)  # type: ignore[assignment]


class Open(Echo):
    """An echo that calls an imaging port open."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.prober = AlwaysOpen(self.prober)  # type: ignore[assignment]


class Forged(Echo):
    """An echo that signs with a key of its own making."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.identity = replace(self.identity, current=Ed25519PrivateKey.generate())


class Old(Echo):
    """An echo that brings the report of another question: signed, and about yesterday."""

    async def go(self, request: web.Request) -> web.StreamResponse:
        """The knocks of now, under the nonce of then."""
        running = self._running[caller_of(request).address]
        errand = replace(running.admitted.errand, nonce="of-yesterday")
        running.admitted = replace(running.admitted, errand=errand)
        return await super().go(request)


KINDS: dict[str, type[Echo]] = {"closed": Closed, "open": Open, "forged": Forged, "old": Old}
PAGE = b"<html><h1>Welcome to our Wi-Fi</h1><form>Your room number: <input></form></html>"


async def _echo(kind: str, settings: Settings) -> None:
    serving.Echo = KINDS[kind]  # type: ignore[misc,attr-defined]
    async with serving.serving(settings):
        await asyncio.Event().wait()


async def _portal(settings: Settings) -> None:
    """The page of a hotel, whatever was asked."""

    async def welcome(_: web.Request) -> web.StreamResponse:
        return web.Response(body=PAGE, content_type="text/html")

    site = web.Application()
    site.router.add_route("*", "/{any:.*}", welcome)
    runner = web.AppRunner(site)
    await runner.setup()
    for address, port in settings.listen:
        await web.TCPSite(runner, str(address), port, ssl_context=identity(settings.folder, "hotel").tls()).start()
    await asyncio.Event().wait()


async def _proxy(settings: Settings) -> None:
    """Opens every TLS connection with a certificate of its own, and goes on to the true echo: `settings.name`."""
    host, port = read_listen(settings.name)
    onward = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    onward.check_hostname, onward.verify_mode = False, ssl.CERT_NONE

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there = await asyncio.open_connection(str(host), port, ssl=onward)
        await asyncio.gather(carry(reader, there), carry(there_reader, writer))

    tls = identity(settings.folder, "proxy").tls()
    async with AsyncExitStack() as stack:
        for address, at in settings.listen:
            await stack.enter_async_context(await asyncio.start_server(between, str(address), at, ssl=tls))
        await asyncio.Event().wait()


def main(kind: str, folder: str, name: str, *listen: str) -> None:
    """Lie until ended."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    settings = Settings(folder=Path(folder), name=name, listen=tuple(map(read_listen, listen)), lab=True)
    others = {"portal": _portal, "proxy": _proxy}
    asyncio.run(others[kind](settings) if kind in others else _echo(kind, settings))


if __name__ == "__main__":
    main(*sys.argv[1:])
