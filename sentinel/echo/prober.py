"""Making the knocks of a plan: paced, bounded, and stopped in the middle when nobody waits for them any more."""

import asyncio
from collections.abc import Callable, Iterable
from secrets import SystemRandom

from sentinel.echo.dial import Answer, dial, untested
from sentinel.echo.planning import Errand
from sentinel.echo.protocol import CHECK_S
from sentinel.model.exposure import Probe, Reach, Why
from sentinel.model.moment import Address

TARGET_PER_S = 20
SERVER_PER_S = 2_000
SOCKETS = 8_000
RETRIES = 5
"""Silent ports that are tried again, once, if a neighbour answered: then silence may be loss."""
RETRY_AFTER_S = 1.0


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


class Outing:
    """One errand on its way: what was answered so far."""

    def __init__(self, errand: Errand) -> None:
        self.errand = errand
        self._answers: dict[Probe, Answer] = {}

    @property
    def done(self) -> int:
        """How many knocks have their answer."""
        return len(self._answers)

    def note(self, probe: Probe, answer: Answer) -> None:
        """Keep an answer; a second try that failed on our side takes nothing away from the first."""
        if answer.reach is not Reach.UNTESTED or probe not in self._answers:
            self._answers[probe] = answer

    def answer(self, probe: Probe) -> Answer:
        """What a knock met; one that was never made ran out of time."""
        return self._answers.get(probe, untested(Why.TIME))

    def worth_repeating(self) -> list[Probe]:
        """A few silent ports, if anything at all answered: where all is silent, silence is a rule."""
        silent = [probe for probe in self.errand.listed if self.answer(probe).reach is Reach.FILTERED]
        answered = {Reach.OPEN, Reach.CLOSED, Reach.UNREACHABLE}
        if not any(answer.reach in answered for answer in self._answers.values()):
            return []
        return SystemRandom().sample(silent, min(RETRIES, len(silent)))


class Prober:
    """Dials for everybody, within what the whole server may do at once."""

    def __init__(self, may_dial: Callable[[Address], bool], has_route: Callable[[int], bool]) -> None:
        self._may_dial = may_dial
        self._has_route = has_route
        self._sockets = asyncio.Semaphore(SOCKETS)
        self._pace = Pace(SERVER_PER_S)

    async def run(self, outing: Outing) -> None:
        """Make every knock of an errand; cancelling this stops dialling at once. CHECK_S at most."""
        pace = Pace(TARGET_PER_S)
        errand = outing.errand
        try:
            async with asyncio.timeout(CHECK_S):
                await self._dial_all(outing, _shuffled(errand.listed + errand.decoys), pace)
                await self._dial_again(outing, pace)
                await self._dial_all(outing, errand.controls, pace)
        except TimeoutError:
            pass  # what is missing reads "time"

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

    async def _dial(self, outing: Outing, probe: Probe) -> None:
        async with self._sockets:
            await self._pace.wait()
            if not self._may_dial(probe.target):  # the last look before the packet
                outing.note(probe, untested(Why.POLICY))
                return
            route = self._has_route(probe.target.version)
            outing.note(probe, await dial(probe, outing.errand.source.local, has_route=route))


def _shuffled(probes: tuple[Probe, ...]) -> list[Probe]:
    return SystemRandom().sample(probes, len(probes))
