"""What a frame on the wire costs whoever listens: paired trials of the sentinel and its peers, on the same frames.

Two parts. Of the process: its processor time, by the kernel's own clock of it (clock_getcpuclockid(3)), at a rate
that all of them bear. Of the kernel: here the one who sends also runs what receives, taps with their filters and
copies; so his processor time for a frame, less the same on a cable where nobody listens, is the tap's. It is taken
as fast as he can send, and at several taps of a kind, for the difference of one is less than his own noise. On a
Pi that share is the softirq's, on the processor that serves the card.
"""

import ctypes
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import peers
from tests.bench.peers import SURICATA, TCPDUMP, Peer, Standing
from tests.bench.size import Size
from tests.capture.cable import cable
from tests.capture.sending import Sender, sender

DRAINS = 2.5
"""Seconds after the last frame until a process has been through all of it: tcpdump lets a second pass between two
looks, and the kernel's timer may go round twice. What a process spends at rest meanwhile is not the frames'."""
TAPS = 4
"""Of one kind at one cable, where the kernel's share is measured."""
OURS = "listen"
TRAFFIC = {
    "office": ("office", 0),
    "office, 500 hidden connections": ("office", 500),
    "images": ("bulk", 0),
    "64-byte flood": ("flood", 0),
    "SYN scan": ("scan", 0),
}
"""What it is called; its kind and how many connections are hidden in it."""
SHARED = ("office", "64-byte flood")
"""Of which the kernel's share is measured."""
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(slots=True)
class Cost:
    """Of one who listens, nanoseconds for a frame on the wire: a value a trial."""

    process: list[float] = field(default_factory=list)
    rest: float = 0
    """What of it he spends each second anyway, whether anything comes or not."""
    user: float = 0
    """Share of its time that is user time, of all trials together: the kernel tells the two apart by its ticks,
    which is near enough over a second, and rough for tcpdump's tenths of one."""


# -- processor time ----------------------------------------------------------------------------------------------


def spent(pids: Sequence[int]) -> float:
    """Processor seconds of these processes, to the nanosecond."""
    return sum(map(_spent, pids))


def _spent(pid: int) -> float:
    clock = ctypes.c_int()
    if _libc.clock_getcpuclockid(pid, ctypes.byref(clock)):
        return 0  # it has ended
    return time.clock_gettime(clock.value)


def ticks(pids: Sequence[int]) -> tuple[int, int]:
    """User ticks and system ticks of these processes: proc(5), fields 14 and 15 of stat."""
    words = [Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(each[11]) for each in words), sum(int(each[12]) for each in words)


# -- trials ------------------------------------------------------------------------------------------------------


def paired(standing: Mapping[str, Standing], line: Sender, size: Size) -> dict[str, Cost]:
    """Each in turn on the same frames, so many times; what each spends at rest is measured beside it."""
    rests = {name: _rest(each) for name, each in standing.items()}
    costs = {name: Cost(rest=rest / size.rate * 1e9) for name, rest in rests.items()}
    before = {name: ticks(each.pids) for name, each in standing.items()}
    for _ in range(size.trials):
        for name, each in standing.items():
            costs[name].process.append(_trial(each, line, size.rate, size.frames, rests[name]))
    for name, each in standing.items():
        user, system = (now - then for now, then in zip(ticks(each.pids), before[name], strict=True))
        costs[name].user = user / (user + system) if user + system else 1.0
    return costs


def _trial(each: Standing, line: Sender, rate: float, frames: int, rest: float = 0) -> float:
    """Nanoseconds for a frame; a tenth of one where the clock shows no more than its rest."""
    before = spent(each.pids)
    sent = line.send(each.laid, rate, frames)
    time.sleep(DRAINS)
    return max(0.1, (spent(each.pids) - before - rest * DRAINS) / sent.frames * 1e9)


def _rest(each: Standing) -> float:
    """Seconds of a second in which nothing comes."""
    before = spent(each.pids)
    time.sleep(2 * DRAINS)
    return (spent(each.pids) - before) / (2 * DRAINS)


def tapped(
    bare: Standing, taps: Mapping[str, tuple[Standing, int]], line: Sender, trials: int
) -> dict[str, list[float]]:
    """Nanoseconds of kernel time that one tap of each kind adds to a frame: a value a trial."""
    added: dict[str, list[float]] = {name: [] for name in taps}
    for _ in range(trials):
        alone = _sending(bare, line)
        for name, (each, copies) in taps.items():
            added[name].append((_sending(each, line) - alone) / copies)
    return added


def _sending(each: Standing, line: Sender) -> float:
    sent = line.send(each.laid)
    time.sleep(DRAINS)
    return sent.cpu / sent.frames * 1e9


# -- everybody's -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Costs:
    """Of everybody there is, by the traffic's name and then by theirs."""

    process: dict[str, dict[str, Cost]] = field(default_factory=dict)
    kernel: dict[str, dict[str, list[float]]] = field(default_factory=dict)


def measure(folder: Path, size: Size) -> Costs:
    """All stand at once, each at a cable of its own, and only one cable is used at a time."""
    found = Costs()
    with ExitStack() as stack:
        bare = Standing(stack.enter_context(cable()))
        singles = {OURS: stack.enter_context(peers.ourselves(folder / "one"))}
        taps = {OURS: (stack.enter_context(peers.ourselves(folder / "several", TAPS)), TAPS)}
        for peer, copies in ((TCPDUMP, TAPS), (SURICATA, 1)):
            if not peer.missing:
                singles[peer.name] = stack.enter_context(peers.standing(peer, folder / "one"))
                taps[peer.name] = (stack.enter_context(peers.standing(peer, folder / "several", copies)), copies)
        time.sleep(size.rests)
        for called, (kind, strangers) in TRAFFIC.items():
            with sender(kind, size.frames, strangers, size.processor) as line:
                found.process[called] = paired(singles, line, size)
                if called in SHARED:
                    found.kernel[called] = tapped(bare, taps, line, size.trials)
    return found


def sniffed(folder: Path, size: Size, peer: Peer) -> tuple[list[float], int, int]:
    """Of one that bears little: nanoseconds a frame, and of all it was given how many it saw and lost."""
    with sender("office", size.slow_frames, 0, size.processor) as line, peers.standing(peer, folder) as each:
        taken = [_trial(each, line, size.slow, size.slow_frames) for _ in range(size.trials)]
    seen, lost = json.loads((folder / f"{peer.name}-0" / "seen").read_text())
    return taken, seen, lost
