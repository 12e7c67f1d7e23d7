"""Brings a machine's page out of its namespace, to the loopback of this computer and no further."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address
from select import select
from typing import ClassVar

from tests.lab.host import Host

LOOPBACK = "127.0.0.1"
PIECE = 65536


class _Relay(socketserver.ThreadingTCPServer):
    allow_reuse_address: ClassVar[bool] = True
    daemon_threads = True
    block_on_close = False
    """A browser keeps its connections; leaving does not wait for it."""

    def __init__(self, port: int, host: Host, address: IPv4Address, inside_port: int) -> None:
        super().__init__((LOOPBACK, port), _Visit)
        self._host = host
        self._target = (str(address), inside_port)

    def called(self) -> socket.socket:
        """A new connection of that machine to its own page.

        Raises:
            OSError: nobody listens there now, or the machine has gone.
        """
        with self._host.inside():
            line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            line.settimeout(5)
            line.connect(self._target)
            line.settimeout(None)
        except OSError:
            line.close()
            raise
        return line


class _Visit(socketserver.BaseRequestHandler):
    server: _Relay

    def handle(self) -> None:
        """Carry bytes both ways; a page that is not there hangs up, as it would in its own network."""
        with suppress(OSError), self.server.called() as page:
            _carry(self.request, page)


def _carry(one: socket.socket, other: socket.socket) -> None:
    """Until both have said all they had to say."""
    ways = {one: other, other: one}
    while ways:
        for speaker in select(list(ways), [], [])[0]:
            if piece := speaker.recv(PIECE):
                ways[speaker].sendall(piece)
            else:
                ways.pop(speaker).shutdown(socket.SHUT_WR)


@contextmanager
def relayed(host: Host, address: IPv4Address, inside_port: int, ports: range) -> Iterator[str]:
    """The page's address on this computer while the context lasts, on the first free one of those ports.

    Raises:
        OSError: every one of them is taken.
    """
    relay = _first_free(host, address, inside_port, ports)
    thread = threading.Thread(target=relay.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{relay.server_address[1]}"
    finally:
        relay.shutdown()
        thread.join()
        relay.server_close()


def _first_free(host: Host, address: IPv4Address, inside_port: int, ports: range) -> _Relay:
    for port in ports:
        with suppress(OSError):
            return _Relay(port, host, address, inside_port)
    raise OSError(f"no free port among {ports[0]}-{ports[-1]} for the page")
