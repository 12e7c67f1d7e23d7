"""What every question to the echo has in common: who asks, what they send, how they are answered."""

import asyncio
from ipaddress import ip_address

from aiohttp import web

from sentinel import dsse
from sentinel.echo.challenges import Caller
from sentinel.echo.deny import unmapped
from sentinel.echo.refused import Refused
from sentinel.model.moment import Address

BODY_S = 5.0


def caller_of(request: web.Request) -> Caller:
    """The other end of the connection.

    Raises:
        ConnectionResetError: it is gone.
    """
    transport = request.transport
    if transport is None:
        raise ConnectionResetError
    peer, here = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    return Caller(address=_address(peer[0]), port=peer[1], arrived_at=_address(here[0]), connection=transport)


def _address(text: str) -> Address:
    return unmapped(ip_address(text.partition("%")[0]))


async def read_body(request: web.Request) -> bytes:
    """All they send, if it comes in time.

    Raises:
        Refused: `bad_request`, it did not.
    """
    try:
        async with asyncio.timeout(BODY_S):
            return await request.read()
    except TimeoutError:
        raise Refused("bad_request") from None


def json(message: dsse.Message, status: int = 200) -> web.Response:
    """An unsigned answer."""
    return web.Response(body=dsse.encode(message), status=status, content_type="application/json")
