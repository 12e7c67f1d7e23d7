"""An echo from start to stop: its doors, its edge, and its patience with callers who say nothing."""

import asyncio
import logging
import sqlite3
import ssl
from asyncio import sslproto
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from weakref import WeakKeyDictionary

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from sentinel.clock import Clock, now
from sentinel.echo import protocol
from sentinel.echo.books import open_books
from sentinel.echo.door import BACKLOG, Door, open_doors
from sentinel.echo.identity import identity
from sentinel.echo.porch import Porch
from sentinel.echo.refused import Refused
from sentinel.echo.service import Echo
from sentinel.echo.settings import SOURCE_PORTS, Settings, local_ports
from sentinel.echo.visitors import Visitors
from sentinel.echo.wire import json
from sentinel.errors import ConfigurationError

log = logging.getLogger("sentinel.echo")

HANDSHAKE_S = 5.0
HEADERS_S = 10.0
"""From the TCP handshake to the end of the first question's headers."""
TLS_BYTES = 32 * 1024
"""For what a caller sends at once: two TLS records. asyncio would fill 256 KiB for each who only stands there."""
REQUESTS = 4
"""On one connection: challenge, check, go, and one more."""

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Edge:
    """Where every failure becomes a word of the protocol; the one place that catches everything."""

    def __init__(self) -> None:
        self._asked: WeakKeyDictionary[asyncio.BaseTransport, int] = WeakKeyDictionary()

    def has_asked(self, transport: asyncio.BaseTransport) -> bool:
        """Whether a whole question ever came over this connection."""
        return transport in self._asked

    async def __call__(self, request: web.Request, handle: Handle) -> web.StreamResponse:
        """The answer, or the word with which it is declined."""
        try:
            self._count(request)
            return await handle(request)
        except Refused as refused:
            return _refusal(refused)
        except web.HTTPRequestEntityTooLarge:
            return _refusal(Refused("too_large"))
        except web.HTTPException:
            return _refusal(Refused("bad_request"))
        except sqlite3.Error as error:
            log.error("the book cannot be used: %s", error)
            return _refusal(Refused("not_ready"))
        except ConnectionError:
            raise
        except Exception:  # the edge of the echo: one odd question is no loss of the other practices'
            log.exception("a question could not be answered")
            if request.writer.output_size:
                raise ConnectionAbortedError from None  # half a report is none
            return _refusal(Refused("not_ready"))

    def _count(self, request: web.Request) -> None:
        if request.transport is None:
            raise ConnectionResetError
        self._asked[request.transport] = self._asked.get(request.transport, 0) + 1
        if self._asked[request.transport] > REQUESTS:
            raise Refused("bad_request")


def _refusal(refused: Refused) -> web.Response:
    wait = None if refused.wait is None else int(refused.wait) + 1
    said = protocol.Refusal(error=refused.word, retry_after_s=wait)
    answer = json(said, protocol.STATUS[refused.word])
    answer.force_close()
    return answer


def app(echo: Echo, edge: Edge, porch: Porch) -> web.Application:
    """The four questions of a sentinel, and a page for anybody else."""

    async def check(request: web.Request) -> web.StreamResponse:
        answer = await echo.check(request)
        line = request.transport.get_extra_info("socket") if request.transport else None
        if line is not None:
            porch.hold(line.fileno())
        return answer

    made = page(echo, edge)
    made.router.add_get("/v1/challenge", echo.challenge)
    made.router.add_post("/v1/enrol", echo.enrol)
    made.router.add_post("/v1/check", check)
    made.router.add_post("/v1/check/{check}/go", echo.go)
    return made


def page(echo: Echo, edge: Edge) -> web.Application:
    """The page alone: all there is without TLS."""

    @web.middleware
    async def at_the_edge(request: web.Request, handler: Handle) -> web.StreamResponse:
        return await edge(request, handler)

    visitors = Visitors(echo.settings, echo.books.optouts, echo.clock)
    made = web.Application(middlewares=[at_the_edge], client_max_size=protocol.REQUEST_BYTES)
    made.router.add_get("/", visitors.show)
    made.router.add_get("/robots.txt", visitors.robots)
    made.router.add_post("/opt-out", visitors.opt_out)
    made.router.add_post("/opt-in", visitors.opt_in)
    return made


@asynccontextmanager
async def serving(settings: Settings, clock: Clock = now) -> AsyncIterator[Echo]:
    """An echo that answers for as long as the context lasts.

    Raises:
        ConfigurationError: the kernel would hand our source ports to others.
        NotReadable: a key file is not a key.
        OSError: an address is not ours, a port is taken, the folder cannot be written.
    """
    check_source_ports()
    sslproto.SSLProtocol.max_size = TLS_BYTES
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = identity(settings.folder, settings.name)
    books = open_books(settings.folder, own.secret)
    async with AsyncExitStack() as stack:
        stack.enter_context(books.book.held())
        doors = open_doors((*settings.listen, *settings.http))
        for door in doors:
            stack.callback(door.close)
        books.book.settle(settings.name, doors[0].getsockname()[1])
        echo = Echo(settings, own, books, clock)
        await echo.lookout.look()
        await _answer(echo, doors, stack)
        yield echo


async def _answer(echo: Echo, doors: list[Door], stack: AsyncExitStack) -> None:
    edge, porch, shielded = Edge(), doors[0].porch, len(echo.settings.listen)
    tls = echo.identity.tls()
    for made, some, context in (
        (app(echo, edge, porch), doors[:shielded], tls),
        (page(echo, edge), doors[shielded:], None),
    ):
        runner = _runner(made)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        for door in some:
            await _open(door, _receiving(runner, edge), context, stack)
    looking = asyncio.create_task(echo.lookout.keep_looking())
    stack.push_async_callback(_stop, looking)


async def _open(
    door: Door, receive: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None, stack: AsyncExitStack
) -> None:
    server = await asyncio.get_running_loop().create_server(
        receive, sock=door, ssl=tls, ssl_handshake_timeout=HANDSHAKE_S if tls else None, backlog=BACKLOG
    )
    stack.callback(server.close)


def _runner(made: web.Application) -> web.AppRunner:
    # aiohttp's own words name callers in full; ours do not, so its logger stays silent.
    silent = logging.getLogger("sentinel.echo.http")
    silent.setLevel(logging.CRITICAL + 1)
    return web.AppRunner(
        made,
        handler_cancellation=True,  # the caller hung up: stop dialling
        handle_signals=False,
        access_log=None,
        logger=silent,
        keepalive_timeout=protocol.LAPSE_S,
        auto_decompress=False,
        lingering_time=1.0,
        shutdown_timeout=1.0,
    )


def _receiving(runner: web.AppRunner, edge: Edge) -> Callable[[], asyncio.Protocol]:
    """Receives a caller, and hangs up on one who never ends a question's headers."""
    loop = asyncio.get_running_loop()
    if runner.server is None:
        raise RuntimeError("the runner was not set up")
    server = runner.server

    def receive() -> RequestHandler:
        caller: RequestHandler = server()
        loop.call_later(HEADERS_S, _hang_up_if_silent, caller, edge)
        return caller

    return receive


def _hang_up_if_silent(caller: RequestHandler, edge: Edge) -> None:
    if caller.transport is not None and not edge.has_asked(caller.transport):
        caller.force_close()


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def check_source_ports() -> None:
    """Refuse to start where the kernel hands out the ports we announce.

    Raises:
        ConfigurationError: net.ipv4.ip_local_port_range overlaps them.
    """
    theirs = local_ports()
    if theirs.start < SOURCE_PORTS.stop and SOURCE_PORTS.start < theirs.stop:
        raise ConfigurationError(
            [
                f"net.ipv4.ip_local_port_range is {theirs.start}-{theirs.stop - 1}: it may not overlap"
                f" {SOURCE_PORTS.start}-{SOURCE_PORTS.stop - 1}, from which the echo knocks"
            ]
        )
