"""The echo looks at itself: would it notice an open, a closed and a silent port, in each family?

A vantage whose own line is broken sees every practice closed. So a report says how this vantage did, and when.
Silence takes four seconds to find out, so at the start the other two are looked at alone, and silence right after.
"""

import asyncio
import logging
import socket
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from secrets import SystemRandom

from sentinel.clock import Clock
from sentinel.echo.dial import dial
from sentinel.echo.protocol import FRESH_S, SELFTEST_OK, Vantage
from sentinel.echo.settings import SOURCE_PORTS, Settings
from sentinel.model.exposure import Probe, Reach
from sentinel.model.moment import Address, Moment

log = logging.getLogger("sentinel.echo")

EVERY = timedelta(minutes=10)
FAR: dict[int, Address] = {4: IPv4Address("192.0.2.1"), 6: IPv6Address("2001:db8::1")}
"""Only asked for a route: connecting a datagram socket sends nothing."""
LOST = 3
"""A knock at ourselves that failed is repeated: a source port may just be in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one family did."""

    has_route: bool
    ok: bool
    at: Moment


class Lookout:
    """Remembers the last look at each family."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._looks: dict[int, Look] = {}

    def has_route(self, family: int) -> bool:
        """Whether this machine reaches that family at all."""
        look = self._looks.get(family)
        return look is not None and look.has_route

    def vantage(self, family: int) -> Vantage:
        """What a report says of us."""
        look = self._looks.get(family)
        if look is None:
            return self._vantage("failed", 0)
        age = int(self._clock().since(look.at).total_seconds())
        word = SELFTEST_OK if look.ok else "failed"
        return self._vantage("stale" if age > FRESH_S else word, age)

    def _vantage(self, word: str, age: int) -> Vantage:
        blocked = sorted(self._settings.blocked)
        return Vantage(id=self._settings.name, selftest=word, age_s=age, blocked=blocked)

    async def keep_looking(self) -> None:
        """Look for everything, now and every EVERY, until cancelled."""
        while True:
            await self.look(silence=True)
            await asyncio.sleep(EVERY.total_seconds())

    async def look(self, *, silence: bool = False) -> None:
        """Check every family we listen in; silence takes CONNECT_S longer."""
        families = {address.version for address, _ in self._settings.listen}
        looks = await asyncio.gather(*(self._look_at(family, silence) for family in families))
        self._looks.update(zip(families, looks, strict=True))

    async def _look_at(self, family: int, silence: bool) -> Look:
        """How a family does; what we cannot even try vouches for nothing, and is tried again the next time."""
        own = None
        try:
            own = self._own(family)
            ok = own is not None and await self._tells(own[0], own[-1], silence)
        except OSError as error:  # an address that is gone for a moment, or no more sockets
            log.warning("the echo cannot look at itself over IPv%d: %s", family, error)
            ok = False
        return Look(has_route=own is not None, ok=ok, at=self._clock())

    async def _tells(self, local: Address, other: Address, silence: bool) -> bool:
        """Whether open and closed are told apart, and silence too if that is asked.

        Raises:
            OSError: there is no listening at our own address, or no socket at all.
        """
        ok = await _sees(local, other)
        return all((ok, await _hears_nothing(local, other), await self._is_silent(local))) if silence else ok

    def _own(self, family: int) -> list[Address] | None:
        """Our addresses of a family, one or two; none without a route out."""
        given = [source.local for source in self._settings.sources]
        given += [address for address, _ in self._settings.listen if not address.is_unspecified]
        mine = list(dict.fromkeys(address for address in given if address.version == family))
        outward = route_source(mine[0] if mine and self._settings.lab else FAR[family])
        if outward is None:
            return None
        return mine[:2] or [outward]

    async def _is_silent(self, local: Address) -> bool:
        """Whether the operator's own silent places are."""
        for target, port in self._settings.silent:
            if target.version == local.version and await _knock(local, target, port) is not Reach.FILTERED:
                return False
        return True


def route_source(target: Address) -> Address | None:
    """The address from which the kernel would talk to `target`; None without a route. Sends nothing."""
    with socket.socket(_family(target), socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((str(target), 9))
        except OSError:
            return None
        return ip_address(asking.getsockname()[0].partition("%")[0])


async def _sees(local: Address, other: Address) -> bool:
    """A listener of our own reads open, and closed once it is gone."""
    with closing(socket.socket(_family(other), socket.SOCK_STREAM)) as listener:
        listener.bind((str(other), 0))
        listener.listen(8)
        port = listener.getsockname()[1]
        opened = await _knock(local, other, port)
    return opened is Reach.OPEN and await _knock(local, other, port) is Reach.CLOSED


async def _hears_nothing(local: Address, other: Address) -> bool:
    """A listener whose queue is full drops what comes (Linux), and reads silent."""
    with closing(socket.socket(_family(other), socket.SOCK_STREAM)) as listener:
        listener.bind((str(other), 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        with closing(socket.socket(_family(other), socket.SOCK_STREAM)) as waiting:
            waiting.setblocking(False)
            await asyncio.get_running_loop().sock_connect(waiting, (str(other), port))
            return await _knock(local, other, port) is Reach.FILTERED


async def _knock(local: Address, target: Address, port: int) -> Reach:
    for _ in range(LOST):
        sport = SystemRandom().choice(SOURCE_PORTS)
        probe = Probe(source=local, source_port=sport, target=target, target_port=port)
        answer = await dial(probe, local)
        if answer.reach is not Reach.UNTESTED:
            break
    return answer.reach


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6
