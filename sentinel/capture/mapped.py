"""How much room each of the five rings has, and how the kernel comes to make it.

`listen` begins with this, and so it needs few imports: the others come while the kernel is at work.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Final

from sentinel.capture.kind import Kind
from sentinel.capture.ring import Ring, Room, raw_socket
from sentinel.errors import MissingRight

ROOMS: Final = {
    Kind.ANSWERS: Room(1 << 16, 64),
    Kind.CLIENTS: Room(1 << 15, 64),
    Kind.ANNOUNCEMENTS: Room(1 << 13, 64),
    Kind.RARE: Room(1 << 13, 64),
    Kind.ATTEMPTS: Room(1 << 16, 96),
}
"""13 MiB in all. `listen` may stand still for two seconds of ordinary traffic before something is lost. Of a flood
each ring holds what its bytes hold: of attempts some 39,000."""


class Mapped:
    """Five rings that the kernel is making room for, each in a thread of its own.

    For each it waits for all its processors (`synchronize_net`), a hundredth of a second and more; it needs no
    card for that, so what names one may be read meanwhile, and its mistakes be told before a missing right. Only
    their sockets are made in the order of their numbers: so they come back into their group when a pulled cable is
    plugged in again (net/packet/af_packet.c, `packet_notifier`).
    """

    def __init__(self, rooms: dict[Kind, Room] = ROOMS) -> None:
        self._refused: MissingRight | OSError | None = None
        self._pool = ThreadPoolExecutor(len(Kind))
        self._coming: dict[Kind, Future[Ring]] = {}
        try:
            for kind in Kind:
                self._coming[kind] = self._pool.submit(Ring, rooms[kind], raw_socket())
        except (MissingRight, OSError) as error:
            self._refused = error

    def rings(self, opened: ExitStack) -> dict[Kind, Ring]:
        """All of them, once they are there, and only once; none of the threads is left.

        Args:
            opened: closes those that are there.

        Raises:
            MissingRight: CAP_NET_RAW is needed.
            OSError: the kernel has no such socket, or no such room.
        """
        self._pool.shutdown()
        coming, self._coming = self._coming, {}
        for each in coming.values():
            if each.exception() is None:
                opened.callback(each.result().close)
        if self._refused:
            raise self._refused
        return {kind: each.result() for kind, each in coming.items()}

    def close(self) -> None:
        """Give back what was not taken."""
        with ExitStack() as opened, suppress(MissingRight, OSError):
            self.rings(opened)
