"""The memory of the sentinel's programs together, as PSS: what they share is divided among who shares it."""

import time
from collections import deque
from pathlib import Path

from tests.bench.figure import Figure
from tests.bench.sentinels import running

SETTLED = 10.0
"""Seconds from the first page to the measure."""
AIM = 150.0
"""Megabytes."""


def measure(folder: Path) -> list[Figure]:
    """Start a sentinel, visit its page once, wait, and count."""
    with running(folder / "memory") as sentinel:
        sentinel.wait(lambda: sentinel.page() == 200, "the first page")
        time.sleep(SETTLED)
        note = "played the recorded day: no right to capture here" if sentinel.plays else ""
        return [weigh(sentinel.process.pid, "memory of the programs together (PSS)", note)]


def weigh(pid: int, name: str, note: str = "") -> Figure:
    """A process and all its descendants, in megabytes of a million bytes."""
    parts = [(program(each), pss(each)) for each in family(pid)]
    return Figure(
        name=name, value=sum(value for _, value in parts), unit="MB", aim=AIM, parts=tuple(parts), note=note
    )


def family(pid: int) -> list[int]:
    """A process and its descendants, parents first."""
    found, waiting = [], deque([pid])
    while waiting:
        found.append(waiting.popleft())
        tasks = Path("/proc", str(found[-1]), "task").iterdir()
        waiting.extend(int(child) for task in tasks for child in (task / "children").read_text().split())
    return found


def pss(pid: int) -> float:
    """Its share of the memory, in megabytes."""
    lines = Path("/proc", str(pid), "smaps_rollup").read_text().splitlines()
    kibibytes = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kibibytes * 1024 / 1e6


def peak(pid: int) -> float:
    """The most it ever held (VmHWM of proc(5)), in megabytes; `ru_maxrss` would begin with that of its parent."""
    lines = Path("/proc", str(pid), "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6


def program(pid: int) -> str:
    """Its name: the command given to `sentinel`, or the module it is."""
    known = {"run", "listen", "watch", "web", "dissect", "play"}
    words = Path("/proc", str(pid), "cmdline").read_bytes().decode().split("\0")
    tails = (word.rpartition(".")[2] for word in reversed(words))
    return next((tail for tail in tails if tail in known), words[0].rpartition("/")[2])
