"""`dissect`: rare frames in, what machines tell of themselves out; a child of `listen`, and alone with scapy.

It holds no right and cannot get one, opens nothing, and ends with its parent, whose pipe is closed then. What it
reads, strangers wrote: so each frame has a little processor time, all of them together a little memory, and
whatever goes beyond ends this process and nothing else. `programs/dissecting.py` starts it again.
"""

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import process_time

from sentinel.capture import rights
from sentinel.model.machine import Portrait, Uplink
from sentinel.model.moment import Moment
from sentinel.wire import dissection
from sentinel.wire.dissection import Answer

SPARE = 24 << 20
"""Bytes of address space beyond what it takes to be ready."""
A_FRAME, A_LIFE = 2, 3600
"""Seconds of processor time: for one frame, and until a fresh process takes over."""
FIRST_FOR_THE_KERNEL = "1000"  # proc(5), oom_score_adj: where memory is short this goes, not `listen`


def main() -> None:
    """Answer until the pipe is closed."""
    for number in (signal.SIGINT, signal.SIGTERM):  # for the parent: when that goes, the pipe is closed
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_FOR_THE_KERNEL, encoding="ascii")
    rights.leave_no_image()
    rights.drop()
    read = _scapy()
    _bound()
    for frame, at in dissection.questions(sys.stdin.buffer):
        resource.setrlimit(resource.RLIMIT_CPU, (min(int(process_time()) + A_FRAME, A_LIFE), A_LIFE))
        sys.stdout.buffer.write(dissection.answer(read(frame, at)))
        sys.stdout.buffer.flush()


def _scapy() -> Callable[[bytes, Moment], Answer]:
    """The reader, imported where it can do no harm: scapy keeps a cache and settings in the home, and would load
    ciphers (9 MB) that nothing of this needs."""
    os.environ["XDG_CACHE_HOME"] = os.environ["XDG_CONFIG_HOME"] = os.devnull
    sys.modules["cryptography"] = None  # type: ignore[assignment]  # not there, for whoever asks
    from sentinel.decode.rare import Unread, read_rare

    _shed()

    def read(frame: bytes, at: Moment) -> Answer:
        try:
            told = read_rare(frame, at)
        except Unread:
            return Answer(unread=True)
        return Answer(
            portraits=tuple(each for each in told if isinstance(each, Portrait)),
            uplinks=tuple(each for each in told if isinstance(each, Uplink)),
        )

    return read


def _shed() -> None:
    """Give back what was needed to get ready: scapy's table of makers, which has been packed (10 of 40 MB)."""
    from scapy import libs
    from scapy.config import conf

    conf.manufdb.d.clear()
    sys.modules.pop("scapy.libs.manuf", None)
    vars(libs).pop("manuf", None)
    ctypes.CDLL(None).malloc_trim(0)


def _bound() -> None:
    """From here on nothing is opened, written, or forked, and memory does not grow."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    space = pages * resource.getpagesize() + SPARE
    for limit, most in (
        (resource.RLIMIT_AS, space),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    main()
