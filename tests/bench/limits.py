"""How fast a scan may come before something is lost, how soon `listen` hears, what it holds in the worst flood."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench.figure import Figure
from tests.bench.memory import family, program, pss
from tests.bench.size import Size
from tests.builders import STRANGER, Talk
from tests.capture.cable import CARD, Cable, cable
from tests.capture.listening import Listening, listening
from tests.capture.sending import Sender, sender

SCAN_AIM = 1e6 / 300_000
"""Microseconds from one SYN to the next."""
START_AIM = 150.0
"""Milliseconds."""
MEMORY_AIM = 50.0
"""Megabytes."""
LASTS = 2.0
"""Seconds of a scan: as long as twenty rings."""
FIRST_PORT = 1_024
SWARM_RATE = 6_000
"""Frames a second, which `listen` bears: what is dropped takes no memory."""


# -- the fastest scan --------------------------------------------------------------------------------------------


def scan(folder: Path, size: Size) -> Figure:
    """By halving between what was lossless and what was not; each trial begins anew."""
    with cable() as laid, listening(laid, folder) as found, sender("scan", 400_000, 0, size.processor) as line:
        rates = [_fastest(found, line, laid, size.steps) for _ in range(size.trials)]
    distances = [1e6 / rate for rate in rates]
    return Figure(
        name=f"least time between the SYNs of a scan of which nothing is lost, median of {len(rates)}",
        value=median(distances),
        unit="µs",
        aim=round(SCAN_AIM, 2),
        parts=tuple((f"trial {number}", value) for number, value in enumerate(distances, 1)),
        note=f"{1e6 / median(distances):,.0f} SYNs a second for {LASTS:g} s, each from somebody else",
    )


def _fastest(found: Listening, line: Sender, laid: Cable, steps: int) -> float:
    """Frames a second, as they were really sent."""
    unpaced = line.send(laid).rate
    found.settled()
    low, good, high = 0.0, 1.0, unpaced
    asked = unpaced
    for _ in range(steps):
        reached = _lossless(found, line, laid, asked)
        if reached:
            low, good = asked, reached
        else:
            high = asked
        if low >= unpaced:
            break
        asked = (low + high) / 2
    return good


def _lossless(found: Listening, line: Sender, laid: Cable, rate: float) -> float:
    """The rate that was reached, if every counter says that nothing was lost at it; or 0.

    Raises:
        AssertionError: frames were lost and no counter says so.
    """
    before = found.settled()
    sent = line.send(laid, rate, max(1, int(rate * LASTS)))
    after = found.settled()
    assert after.frames - before.frames + after.losses.frames - before.losses.frames == sent.frames
    return 0 if after.dropped + after.losses.frames > before.dropped + before.losses.frames else sent.rate


# -- the first frame ---------------------------------------------------------------------------------------------


def start(folder: Path, size: Size) -> list[Figure]:
    """Somebody talks all the time; the first of his connections that is told was the first that was heard."""
    trials = [_start(folder / f"start-{number}") for number in range(size.trials)]
    with cable() as laid:
        began = time.monotonic()
        laid.run("right", "true")
        entering = (time.monotonic() - began) * 1e3
    return [
        _started("its first frame", [heard for heard, _ in trials], START_AIM, entering),
        _started("the first connection told", [told for _, told in trials], None, entering),
    ]


def _started(what: str, trials: list[float], aim: float | None, entering: float) -> Figure:
    return Figure(
        name=f"from the start of `listen` to {what}, median of {len(trials)}",
        value=median(trials),
        unit="ms",
        aim=aim,
        parts=tuple((f"trial {number}", value) for number, value in enumerate(trials, 1)),
        note=f"from the command on, of which entering the namespace takes about {entering:.0f} ms",
    )


def _start(folder: Path) -> tuple[float, float]:
    """Milliseconds until the first connection of which it heard was sent, and until it told of it."""
    folder.mkdir(parents=True)
    with cable() as laid, _talking(laid) as sent:
        found = Listening(laid, folder)
        try:
            found.come()
            found.report(1)
            assert found.came is not None, "nothing was told"
            first = min(each.source_port for each in found.connections)
            return (sent[first] - found.began) * 1e3, (found.came - found.began) * 1e3
        finally:
            found.close()


@contextmanager
def _talking(laid: Cable) -> Iterator[dict[int, float]]:
    """A stranger is answered about each millisecond, each time from another port; when, by that port."""
    sent: dict[int, float] = {}
    ends = threading.Event()
    with laid.at("left"):
        line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        line.bind((CARD, 0))

    def talk() -> None:
        for port in range(FIRST_PORT, 65_536):
            talk = Talk(client=STRANGER, client_port=port)
            sent[port] = time.monotonic()
            for word in talk.handshake()[:2]:
                line.send(talk.frame(word))
            if ends.wait(0.001):
                return

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield sent
    finally:
        ends.set()
        thread.join()
        line.close()


# -- the worst flood ---------------------------------------------------------------------------------------------


def memory(folder: Path, size: Size) -> Figure:
    """All tables full, by strangers of both families at all ports, then a scan from everywhere, and more answers
    than there is room for; nobody takes the facts meanwhile."""
    with cable() as laid, listening(laid, folder) as found:
        pid = found.process.pid
        before = pss(pid)
        found.leave()
        with _watched(pid) as peaks:
            for kind, number, rate in (
                ("swarm", size.swarm, SWARM_RATE),
                ("scan", size.flood, 0),
                ("doors", size.flood // 10, 0),
            ):
                with sender(kind, number, 0, size.processor) as line:
                    line.send(laid, rate, number)
                time.sleep(2)
        parts = _parts(pid, before)
        found.come()
        told = found.settled()
    return Figure(
        name="memory of `listen` in the worst flood (PSS), at the most",
        value=max(peaks),
        unit="MB",
        aim=MEMORY_AIM,
        parts=parts,
        note=f"its rings among it, its child not; {told.frames:,} frames kept, {told.dropped:,} dropped, "
        f"{told.forgotten:,} forgotten, {told.unsent:,} facts unsent",
    )


def _parts(pid: int, before: float) -> tuple[tuple[str, float], ...]:
    child = sum(pss(each) for each in family(pid) if program(each) == "dissect")
    return ("before", before), ("rings", _rings(pid)), ("dissect", child)


def _rings(pid: int) -> float:
    """What the kernel has lent it for its frames, in megabytes."""
    text = Path("/proc", str(pid), "smaps").read_text()
    parts = re.findall(r" socket:\[.*?^Pss: +(\d+)", text, re.MULTILINE | re.DOTALL)
    return sum(map(int, parts)) * 1024 / 1e6


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """Its memory, four times a second."""
    peaks = [pss(pid)]
    ends = threading.Event()

    def watch() -> None:
        while not ends.wait(0.25):
            peaks.append(pss(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        ends.set()
        thread.join()
