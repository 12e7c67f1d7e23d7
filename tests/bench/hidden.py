"""Connections hidden in traffic that comes as fast as it can be sent: how many were missed, or told wrong."""

from dataclasses import dataclass
from pathlib import Path

from sentinel.capture.kind import Kind
from sentinel.capture.mapped import ROOMS
from sentinel.capture.ring import Room
from sentinel.capture.route import inside, route
from tests.bench.figure import Figure
from tests.bench.size import Size
from tests.builders import INSIDE
from tests.capture import bpf, traffic
from tests.capture.cable import cable
from tests.capture.sending import Sent, sender
from tests.capture.sensing import Sensed, sensing
from tests.capture.truth import VAIN, vain, wrong

NARROW, SLOW = ROOMS | {Kind.ATTEMPTS: Room(1 << 14, 4)}, 0.02
"""A ring for some four hundred attempts, emptied fifty times a second."""
TAG = b"\x81\x00"
HALF = "scan, half of it dropped"
CASES = {"office": "office", "images": "bulk", "64-byte flood": "flood", "scan": "scan", HALF: "scan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What came of one of them."""

    wrong: int
    sent: Sent
    dropped: dict[Kind, int]

    def told(self, called: str) -> str:
        """For the note."""
        drops = ", ".join(f"{number:,} {kind.name.lower()}" for kind, number in self.dropped.items() if number)
        return f"{called} at {self.sent.rate:,.0f}/s, dropped {drops or 'nothing'}"


def measure(folder: Path, size: Size) -> Figure:
    """All cases in one figure.

    Raises:
        AssertionError: more was dropped, or elsewhere, than the case is about; or a frame is unaccounted for.
    """
    cases = {called: case(folder, kind, size, is_half=called == HALF) for called, kind in CASES.items()}
    return Figure(
        name=f"connections missed or told wrong, of {size.strangers * len(cases):,} hidden in other traffic",
        value=sum(each.wrong for each in cases.values()),
        unit="connections",
        aim=0.5,
        parts=tuple((called, each.wrong) for called, each in cases.items()),
        note="; ".join(each.told(called) for called, each in cases.items()),
    )


def case(folder: Path, kind: str, size: Size, *, is_half: bool) -> Case:
    """One kind of traffic; where half of the attempts must be dropped, so it is that none else is."""
    strangers = traffic.hidden(size.strangers)
    shape = (NARROW, SLOW) if is_half else (None, 0.0)
    with cable() as laid, sender(kind, size.background, size.strangers, size.processor) as line:
        with sensing(laid, folder, *shape) as (_, results):
            sent = line.send(laid)
        [found] = results
    dropped = {each: loss.dropped for each, loss in found.losses.items()}
    assert sum(dropped.values()) == dropped[Kind.ATTEMPTS], f"not attempts alone were dropped: {dropped}"
    assert found.read + found.lost == sum(loss.frames for loss in found.losses.values()), "frames unaccounted for"
    attempts = found.losses[Kind.ATTEMPTS]
    if kind == "scan":
        sure, most = expected(strangers, size.background)
        assert sure <= attempts.frames <= most, (
            f"{attempts.frames:,} attempts came, {sure:,} to {most:,} were sent"
        )
    assert not is_half or attempts.dropped > attempts.frames / 2, f"less than half was dropped: {attempts}"
    return Case(wrong=len(wrong(strangers, found)) + _unsaid(strangers, found, kind), sent=sent, dropped=dropped)


def expected(strangers: list[traffic.Hidden], scan: int) -> tuple[int, int]:
    """Frames sent that the attempts' ring must have been given: of those of a scan all, of others what is kept.

    Returns:
        At the least, and with what dice keep of a client's data under extension headers.
    """
    frames = [
        frame[:12] + frame[16:] if frame[12:14] == TAG else frame for each in strangers for frame in each.frames
    ]
    program = route(inside(INSIDE))
    theirs = [each for each in frames if bpf.routed(program, each) == Kind.ATTEMPTS]
    sure, most = (sum(bool(bpf.kept(each, INSIDE, dice)) for each in theirs) for dice in (1, 0))
    return scan + sure, scan + most


def _unsaid(strangers: list[traffic.Hidden], found: Sensed, kind: str) -> int:
    """Attempts and refusals that no row and no sum tells, where nothing was dropped and nobody else attempted."""
    if found.lost or kind == "scan":
        return 0
    states = [each.state for each in strangers]
    return sum(abs(states.count(state) - number) for state, number in zip(VAIN, vain(found), strict=True))
