"""Open a door on a machine, knock at one from another, and watch the frames go by."""

import errno
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from types import TracebackType
from typing import Self

from tests.lab import plan
from tests.lab.host import Host

ETH_P_ALL = 3  # linux/if_ether.h
SO_RCVBUFFORCE = 33  # asm-generic/socket.h
TAP_BYTES = 64 * 1024 * 1024


class Answer(StrEnum):
    """How a door answered a knock."""

    OPEN = "open"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    """Somebody on the way said so, by ICMP."""
    SILENT = "silent"


_ANSWERS = {
    errno.ECONNREFUSED: Answer.REFUSED,
    errno.EHOSTUNREACH: Answer.UNREACHABLE,
    errno.ENETUNREACH: Answer.UNREACHABLE,
    errno.ECONNRESET: Answer.REFUSED,
}


@contextmanager
def door(host: Host, port: int) -> Iterator[socket.socket]:
    """A TCP port somebody listens on there, on both families; handshakes succeed without `accept`."""
    with host.inside():
        listener = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    with listener:
        listener.settimeout(5)
        yield listener


def visitor(listener: socket.socket) -> tuple[plan.Address, int]:
    """Who is at that door, address and port; he is shown out at once.

    Raises:
        TimeoutError: nobody came for 5 s.
    """
    served, (address, port, *_) = listener.accept()
    served.close()
    return ip_address(address.removeprefix("::ffff:")), port


def knock(
    host: Host,
    address: plan.Address,
    port: int,
    *,
    source: plan.Address | None = None,
    source_port: int = 0,
    patience: timedelta = timedelta(seconds=1),
) -> Answer:
    """What that machine meets when it connects there, from an address and a port of its own, given or any.

    Raises:
        OSError: it could not even try, as from an address that is not its own.
    """
    try:
        with connected(host, address, port, source=source, source_port=source_port, patience=patience):
            return Answer.OPEN
    except TimeoutError:  # the kernel's or ours: the same silence
        return Answer.SILENT
    except OSError as error:
        if error.errno not in _ANSWERS:
            raise
        return _ANSWERS[error.errno]


@contextmanager
def connected(
    host: Host,
    address: plan.Address,
    port: int,
    *,
    source: plan.Address | None = None,
    source_port: int = 0,
    patience: timedelta = timedelta(seconds=5),
) -> Iterator[socket.socket]:
    """A TCP connection of that machine.

    Raises:
        OSError: it was refused, unreachable, or not answered in time.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with host.inside():
        caller = socket.socket(family, socket.SOCK_STREAM)
    with caller:
        caller.settimeout(patience.total_seconds())
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        caller.bind((str(source or ("0.0.0.0" if address.version == 4 else "::")), source_port))
        caller.connect((str(address), port))
        yield caller


class Tap:
    """Every frame that reaches one network card from now on: `with Tap(cabinet.pi, "mirror0") as tap`."""

    def __init__(self, host: Host, nic: str) -> None:
        with host.inside():
            # Of no protocol until it is bound: before that it would hear every card.
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, TAP_BYTES)
        self._socket.bind((nic, ETH_P_ALL))
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def frames(self, quiet: timedelta = timedelta(milliseconds=100)) -> list[bytes]:
        """The frames since the last call, waiting until none came for so long; 10 s of frames at most."""
        seen: list[bytes] = []
        end = time.monotonic() + 10
        while time.monotonic() < end and select.select([self._socket], [], [], quiet.total_seconds())[0]:
            frame, (_, _, kind, _, _) = self._socket.recvfrom(65536)
            if kind != socket.PACKET_OUTGOING:  # what the card itself sends is not what it receives
                seen.append(frame)
        return seen
