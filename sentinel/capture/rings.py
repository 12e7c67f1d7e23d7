"""The five rings of the capture: opened together behind one tap, drained by what they are worth, counted apart.

Frames come back in the order they passed: two ends of one connection are in two rings, and the kernel hands each
ring over in its own time. So a frame waits until whatever passed before it must have been handed over, and was
read; for attempts, of which anybody may send too many, half a second at the most. SYNs that are alike do not wait
where their ring is half full of them, at some 180,000 a second: rather out of order than dropped. What answers one
is told in any case; but so early, its SYN may be told besides, as an attempt nothing answered.
"""

import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import ExitStack
from operator import itemgetter
from typing import Final, NamedTuple

from sentinel.capture import flood
from sentinel.capture.flood import Alike
from sentinel.capture.keep import keep
from sentinel.capture.kind import Kind
from sentinel.capture.mapped import Mapped
from sentinel.capture.rare import rare_program
from sentinel.capture.repeats import Repeats
from sentinel.capture.ring import RETIRE_MS, Block, Frame, Ring
from sentinel.capture.route import inside, route
from sentinel.errors import MissingDevice
from sentinel.model.networks import Network, is_part

AT_ONCE: Final = {
    Kind.ANSWERS: 8,
    Kind.CLIENTS: 8,
    Kind.ANNOUNCEMENTS: 16,
    Kind.RARE: 16,
    Kind.ATTEMPTS: 8,
}
"""Blocks of each that are read before the answers are looked at again: some tenths of a second, and in a flood
what is copied at once."""
LOOK_MS: Final = 200
"""Between two looks, each of which finds the processor's caches cold: with 100 an office costs an eighth more."""
PEEK_MS: Final = 100
"""Between two glances at how full the rings are: a flood that fills one in less time loses what is counted."""
SOON_MS: Final = 10
"""Between two looks while a quarter of the attempts' ring waits."""
PATIENT: Final = (Kind.ANSWERS, Kind.ATTEMPTS)
"""What has to wait for its order waits in these rings: in a flood we would hold all of them beside, in twice the
room. The others have too little room for that. Answers whose attempts are late are held for so long."""
PATIENCE: Final = 500_000_000
"""Nanoseconds that nobody's answer waits longer for attempts: rather out of order than late."""
STAMP: Final = itemgetter(0)
HOLD: Final = 2 * RETIRE_MS * 1_000_000
"""Nanoseconds: the kernel's timer goes round twice before it hands over a block that is not full."""


class Flood(NamedTuple):
    """So many attempts that they are told together."""

    nanoseconds: int
    """Wall clock, since 1970: when the first of them passed, at most 50 ms before the last."""
    alike: Alike


class Rare(NamedTuple):
    """A frame by which a machine or a switch tells of itself."""

    nanoseconds: int
    kept: bytes


class Loss(NamedTuple):
    """What one ring was given, and what it had no room for, since it was opened."""

    frames: int
    dropped: int


class Rings:
    """A capture on one interface; closed by `close`.

    Args:
        interface: its name.
        own: the practice's networks; what comes from there has rings of its own.
        mapped: the rings, where the kernel was asked for them before.

    Raises:
        MissingRight: CAP_NET_RAW is needed.
        MissingDevice: there is no such interface, or the kernel has no such room, or does not take what tells
            frames apart.
    """

    def __init__(self, interface: str, own: tuple[Network, ...] = (), mapped: Mapped | None = None) -> None:
        self._inside = inside(own)
        mapped = mapped or Mapped()
        with ExitStack() as opened:
            try:
                rings = mapped.rings(opened)
                self._arm(rings, interface)
            except OSError as error:
                raise MissingDevice(f"cannot capture on {interface!r}: {error.strerror or error}") from None
            opened.pop_all()
        self._watch(rings)

    def _arm(self, rings: dict[Kind, Ring], interface: str) -> None:
        """Behind one tap, in the order of their numbers; then each with its own program."""
        for ring in rings.values():
            ring.bind(interface)
        group = rings[Kind.ANSWERS].share(route(self._inside))
        for kind in list(Kind)[1:]:
            rings[kind].join(group)
        for kind, ring in rings.items():
            ring.arm(rare_program() if kind is Kind.RARE else keep(kind))

    def _watch(self, rings: dict[Kind, Ring]) -> None:
        self._rings = rings
        self.repeats = Repeats()
        self._held: list[Frame | Flood | Rare] = []
        self._is_behind = self._is_flooded = False

    def read(self, pause_ms: int = LOOK_MS) -> Iterator[Frame | Flood | Rare]:
        """What has passed since the last call, in its order; first what waits for nothing.

        No frame wakes us: each ring hands over in its own time, and five of them would do so sixty times a second.

        Args:
            pause_ms: so long it waits before it looks, in a flood less, and not at all where there was more than
                one turn could take.
        """
        if not self._is_behind:
            self._wait(pause_ms)
        began = time.time_ns()
        whole = began - HOLD
        self._is_behind = False
        for kind, ring in self._rings.items():
            left, last = AT_ONCE[kind], began
            for block in ring.blocks(left):
                early = self._take(kind, ring, block, whole)
                if early is None:
                    break
                left, last = left - 1, ring.stamp(block)
                yield from early
            if not left:
                self._is_behind = True
                whole = min(whole, max(last, began - PATIENCE) if kind is Kind.ATTEMPTS else last)
            if kind is Kind.ATTEMPTS:
                self._is_flooded = ring.waits(4)
        yield from self._ripe(whole, time.time_ns())

    def _wait(self, pause_ms: int) -> None:
        """Asleep, with one eye on the rings: a flood is not to find the next look far away."""
        if self._is_flooded:
            time.sleep(min(pause_ms, SOON_MS) / 1_000)
            return
        for left in range(pause_ms, 0, -PEEK_MS):
            time.sleep(min(left, PEEK_MS) / 1_000)
            if any(ring.waits(4) for ring in self._rings.values()):
                return

    def _take(self, kind: Kind, ring: Ring, block: Block, whole: int) -> list[Flood | Rare] | None:
        """What waits for nothing; None: the block has to wait, and stays where it is.

        One from the future waits for nothing either: the clock was set.
        """
        is_early = kind in PATIENT and whole < ring.stamp(block) <= time.time_ns()
        if is_early and (kind is not Kind.ATTEMPTS or not ring.waits(2)):
            return None
        if is_early or (kind is Kind.ATTEMPTS and block.packets >= flood.MANY):
            return self._take_many(ring, block, is_early=is_early)
        if kind is Kind.RARE:
            return [Rare(frame.nanoseconds, frame.kept) for frame in ring.frames_of(block)]
        frames = ring.frames_of(block)
        self._held += self.repeats.news(frames) if kind is Kind.ANNOUNCEMENTS else frames
        return []

    def _take_many(self, ring: Ring, block: Block, *, is_early: bool) -> list[Flood | Rare] | None:
        """Attempts; None where those that came early are no flood of SYNs, for we would hold them all beside."""
        alike, others = flood.read(ring.memory, block)
        if is_early and sum(each.packets for each in others) > flood.FEW:
            return None
        floods: list[Flood | Rare] = [Flood(ring.stamp(block), each) for each in alike]
        for each in others:
            self._held += ring.frames_of(each)
        if is_early:
            return floods
        self._held += floods
        return []

    def _ripe(self, whole: int, now: int) -> list[Frame | Flood | Rare]:
        """Before which nothing can come any more. A stamp from the future waits for nothing: the clock was set.

        What passed after we began to look may have come into a ring that had been looked at already; and where a
        ring was left unfinished there is more of what passed since.
        """
        held = self._held
        held.sort(key=STAMP)
        ripe = bisect_right(held, whole, key=STAMP)
        coming = bisect_right(held, now, lo=ripe, key=STAMP)  # where now is before, the clock was set back
        self._held = held[ripe:coming]
        return held[:ripe] + held[coming:]

    def covers(self, own: tuple[Network, ...]) -> bool:
        """Whether these networks are told apart from strangers, as they were at the start."""
        return all(
            any(is_part(each, known) for known in self._inside if each.version == known.version) for each in own
        )

    def count(self) -> bool:
        """Add the kernel's counters to ours.

        Returns:
            False when the interface is gone: the rings must be closed and opened again.
        """
        there = [ring.count() for ring in self._rings.values()]  # each, also behind one that is gone
        return all(there)

    @property
    def losses(self) -> dict[Kind, Loss]:
        """As of the last count."""
        return {kind: Loss(ring.frames, ring.dropped) for kind, ring in self._rings.items()}

    @property
    def memory(self) -> bytes:
        """All that the kernel has put there."""
        return b"".join(ring.memory[:] for ring in self._rings.values())

    def close(self) -> None:
        """Give the rings back."""
        for ring in self._rings.values():
            ring.close()
