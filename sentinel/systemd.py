"""What a program tells systemd when its unit is of Type=notify; elsewhere nothing (sd_notify(3))."""

import os
import socket
from contextlib import suppress
from threading import Lock

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


def tell(*words: str) -> None:
    """Say these words to whoever started us; a manager that does not listen holds us up for a second at most."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.settimeout(1)
        line.connect(f"\0{where[1:]}" if where.startswith("@") else where)
        line.send("\n".join(words).encode())


def patience() -> float:
    """Seconds after which a program that has not said ALIVE is killed; 0: it is not watched."""
    ours = os.environ.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
    return int(os.environ.get("WATCHDOG_USEC") or 0) / 1e6 if ours else 0.0


class Beating:
    """A program that says it is alive from one thread, until another one says that it stops; never after that."""

    def __init__(self) -> None:
        self._lock = Lock()
        """The last word must be STOPPING, whoever is about to say another one."""
        self._over = False

    def alive(self) -> None:
        """Told, unless we are stopping."""
        with self._lock:
            if not self._over:
                tell(ALIVE)

    def stop(self) -> None:
        """Told, and nothing after it."""
        with self._lock:
            self._over = True
            tell(STOPPING)
