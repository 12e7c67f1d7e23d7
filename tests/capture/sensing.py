"""The capture as `listen` has it, in a process of its own: rings, decode, tracking, sums; its words as they come.

It says « ready », works until its standard input is closed and nothing comes any more, then writes what it told
and what it counted.
"""

import pickle
import resource
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sentinel.capture.kind import Kind
from sentinel.capture.mapped import Mapped
from sentinel.capture.ring import Room
from sentinel.capture.rings import Flood, Loss, Rare, Rings
from sentinel.clock import now
from sentinel.decode.frame import read_frame
from sentinel.model.connection import Attempts, Connection
from sentinel.model.networks import Networks
from sentinel.programs.listen import Ear, hundredth, stamp
from sentinel.tracking.halfopen import UNANSWERED
from tests.builders import INSIDE
from tests.capture import cable

CODE = "from tests.capture.sensing import main; main()"
QUIET, TURNS = 0.4, 8
"""Seconds, and readings, without a frame after which nothing comes any more: a busy machine has few readings in
that time, and one whose rings hand over block by block has many."""


@dataclass
class Sensed:
    """What it told, and what it cost."""

    connections: list[Connection] = field(default_factory=list)
    sums: dict[tuple[str, str, int, object], Attempts] = field(default_factory=dict)
    read: int = 0
    """Frames that were handed over, or said again what had just been."""
    losses: dict[Kind, Loss] = field(default_factory=dict)
    forgotten: int = 0
    fragments: int = 0
    user: float = 0
    """Seconds of CPU, from ready on."""

    def take(self, fact: object) -> None:
        if isinstance(fact, Connection):
            self.connections.append(fact)
        elif isinstance(fact, Attempts):
            self.sums[fact.source_network, str(fact.target), fact.target_port, fact.hour] = fact

    @property
    def lost(self) -> int:
        """Frames the kernel counted as dropped."""
        return sum(loss.dropped for loss in self.losses.values())


def sense(interface: str, rooms: dict[Kind, Room] | None = None, pause: float = 0) -> Sensed:
    """Until standard input ends and the line is quiet.

    Args:
        interface: of the namespace it is in.
        rooms: of each ring, where `listen` has other ones.
        pause: seconds it does nothing each time before it reads.
    """
    rings = Rings(interface, INSIDE, rooms and Mapped(rooms))
    ear, sensed = Ear(Networks(own=INSIDE), "02:00:00:00:00:99"), Sensed()
    print("ready", flush=True)
    began = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    ended, turns, last, ticked = False, 0, time.monotonic(), time.monotonic()
    while not ended or turns < TURNS or time.monotonic() - last < QUIET:
        turns += 1
        time.sleep(pause)
        at = now()
        for passed in rings.read():
            turns, last = 0, time.monotonic()
            seen = stamp(hundredth(passed.nanoseconds), at)
            if isinstance(passed, Flood):
                sensed.read += len(passed.alike.ways)
                facts = ear.flood(passed.alike, seen)
            elif isinstance(passed, Rare):
                sensed.read += 1
                continue
            else:
                sensed.read += 1
                facts = ear.feed(read_frame(passed.kept, seen, passed.vlan, filtered=True), seen)
            for fact in facts:
                sensed.take(fact)
        if time.monotonic() - ticked > 1:
            ticked = time.monotonic()
            rings.count()
            for fact in ear.tick(at):
                sensed.take(fact)
        if not ended and select.select([sys.stdin], [], [], 0)[0]:
            ended, turns, last = True, 0, time.monotonic()  # what passed before may still be held for its order
    sensed.user = resource.getrusage(resource.RUSAGE_SELF).ru_utime - began
    rings.count()
    sensed.losses = rings.losses
    sensed.read += rings.repeats.known
    later = now()
    late = type(later)(wall=later.wall + UNANSWERED, boot=later.boot + UNANSWERED)
    for _ in range(40):  # a thousand sums a second
        for fact in ear.tick(late):
            sensed.take(fact)
    sensed.forgotten, sensed.fragments = ear.forgotten, ear.fragments
    rings.close()
    return sensed


@contextmanager
def sensing(
    laid: cable.Cable, room: Path, rooms: dict[Kind, Room] | None = None, pause: float = 0
) -> Iterator[tuple[subprocess.Popen[bytes], list[Sensed]]]:
    """A sensor at the right end meanwhile; afterwards the list holds what it sensed."""
    out, result = room / "sensed", list[Sensed]()
    out.write_bytes(pickle.dumps((rooms, pause)))
    command = ["ip", "netns", "exec", laid.names["right"], sys.executable, "-c", CODE]
    with subprocess.Popen(
        [*command, cable.CARD, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == b"ready\n"
        yield process, result
        process.stdin.close()
        assert process.wait(120) == 0
    result.append(pickle.loads(out.read_bytes()))


def main() -> None:
    """The process; one file says how it shall sense, and then what it sensed."""
    interface, path = sys.argv[1], Path(sys.argv[2])
    rooms, pause = pickle.loads(path.read_bytes())
    path.write_bytes(pickle.dumps(sense(interface, rooms, pause)))
