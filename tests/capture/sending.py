"""A generator in a process and on a processor of its own, so that its cost is not the sensor's.

It makes its frames once, says « ready », and sends them whenever it is told to, at whichever cable it is told to.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.capture import cable, traffic
from tests.capture.generator import Generator
from tests.lab.host import REPOSITORY
from tests.lab.wires import inside

PATIENCE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What went out."""

    frames: int
    seconds: float
    """By the wall clock."""
    cpu: float
    """Seconds of the generator's processor. The peer's card receives within it: taps, their filters and copies."""

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.frames / self.seconds


def frames(kind: str, number: int, strangers: int = 0) -> list[bytes]:
    """So many frames of a kind of traffic, and so many connections hidden in them."""
    background: list[bytes] = getattr(traffic, kind)(number)
    return traffic.woven(background, traffic.hidden(strangers)) if strangers else background


class Sender:
    """The process, seen from the bench."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._line()

    def send(self, laid: cable.Cable, rate: float = 0, number: int = 0, first: int = 0) -> Sent:
        """Put them on that cable, at its left end; as `Generator.send`, from this one on."""
        assert self._process.stdin
        print(json.dumps((laid.names["left"], rate, number, first)), file=self._process.stdin, flush=True)
        return Sent(**json.loads(self._line()))

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the generator has ended"
        return line


@contextmanager
def sender(kind: str, number: int, strangers: int = 0, processor: int | None = None) -> Iterator[Sender]:
    """So many frames, ready to be sent; by that processor alone, if one is named."""
    words = [kind, str(number), str(strangers), *([] if processor is None else [str(processor)])]
    command = [sys.executable, "-m", "tests.capture.sending", *words]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as process:
        try:
            yield Sender(process)
        finally:
            process.kill()


def main() -> None:
    """The process."""
    kind, number, strangers, *processor = sys.argv[1:]
    if processor:
        os.sched_setaffinity(0, {int(processor[0])})
    made = frames(kind, int(number), int(strangers))
    print("ready", flush=True)
    for line in sys.stdin:
        namespace, rate, most, first = json.loads(line)
        with inside(namespace):
            generator = Generator(cable.CARD, made[first:][: most or None])
        began, spent = time.perf_counter(), time.process_time()
        generator.send(rate, most)
        seconds, cpu = time.perf_counter() - began, time.process_time() - spent
        generator.close()
        print(json.dumps({"frames": most or len(made), "seconds": seconds, "cpu": cpu}), flush=True)


if __name__ == "__main__":
    main()
