"""Zstandard by Debian's `zstd` program: Python has it from 3.14 on, and a card has Python 3.13."""

import os
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector

from sentinel.card.tape import CHUNK
from sentinel.errors import MissingDevice, NotReadable

NOBODY = 65_534
"""What comes packed was signed by nobody: it is unpacked without any right."""
WINDOW = "--memory=16MiB"
"""Enough for level 19; what asks for more is refused."""


def pack(plain: Path, packed: Path) -> None:
    """One file into another; the same bytes on every machine with the same `zstd`.

    Raises:
        OSError: one of them cannot be read or written, or there is no `zstd`.
        subprocess.CalledProcessError: `zstd` failed.
    """
    subprocess.run(["zstd", "-q", "-f", "-10", "-T2", "-o", str(packed), str(plain)], check=True)


def unpacked(packed: Iterator[bytes], what: str) -> Generator[bytes]:
    """The plain bytes, as they come; whoever stops early leaves no program behind.

    Raises:
        NotReadable: it is not Zstandard, or damaged; or as `packed` says.
        MissingDevice: there is no `zstd` here.
    """
    program = _started()
    try:
        yield from _pumped(program, packed)
        if program.wait() != 0:
            raise NotReadable(f"{what} is damaged: it cannot be unpacked")
    finally:
        program.kill()
        program.wait()
        for pipe in (program.stdin, program.stdout):
            if pipe is not None:
                pipe.close()


def _started() -> subprocess.Popen[bytes]:
    nobody = NOBODY if os.geteuid() == 0 else None
    try:
        return subprocess.Popen(
            ["zstd", "-q", "-d", "-c", WINDOW],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            bufsize=0,
            user=nobody,
            group=nobody,
            extra_groups=None if nobody is None else (),
        )
    except FileNotFoundError:
        raise MissingDevice("the program zstd is missing: apt install zstd") from None


def _pumped(program: subprocess.Popen[bytes], packed: Iterator[bytes]) -> Iterator[bytes]:
    """Whichever end is ready is served, so neither waits for the other; the source is read when there is room."""
    entrance, outlet = program.stdin, program.stdout
    assert entrance is not None  # noqa: S101 - asked for as a pipe, as is the other
    assert outlet is not None  # noqa: S101
    os.set_blocking(entrance.fileno(), False)
    left = memoryview(b"")
    with DefaultSelector() as ends:
        ends.register(entrance, EVENT_WRITE)
        ends.register(outlet, EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in ends.select()}
            if outlet in ready:
                piece = outlet.read(CHUNK)
                if not piece:
                    entrance.close()  # having failed, it still waits to read
                    return
                yield piece
            if entrance in ready:
                left = left or memoryview(next(packed, b""))
                if left:
                    left = _fed(entrance.fileno(), left)
                else:
                    ends.unregister(entrance)
                    entrance.close()


def _fed(entrance: int, left: memoryview) -> memoryview:
    """What still waits after as much went in as goes; nothing where the program no longer listens."""
    try:
        return left[os.write(entrance, left) :]
    except BrokenPipeError:
        return memoryview(b"")
