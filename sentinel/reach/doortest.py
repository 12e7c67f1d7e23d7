"""The IPv6 door test: a listener of our own, open only while the echo knocks.

Over IPv6 the echo sees one address, the Pi's. That its ports are closed says nothing of the machines beside it;
that a stranger can reach a listener here without any rule for it says that the box lets IPv6 in, to all of them.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sentinel.services import DOOR_TEST_PORT


@contextmanager
def door_test(port: int = DOOR_TEST_PORT) -> Iterator[None]:
    """Listen on every IPv6 address of this machine; whoever connects is hung up on, nothing is read.

    Raises:
        OSError: the port is taken: without a listener a closed door would prove nothing.
    """
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=False) as listener:
        thread = threading.Thread(target=_hang_up, args=(listener,), name="door test", daemon=True)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(1)


def _hang_up(listener: socket.socket) -> None:
    while True:
        try:
            caller, _ = listener.accept()
        except OSError:
            return
        caller.close()
