"""Who stands before the echo: a bounded number, and whoever holds a signed plan is never pushed out.

Ten thousand idle connections from as many networks must not keep a practice out. So the place of the one who
stands here longest without a plan goes to the newcomer: a practice has its plan in a fraction of a second.
"""

import socket
import struct
from collections import Counter
from contextlib import suppress

from sentinel.echo.deny import Network
from sentinel.echo.quota import Turnstile, network_of
from sentinel.model.moment import Address

STANDING = 1_000
"""Open connections in all; an idle one costs a tenth of a megabyte."""
STANDING_EACH = 64
"""Of one /24 or /64."""
RESET = struct.pack("ii", 1, 0)


class Visitor(socket.socket):
    """One accepted connection, counted until it is closed."""

    porch: "Porch"
    network: Network

    def close(self) -> None:
        """Close it; its place is free."""
        super().close()
        self.porch.leave(self)


class Porch:
    """Counts the open connections of every network and of all together."""

    def __init__(self, turnstile: Turnstile, *, most: int = STANDING, each: int = STANDING_EACH) -> None:
        self._turnstile = turnstile
        self._most = most
        self._each = each
        self._standing: dict[Visitor, None] = {}
        """In the order of coming; without those who hold a plan."""
        self._holding: set[Visitor] = set()
        self._of_network: Counter[Network] = Counter()

    def __len__(self) -> int:
        return len(self._standing) + len(self._holding)

    def let_in(self, caller: socket.socket, address: Address, now: float) -> Visitor | None:
        """The same connection as a visitor; nobody, and it is reset, if its network comes too often."""
        network = network_of(address)
        if not self._turnstile.lets_in(address, now) or self._of_network[network] >= self._each:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            caller.close()
            return None
        while len(self) >= self._most and self._standing:
            self._push_out(next(iter(self._standing)))
        visitor = Visitor(caller.family, caller.type, caller.proto, fileno=caller.detach())
        visitor.porch, visitor.network = self, network
        self._standing[visitor] = None
        self._of_network[network] += 1
        return visitor

    def _push_out(self, visitor: Visitor) -> None:
        self.leave(visitor)
        with suppress(OSError):  # it may be gone by itself
            visitor.shutdown(socket.SHUT_RDWR)  # its transport sees the end, and closes it

    def hold(self, number: int) -> None:
        """The connection with this file number was given a plan: it stays."""
        found = next((visitor for visitor in self._standing if visitor.fileno() == number), None)
        if found is not None:
            del self._standing[found]
            self._holding.add(found)

    def leave(self, visitor: Visitor) -> None:
        """It is gone, or as good as gone."""
        if visitor in self._standing:
            del self._standing[visitor]
        elif visitor in self._holding:
            self._holding.remove(visitor)
        else:
            return
        self._of_network[visitor.network] -= 1
        if not self._of_network[visitor.network]:
            del self._of_network[visitor.network]
