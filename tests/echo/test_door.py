import asyncio
import socket
from ipaddress import ip_address

import pytest

from sentinel.echo.door import open_doors
from sentinel.echo.porch import Porch
from sentinel.echo.quota import Turnstile
from tests.echo.running import free_port


def test_a_network_that_comes_too_often_is_hung_up_on():
    """Before a byte is read, and before TLS; asyncio's own server accepts through the same door."""
    (door,) = open_doors([(ip_address("127.0.0.1"), free_port())])
    door.porch = Porch(Turnstile(per_minute=3))

    async def greet(reader, writer):
        writer.write(b"hello")
        writer.close()
        await writer.wait_closed()

    async def six_callers():
        async with await asyncio.start_server(greet, sock=door):
            return [await asyncio.to_thread(call, door.getsockname()) for _ in range(6)]

    assert asyncio.run(six_callers()) == [b"hello"] * 3 + [b""] * 3


def call(place):
    try:
        with socket.create_connection(place, timeout=5) as caller:
            return caller.recv(10)
    except ConnectionResetError:
        return b""


def test_a_door_of_each_family():
    """Each its own, so that nobody comes as ::ffff:192.0.2.7."""
    port = free_port()
    doors = open_doors([(ip_address("127.0.0.1"), port), (ip_address("::"), port)])

    assert [door.family for door in doors] == [socket.AF_INET, socket.AF_INET6]
    assert doors[1].getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    for door in doors:
        door.close()


def test_if_one_door_cannot_be_opened_none_is():
    """And no socket is left behind."""
    port = free_port()

    with pytest.raises(OSError, match="assign"):
        open_doors([(ip_address("127.0.0.1"), port), (ip_address("192.0.2.99"), port)])
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))
