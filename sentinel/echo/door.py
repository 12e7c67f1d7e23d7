"""The echo's listening socket: it hangs up on a network that comes too often, before a byte is read."""

import socket
import time
from collections.abc import Iterable
from ipaddress import ip_address

from sentinel.echo.deny import unmapped
from sentinel.echo.porch import Porch
from sentinel.echo.quota import Turnstile
from sentinel.model.moment import Address

BACKLOG = 1_024
"""Handshakes that wait for us; beyond it the kernel answers with SYN cookies and keeps nothing."""
GONE_MS = 6_000
"""A caller who acknowledges nothing for so long is gone; then dialling stops."""


class Door(socket.socket):
    """Accepts like any socket, but only callers the porch lets in."""

    porch: Porch

    def accept(self) -> tuple[socket.socket, object]:
        """The next welcome caller.

        Raises:
            BlockingIOError: nobody is waiting.
        """
        while True:
            caller, peer = super().accept()
            address = unmapped(ip_address(peer[0].partition("%")[0]))
            visitor = self.porch.let_in(caller, address, time.monotonic())
            if visitor is not None:
                visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)
                return visitor, peer


def open_doors(places: Iterable[tuple[Address, int]]) -> list[Door]:
    """A listening socket for every address and port, all behind one porch.

    Raises:
        OSError: an address is not ours, or a port is taken.
    """
    porch = Porch(Turnstile())
    doors: list[Door] = []
    try:
        for address, port in places:
            doors.append(_open(address, port, porch))
    except OSError:
        for door in doors:
            door.close()
        raise
    return doors


def _open(address: Address, port: int, porch: Porch) -> Door:
    door = Door(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address.version == 6:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # one family, one door
        door.setblocking(False)
        door.porch = porch
        door.bind((str(address), port))
        door.listen(BACKLOG)
    except OSError:
        door.close()
        raise
    return door
