"""The capture at its limits, alone and beside its peers: ratios first, for they alone hold on another machine."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from tests.bench import costs, hidden, limits
from tests.bench.costs import OURS, TAPS, Cost, Costs
from tests.bench.figure import Figure
from tests.bench.peers import SCAPY, SCAPY_ALIKE, SURICATA, TCPDUMP
from tests.bench.size import Size, pinned, processors

OF_SURICATA = 100 / 6
"""Per cent."""
OVER_TCPDUMP, WHOLE_OVER_TCPDUMP = 25.0, 1.8


def measure(folder: Path, size: Size | None = None) -> list[Figure]:
    """One after the other, on two processors: one sends, the other listens.

    Raises:
        AssertionError: what was to be measured did not happen.
    """
    sends, listens = processors()
    size = replace(size or Size(), processor=sends)
    folder = folder / "capture"
    folder.mkdir()
    with pinned(listens):
        return [
            *paid(costs.measure(folder, size), size),
            *_sniffed(folder, size),
            hidden.measure(folder, size),
            limits.scan(folder / "scan", size),
            *limits.start(folder, size),
            limits.memory(folder / "flood", size),
        ]


def paid(found: Costs, size: Size) -> list[Figure]:
    """What was measured of the costs."""
    return [
        *ratios(found.process["office"], found.kernel["office"]),
        *(_process(called, each, size) for called, each in found.process.items()),
        *(_kernel(called, each) for called, each in found.kernel.items()),
    ]


def ratios(process: Mapping[str, Cost], kernel: Mapping[str, Sequence[float]]) -> list[Figure]:
    """In the office mix; a peer that is missing has none, and the first figure says how to get it."""
    own = {name: median(each.process) for name, each in process.items()}
    users = {name: each * process[name].user for name, each in own.items()}
    whole = {name: each + median(kernel[name]) for name, each in own.items()}
    told = "; ".join(
        [
            "of one run, in turns on the same frames",
            *(each.missing for each in (SURICATA, TCPDUMP) if each.missing),
        ]
    )
    found = [
        ("user CPU of listen in an office, of Suricata's", "%", users, SURICATA.name, 100, OF_SURICATA),
        ("user CPU of listen in an office, over tcpdump's", "times", users, TCPDUMP.name, 1, OVER_TCPDUMP),
        ("user and system CPU of both processes", "times", own, TCPDUMP.name, 1, None),
        ("the same with the kernel's share of both", "times", whole, TCPDUMP.name, 1, WHOLE_OVER_TCPDUMP),
    ]
    return [
        Figure(name=name, value=part[OURS] / part[peer] * scale, unit=unit, aim=aim and round(aim, 1), note=told)
        for name, unit, part, peer, scale, aim in found
        if peer in part
    ]


def _process(called: str, found: Mapping[str, Cost], size: Size) -> Figure:
    ours = found[OURS]
    others = [(name, median(each.process)) for name, each in found.items() if name != OURS]
    users = ", ".join(f"{name} {each.user:.0%}" for name, each in found.items())
    return Figure(
        name=f"CPU of listen for a frame on the wire, {called}, median of {len(ours.process)}",
        value=median(ours.process),
        unit="ns",
        parts=(*others, ("least", min(ours.process)), ("most", max(ours.process)), ("at rest", ours.rest)),
        note=f"{size.frames:,} frames at {size.rate:,.0f}/s; user time of it: {users}",
    )


def _kernel(called: str, found: Mapping[str, Sequence[float]]) -> Figure:
    ours = found[OURS]
    others = [(name, median(each)) for name, each in found.items() if name != OURS]
    return Figure(
        name=f"kernel's share of a frame on the wire, {called}, median of {len(ours)}",
        value=median(ours),
        unit="ns",
        parts=(*others, ("least", min(ours)), ("most", max(ours))),
        note=f"what one tap adds to the time of who sends as fast as he can; of listen and tcpdump {TAPS} at once",
    )


def _sniffed(folder: Path, size: Size) -> list[Figure]:
    """scapy, at a rate it survives."""
    found = []
    for peer in (SCAPY, SCAPY_ALIKE):
        if not peer.missing:
            taken, seen, lost = costs.sniffed(folder / "slow", size, peer)
            figure = Figure(
                name=f"CPU of {peer.name} for a frame on the wire, office, median of {len(taken)}",
                value=median(taken) / 1e3,
                unit="µs",
                note=f"at {size.slow:,.0f} frames/s; of {seen + lost:,} it was given it lost {lost:,}",
            )
            found.append(figure)
    return found
