"""Half an hour of everything at the real `listen`: an office, visits, scans, and a cable that is pulled each time.

To the frame: the watched card received what was sent; of a scan, which is kept whole, the rings count what was
sent, and every attempt of it was told in a row or a sum, or counted as dropped. Of an office the filters keep a
random part of the data, so of that only the bounds are known beforehand.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from sentinel.model.connection import ConnectionState
from sentinel.model.coverage import Coverage
from tests.bench.figure import Figure
from tests.bench.memory import pss
from tests.bench.size import pinned, processors
from tests.builders import INSIDE
from tests.capture import bpf, traffic
from tests.capture.cable import CARD, Cable, cable, wait_until
from tests.capture.listening import Listening, listening
from tests.capture.sending import Sender, sender

PRACTICE, SCAN = 60_000, 20_000
"""Frames of one round."""
SCANS = 10
"""Others, one after the other: an attempt that comes again while it waits is a retry, and is not told twice."""
RATE = 10_000
"""Of them, a second."""
GROWTH = 2.0
"""Megabytes from the first quarter to the last; the rows of an hour are numbered one by one."""
PATIENCE = 120
"""Seconds until every attempt was told; those wait twenty, and their sums for their turn."""


@dataclass(slots=True)
class Soaked:
    """What was seen, round by round."""

    memory: list[float] = field(default_factory=list)
    """Megabytes, PSS of `listen`."""
    descriptors: list[float] = field(default_factory=list)
    """Open in it."""
    sent: int = 0
    attempts: int = 0
    unaccounted: int = 0
    """Frames of which neither the card, nor a ring, nor a fact tells."""


def measure(folder: Path, minutes: float = 30.0, practice: int = PRACTICE, scan: int = SCAN) -> list[Figure]:
    """Rounds for so long.

    Raises:
        AssertionError: `listen` ended.
    """
    sends, listens = processors()
    bounds = expected(traffic.practice(practice))
    with (
        pinned(listens),
        cable() as laid,
        listening(laid, folder / "soak") as found,
        sender("practice", practice, 0, sends) as office,
        sender("scan", scan * SCANS, 0, sends) as scans,
    ):
        soaked = Soaked()
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end or not soaked.memory:
            _office(soaked, found, laid, office, bounds)
            _scan(soaked, found, laid, scans, scan)
            _pull(found, laid, "left" if len(soaked.memory) % 2 else "right")
            soaked.memory.append(pss(found.process.pid))
            soaked.descriptors.append(len(list(Path("/proc", str(found.process.pid), "fd").iterdir())))
        _told(soaked, found)
        return figures(soaked, found.report(), minutes)


# -- rounds ------------------------------------------------------------------------------------------------------


def expected(frames: list[bytes]) -> tuple[int, int]:
    """How many of them the filters keep, at the least and at the most: as the dice have it."""
    least = sum(bool(bpf.kept(each, INSIDE)) for each in frames)
    return least, sum(bool(bpf.kept(each, INSIDE, random=0)) for each in frames)


def _office(soaked: Soaked, found: Listening, laid: Cable, line: Sender, bounds: tuple[int, int]) -> None:
    kept = _sent(soaked, found, laid, line, 0, 0)
    soaked.unaccounted += max(0, bounds[0] - kept, kept - bounds[1])


def _scan(soaked: Soaked, found: Listening, laid: Cable, line: Sender, number: int) -> None:
    """Each of its frames is kept, or dropped, and counted."""
    first = len(soaked.memory) % SCANS * number
    soaked.unaccounted += abs(number - _sent(soaked, found, laid, line, number, first))
    soaked.attempts += number


def _sent(soaked: Soaked, found: Listening, laid: Cable, line: Sender, number: int, first: int) -> int:
    """Send, hold the card's count against it, and say how many the rings were given."""
    before, card = found.settled(), received(laid)
    frames = line.send(laid, RATE, number, first).frames
    after = found.settled()
    soaked.sent += frames
    soaked.unaccounted += abs(frames - (received(laid) - card))
    return after.frames - before.frames


def received(laid: Cable) -> int:
    """Frames the watched card has received, and those it had no room for: /proc/net/dev of its namespace."""
    with laid.at("right"):
        lines = Path("/proc/thread-self/net/dev").read_text().splitlines()
    words = next(line.split() for line in lines if line.strip().startswith(f"{CARD}:"))
    return int(words[2])


def _pull(found: Listening, laid: Cable, end: str) -> None:
    """The cable, and plug it in again once that was noticed."""
    for state, is_up in (("down", False), ("up", True)):
        laid.set_link(end, state)
        wait_until(lambda is_up=is_up: found.reports[-1].carrier is is_up, 30)


def _told(soaked: Soaked, found: Listening) -> None:
    """Wait until every attempt was, or until none is any more."""
    dropped = found.report().dropped
    end = time.monotonic() + PATIENCE
    while silent(found) + dropped < soaked.attempts and time.monotonic() < end:
        found.report(1)
    soaked.unaccounted += abs(soaked.attempts - dropped - silent(found))


def silent(found: Listening) -> int:
    """Attempts that were told, in rows and sums."""
    rows = {each.serial for each in found.connections if each.state is ConnectionState.ATTEMPTED}
    return len(rows) + sum(each.silent for each in found.sums.values())


# -- figures -----------------------------------------------------------------------------------------------------


def figures(soaked: Soaked, told: Coverage, minutes: float) -> list[Figure]:
    """Three."""
    quarters = _quarters(soaked.memory)
    least = [min(each) for each in _quarters(soaked.descriptors)]
    rounds = f"{len(soaked.memory)} rounds, each with visits, a scan and a pulled cable"
    return [
        Figure(
            name=f"memory of `listen` (PSS), grown from the first to the last quarter of {minutes:g} minutes",
            value=median(quarters[-1]) - median(quarters[0]),
            unit="MB",
            aim=GROWTH,
            parts=tuple((f"{number} of 4", median(each)) for number, each in enumerate(quarters, 1)),
            note=rounds,
        ),
        Figure(
            name="its descriptors, grown in that time",
            value=least[-1] - least[0],
            unit="descriptors",
            aim=0.5,
            parts=(("at last", least[-1]),),
        ),
        Figure(
            name=f"frames unaccounted for, of {soaked.sent:,} sent",
            value=soaked.unaccounted,
            unit="frames",
            aim=0.5,
            note=f"{told.frames:,} kept, {told.dropped:,} dropped, {told.forgotten:,} forgotten, "
            f"{told.unsent:,} facts unsent; {soaked.attempts:,} attempts, each told or dropped",
        ),
    ]


def _quarters(values: list[float]) -> list[list[float]]:
    """In their order; of fewer than four values each has one."""
    return [values[number * len(values) // 4 :][: max(1, len(values) // 4)] for number in range(4)]
