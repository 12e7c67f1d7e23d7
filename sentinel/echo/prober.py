"""Making the knocks of a plan: paced, bounded, and stopped in the middle when nobody waits for them any more.

First every door is knocked at, then those that are open are asked who they are, one at a time; three seconds later
they are knocked at once more, and the declared doors last of all: a firewall may have banned us midway. Where
nothing is declared, a place that answered before tells: if it is silent now, so may be everything else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from secrets import SystemRandom
from typing import Protocol

from sentinel.echo.dial import Answer, dial, talking, untested
from sentinel.echo.identify import Interview, Patience, way
from sentinel.echo.planning import Ask, Errand
from sentinel.echo.protocol import ANSWERS_S, CHECK_S, STOP_S
from sentinel.echo.talk import Talk
from sentinel.model.exposure import AfterProbe, Application, Kind, Probe, Reach, Why
from sentinel.model.moment import Address

TARGET_PER_S = 20
SERVER_PER_S = 2_000
SOCKETS = 8_000
RETRIES = 5
"""Silent ports that are tried again, once, if a neighbour answered: then silence may be loss."""
RETRY_AFTER_S = 1.0
WITNESSES = 2
"""Places that answered at first and are knocked at once more: do they still?"""
WITNESS_AFTER_S = 1.5
"""One silence may be a limit on refusals per second; two this far apart are none."""


class Pace:
    """Lets one through every so often, in the order of coming."""

    def __init__(self, per_second: float) -> None:
        self._apart = 1 / per_second
        self._next = 0.0

    async def wait(self) -> None:
        """Return when it is our turn."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next)
        self._next = turn + self._apart
        if turn > now:
            await asyncio.sleep(turn - now)


class Remembers(Protocol):
    """Who keeps what must outlast a check; `memory.Memory` in an echo."""

    def will_ask(self, port: int) -> bool:
        """A door is about to be asked; whether it may be."""

    def is_gone(self, port: int) -> None:
        """A door stopped answering after our question."""


class Outing:
    """One errand on its way: what was answered so far."""

    def __init__(self, errand: Errand, memory: Remembers) -> None:
        self.errand = errand
        self.memory = memory
        self._answers: dict[Probe, Answer] = {}
        self._found: dict[int, Application] = {}
        self.is_banned = False
        """Even places that answered us at first are silent now: silence says nothing of a service."""

    @property
    def done(self) -> int:
        """How many knocks have their answer."""
        return sum(probe in self._answers for probe in self.errand.probes)

    def note(self, probe: Probe, answer: Answer) -> None:
        """Keep an answer; a second try that failed on our side takes nothing away from the first."""
        if answer.reach is not Reach.UNTESTED or probe not in self._answers:
            self._answers[probe] = answer

    def answer(self, probe: Probe) -> Answer:
        """What a knock met; one that was never made ran out of time."""
        return self._answers.get(probe, untested(Why.TIME))

    def told(self, probe: Probe) -> Answer:
        """What a report may say a knock met: a banned prober's silence is its own.

        Nor have the decoys stood the test then, unless they are open: so the check proves nothing.
        """
        answer = self.answer(probe)
        is_moot = answer.reach is Reach.FILTERED or (
            probe in self.errand.decoys and answer.reach is not Reach.OPEN
        )
        return replace(answer, reach=Reach.UNTESTED) if self.is_banned and is_moot else answer

    def witnesses(self) -> list[Probe]:
        """A few places that answered, refusing ones first; not those that were asked: they may have died of it."""
        asked = {ask.port for ask in self.asked()}
        calm = [probe for probe in self.errand.decoys + self.errand.listed if probe.target_port not in asked]
        for reach in (Reach.CLOSED, Reach.OPEN):
            if found := [probe for probe in calm if self.answer(probe).reach is reach]:
                return found[:WITNESSES]
        return []

    def next_to_ask(self) -> Ask | None:
        """A door worth asking: open, or declared and so not knocked at yet; imaging first."""
        opened = {probe.target_port for probe in self.errand.listed if self.answer(probe).reach is Reach.OPEN}
        opened |= {probe.target_port for probe in self.errand.controls}
        left = [ask for ask in self.errand.asks if ask.port in opened - self._found.keys()]
        return min(left, key=lambda ask: (way(ask.port), ask.port), default=None)

    def found(self, port: int, application: Application) -> None:
        """Keep what answered at a door."""
        self._found[port] = application

    def asked(self) -> list[Ask]:
        """The doors that were asked."""
        return [ask for ask in self.errand.asks if ask.port in self._found]

    def application(self, port: int) -> Application | None:
        """What answered at a door, and whether it still does; None: it was not asked."""
        for ask in self.asked():
            if ask.port == port:
                return replace(self._found[port], after_probe=self.afterwards(ask))
        return None

    def afterwards(self, ask: Ask) -> AfterProbe | None:
        """Whether a door that was asked still answers; None: nobody knows."""
        reach = self.answer(ask.again).reach
        return None if self.is_banned and reach is Reach.FILTERED else AFTER.get(reach)

    def worth_repeating(self) -> list[Probe]:
        """A few silent ports, if anything at all answered: where all is silent, silence is a rule."""
        silent = [probe for probe in self.errand.listed if self.answer(probe).reach is Reach.FILTERED]
        answered = {Reach.OPEN, Reach.CLOSED, Reach.UNREACHABLE}
        if not any(answer.reach in answered for answer in self._answers.values()):
            return []
        return SystemRandom().sample(silent, min(RETRIES, len(silent)))


AFTER = {
    Reach.OPEN: AfterProbe.OPEN,
    Reach.CLOSED: AfterProbe.GONE,
    Reach.FILTERED: AfterProbe.GONE,  # a firewall on the machine itself hides that a port is closed
    Reach.UNREACHABLE: AfterProbe.GONE,
}


class Prober:
    """Dials for everybody, within what the whole server may do at once."""

    def __init__(
        self,
        may_dial: Callable[[Address], bool],
        has_route: Callable[[int], bool],
        patience: Patience = Patience(),  # noqa: B008 frozen
    ) -> None:
        self._may_dial = may_dial
        self._has_route = has_route
        self._patience = patience
        self._sockets = asyncio.Semaphore(SOCKETS)
        self._pace = Pace(SERVER_PER_S)

    async def run(self, outing: Outing) -> None:
        """Make every knock of an errand; cancelling this stops dialling at once. STOP_S at most."""
        pace = Pace(TARGET_PER_S)
        errand = outing.errand
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(STOP_S):
                async with asyncio.timeout(CHECK_S):
                    await self._dial_all(outing, _shuffled(errand.listed + errand.decoys), pace)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._dial_again(outing, pace))
                    group.create_task(self._ask_all(outing, pace, began))
                await self._look_after(outing, pace)
        except TimeoutError:
            pass  # what is missing reads "time"
        finally:  # also when the caller hung up: a harm that was seen is remembered
            for ask in outing.asked():
                if outing.afterwards(ask) is AfterProbe.GONE:
                    outing.memory.is_gone(ask.port)

    async def _ask_all(self, outing: Outing, pace: Pace, began: float) -> None:
        """Ask one open door after the other who it is; one that keeps us waiting does not hold up the next."""
        loop = asyncio.get_running_loop()
        interview = Interview(
            lambda probe: self._talking(outing, probe, pace),
            mark=outing.errand.mark,
            check=outing.errand.check,
            tls=outing.errand.tls,
            ends=began + ANSWERS_S,
            patience=self._patience,
        )

        async def ask_one(ask: Ask) -> None:
            outing.found(ask.port, await interview.ask(ask))

        async with asyncio.TaskGroup() as group:
            while (ask := outing.next_to_ask()) and loop.time() < began + CHECK_S:
                if not outing.memory.will_ask(ask.port):
                    return
                outing.found(ask.port, Application(kind=Kind.UNKNOWN))
                await asyncio.wait({group.create_task(ask_one(ask))}, timeout=self._patience.turn)

    async def _look_after(self, outing: Outing, pace: Pace) -> None:
        """Do those we have asked still answer, and do the declared doors?"""
        asked = outing.asked()
        if asked:
            await asyncio.sleep(self._patience.again)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_for_a_ban(outing, pace))
            again = [ask.again for ask in asked]
            await self._dial_all(outing, [*again, *outing.errand.controls], pace)

    async def _look_for_a_ban(self, outing: Outing, pace: Pace) -> None:
        """Are the places silent now that answered before? Until the second look has told, they are."""
        witnesses = outing.witnesses()
        outing.is_banned = await self._all_silent(outing, witnesses, pace)
        if outing.is_banned:
            await asyncio.sleep(WITNESS_AFTER_S)
            outing.is_banned = await self._all_silent(outing, witnesses, pace)

    async def _all_silent(self, outing: Outing, witnesses: list[Probe], pace: Pace) -> bool:
        """Whether not one of them answers; their first answers stand."""
        met: list[Reach] = []

        async def look(probe: Probe) -> None:
            met.append((await self._meets(outing, probe)).reach)

        async with asyncio.TaskGroup() as group:
            for probe in witnesses:
                await pace.wait()
                group.create_task(look(probe))
        return bool(met) and all(reach is Reach.FILTERED for reach in met)

    async def _dial_again(self, outing: Outing, pace: Pace) -> None:
        silent = outing.worth_repeating()
        if silent:
            await asyncio.sleep(RETRY_AFTER_S)
            await self._dial_all(outing, silent, pace)

    async def _dial_all(self, outing: Outing, probes: Iterable[Probe], pace: Pace) -> None:
        async with asyncio.TaskGroup() as group:
            for probe in probes:
                await pace.wait()
                group.create_task(self._dial(outing, probe))

    @asynccontextmanager
    async def _talking(self, outing: Outing, probe: Probe, pace: Pace) -> AsyncIterator[Talk]:
        """A connection to ask something on.

        Raises:
            OSError: there is none.
        """
        await pace.wait()
        async with self._sockets:
            await self._pace.wait()
            if not self._may_dial(probe.target):
                raise PermissionError(f"{probe.target} may not be dialled")
            async with talking(probe, outing.errand.source.local) as talk:
                yield talk

    async def _dial(self, outing: Outing, probe: Probe) -> None:
        outing.note(probe, await self._meets(outing, probe))

    async def _meets(self, outing: Outing, probe: Probe) -> Answer:
        async with self._sockets:
            await self._pace.wait()
            if not self._may_dial(probe.target):  # the last look before the packet
                return untested(Why.POLICY)
            route = self._has_route(probe.target.version)
            return await dial(probe, outing.errand.source.local, has_route=route)


def _shuffled(probes: tuple[Probe, ...]) -> list[Probe]:
    return SystemRandom().sample(probes, len(probes))
