"""The echo on the wire: four questions over one connection, and what happens when that connection goes away."""

import asyncio
import logging
import sqlite3
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from aiohttp import web

from sentinel import dsse
from sentinel.clock import Clock
from sentinel.echo import protocol, quota
from sentinel.echo.admission import OPEN, Admission, Admitted
from sentinel.echo.books import Books
from sentinel.echo.challenges import Caller, Challenges
from sentinel.echo.identity import Identity
from sentinel.echo.prober import Outing, Prober
from sentinel.echo.refused import Refused
from sentinel.echo.report import report
from sentinel.echo.settings import Settings
from sentinel.echo.vantage import Lookout
from sentinel.echo.wire import caller_of, json, read_body
from sentinel.model.exposure import Reach
from sentinel.model.moment import Address

log = logging.getLogger("sentinel.echo")

CHECKS = 400
"""At the same time; each needs a few dozen sockets for a few seconds."""


@dataclass(slots=True, kw_only=True)
class Running:
    """A check between its plan and its report."""

    admitted: Admitted
    transport: asyncio.BaseTransport
    lapses: float
    """On the loop's clock; never once it has started."""
    started: bool = False

    def is_over(self, moment: float) -> bool:
        """Nobody will say go any more."""
        return not self.started and (self.lapses < moment or self.transport.is_closing())


class Echo:
    """Everything one echo remembers while it runs."""

    def __init__(self, settings: Settings, identity: Identity, books: Books, clock: Clock) -> None:
        self.settings = settings
        self.identity = identity
        self.books = books
        self.book = books.book
        self.clock = clock
        self.challenges = Challenges(clock)
        self.admission = Admission(settings, identity, books, self.challenges, self.wall)
        self.lookout = Lookout(settings, clock)
        self.prober = Prober(self.admission.may_dial, self.lookout.has_route)
        self._running: dict[Address, Running] = {}

    def wall(self) -> float:
        """Seconds since 1970, for what must outlast a restart."""
        return self.clock().wall.timestamp()

    async def challenge(self, request: web.Request) -> web.StreamResponse:
        """`GET /v1/challenge`."""
        caller = caller_of(request)
        seen = protocol.Observed(family=caller.address.version, addr=str(caller.address), port=caller.port)
        return json(
            protocol.Challenge(
                v=protocol.VERSION,
                challenge=self.challenges.issue(caller),
                observed=seen,
                server_time=self.clock().wall.isoformat(),
                vantage=self.lookout.vantage(caller.address.version),
            )
        )

    async def enrol(self, request: web.Request) -> web.StreamResponse:
        """`POST /v1/enrol`."""
        enrol = self.admission.read_enrol(await read_body(request), caller_of(request))
        self.book.enrol(enrol.code, enrol.public_key, self.wall())
        name = dsse.key_id(enrol.public_key)
        log.info("%s enrolled", name)
        enrolled = protocol.Enrolled(
            v=protocol.VERSION,
            aud=name,
            challenge=enrol.challenge,
            keys=self.identity.public_keys,
            quota=protocol.Quota(
                min_interval_s=int(quota.KEY_EVERY_S),
                per_day=quota.KEY_PER_DAY,
                max_extra_ports=protocol.EXTRA_PORTS,
            ),
            vantage=self.settings.name,
        )
        return _sealed(dsse.seal(protocol.ENROLLED, enrolled, self.identity.current))

    async def check(self, request: web.Request) -> web.StreamResponse:
        """`POST /v1/check`: the plan. Nothing is dialled yet."""
        caller = caller_of(request)
        self.admission.welcome(caller, self.wall())
        self._take_place(caller.address)
        raw = await read_body(request)
        self._take_place(caller.address)  # somebody may have come while we read
        admitted = self.admission.admit(raw, caller, self.wall())
        self._running[caller.address] = Running(
            admitted=admitted,
            transport=caller.connection,
            lapses=asyncio.get_running_loop().time() + protocol.LAPSE_S,
        )
        plan = msgspec.structs.replace(admitted.errand.plan(), keys=self.identity.public_keys)
        return _sealed(dsse.seal(protocol.PLAN, plan, self.identity.current))

    def _take_place(self, address: Address) -> None:
        """One check at a time for one address, and a bounded number in all."""
        moment = asyncio.get_running_loop().time()
        for other, running in list(self._running.items()):
            if running.is_over(moment):
                del self._running[other]
        if address in self._running:
            raise Refused("target_busy", protocol.LAPSE_S)
        if len(self._running) >= CHECKS:
            raise Refused("busy", 60)

    async def go(self, request: web.Request) -> web.StreamResponse:
        """`POST /v1/check/<check>/go`: dial, tell how far we are, and end with the signed report."""
        caller = caller_of(request)
        running = self._running.get(caller.address)
        if running is None or not self._may_go(running, caller, request.match_info["check"]):
            raise Refused("challenge_invalid")
        running.started = True
        try:
            return await self._stream(request, running.admitted)
        finally:
            del self._running[caller.address]

    @staticmethod
    def _may_go(running: Running, caller: Caller, check: str) -> bool:
        return (
            running.admitted.errand.check == check
            and running.transport is caller.connection
            and not running.started
            and not running.is_over(asyncio.get_running_loop().time())
        )

    async def _stream(self, request: web.Request, admitted: Admitted) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": protocol.STREAM})
        await response.prepare(request)
        outing, began = Outing(admitted.errand, admitted.memory), self.clock()
        dialling = asyncio.create_task(self.prober.run(outing))
        try:
            await _tell(response, dialling, outing)
            await dialling
        finally:  # also when the caller hung up: not one more knock
            dialling.cancel()
            with suppress(asyncio.CancelledError):
                await dialling
        vantage = self.lookout.vantage(admitted.errand.target.version)
        said = report(outing, admitted.key, vantage, began=began, ended=self.clock())
        await response.write(dsse.seal(protocol.REPORT, said, self.identity.current) + b"\n")
        self._note(admitted, outing, (self.clock().since(began)).total_seconds())
        return response

    def _note(self, admitted: Admitted, outing: Outing, took: float) -> None:
        errand = admitted.errand
        opened = [probe.target_port for probe in errand.probes if outing.answer(probe).reach is Reach.OPEN]
        log.info(
            "%s by %s: IPv%d, %s, %d ports, %d open, %.1f s",
            "re-test" if admitted.again else "check", admitted.key, errand.target.version,
            quota.cut(errand.target), len(errand.probes), len(opened), took,
        )  # fmt: skip
        with suppress(sqlite3.Error):  # the report is out; the next check will find the book unwritable
            for port in opened:
                self.book.mark(OPEN, admitted.key, errand.target, port, self.wall())
            (self.books.retests if admitted.again else self.book).finish(errand.check, len(opened), took)


async def _tell(response: web.StreamResponse, dialling: asyncio.Task[None], outing: Outing) -> None:
    """A line of progress every half second: it also notices a caller who is gone."""
    of = len(outing.errand.probes)
    while True:
        finished = dialling.done()
        await response.write(dsse.encode(protocol.Progress(done=outing.done, of=of)) + b"\n")
        if finished:
            return
        await asyncio.wait({dialling}, timeout=protocol.PROGRESS_S / 4)


def _sealed(envelope: bytes) -> web.Response:
    return web.Response(body=envelope, content_type="application/json")
