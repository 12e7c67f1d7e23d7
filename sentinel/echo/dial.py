"""One knock: a TCP connection made and dropped at once, or kept to ask something, and what the kernel said.

Never guess a state: what the table below does not know is our own failure, not the practice's.
Kernels since 6.5 send up to four more SYNs a second apart than TCP_SYNCNT says; 4.0 s outlast both.
"""

import asyncio
import errno
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from sentinel.echo.protocol import CONNECT_S
from sentinel.echo.talk import Talk
from sentinel.model.exposure import Probe, Reach, Why
from sentinel.model.moment import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one knock met."""

    reach: Reach
    why: Why
    took: timedelta = timedelta(0)


def untested(why: Why) -> Answer:
    """A knock that was not made, or that failed on our side."""
    return Answer(reach=Reach.UNTESTED, why=why)


WINDOW = 16 * 1024
"""Bytes of the receive buffer; the kernel doubles it."""
FILTERED = (Reach.FILTERED, Why.TIMEOUT)
BY_ERRNO = {
    errno.ECONNREFUSED: (Reach.CLOSED, Why.REFUSED),  # RST, or ICMP port-unreachable: the same to connect()
    errno.ETIMEDOUT: FILTERED,
    errno.EHOSTUNREACH: (Reach.UNREACHABLE, Why.ICMP_HOST),
    errno.ENETUNREACH: (Reach.UNREACHABLE, Why.ICMP_NET),
}


def meaning(number: int | None, *, family: int, has_route: bool) -> tuple[Reach, Why]:
    """What an errno of connect() says about the practice; `has_route`: this vantage reaches the family at all."""
    if number == errno.ENETUNREACH and not has_route:
        return Reach.UNTESTED, Why.VANTAGE_NO_ROUTE
    if number == errno.EACCES and family == 6:
        return Reach.UNREACHABLE, Why.ICMP_ADMIN  # for IPv4 it would be our own firewall
    return BY_ERRNO.get(number or 0, (Reach.UNTESTED, Why.LIMIT))


async def dial(probe: Probe, local: Address, *, has_route: bool = True) -> Answer:
    """Knock once, from `local` and the announced port; CONNECT_S at most, nothing is sent or read."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    reach, why = await _connect(loop, probe, local, has_route)
    return Answer(reach=reach, why=why, took=timedelta(seconds=loop.time() - began))


async def _connect(
    loop: asyncio.AbstractEventLoop, probe: Probe, local: Address, has_route: bool
) -> tuple[Reach, Why]:
    try:
        with _socket(local, probe.source_port) as knocking:
            knocking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by RST
            await _reach(loop, knocking, probe)
    except TimeoutError:  # ours, or the kernel's ETIMEDOUT
        return FILTERED
    except OSError as error:
        return meaning(error.errno, family=probe.target.version, has_route=has_route)
    return Reach.OPEN, Why.SYNACK


async def _reach(loop: asyncio.AbstractEventLoop, knocking: socket.socket, probe: Probe) -> None:
    """Wait for the connection, CONNECT_S at most.

    Raises:
        OSError: what the answer was; TimeoutError: there was none.
    """
    number = knocking.connect_ex((str(probe.target), probe.target_port))
    if number == errno.EINPROGRESS:
        await _answer(loop, knocking)
        number = knocking.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number:
        raise OSError(number, os.strerror(number))


async def _answer(loop: asyncio.AbstractEventLoop, knocking: socket.socket) -> None:
    """Wait until the kernel has one.

    Not by `asyncio.timeout`: where this program stood still meanwhile, that would cancel an answer that came. The
    loop looks at sockets before it looks at the clock, so here the answer wins.

    Raises:
        TimeoutError: it has none.
    """
    came, number = loop.create_future(), knocking.fileno()
    loop.add_writer(number, _settle, came, True)
    late = loop.call_later(CONNECT_S, _settle, came, False)
    try:
        if not await came:
            raise TimeoutError
    finally:
        late.cancel()
        loop.remove_writer(number)


def _settle(came: asyncio.Future[bool], answered: bool) -> None:
    if not came.done():
        came.set_result(answered)


@asynccontextmanager
async def talking(probe: Probe, local: Address) -> AsyncIterator[Talk]:
    """A connection to ask something on, from `local` and the announced port.

    Raises:
        OSError: it was refused, or not answered within CONNECT_S.
    """
    with _socket(local, probe.source_port) as connected:
        await _reach(asyncio.get_running_loop(), connected, probe)
        yield Talk(connected)


def _socket(local: Address, port: int) -> socket.socket:
    knocking = socket.socket(socket.AF_INET if local.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        knocking.setblocking(False)
        # One source port may serve many targets at once; bind() would refuse it otherwise.
        knocking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A window for a certificate or a page's headers, so that a server cannot push an archive at us.
        knocking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
        knocking.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 2)  # 1 gives up at 3 s on older kernels
        knocking.bind((str(local), port))
    except OSError:
        knocking.close()
        raise
    return knocking
