"""How much the bench of the capture does: a measurement on a quiet machine, or a trial of the bench itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """As it is measured for docs/benchmarks.md."""

    trials: int = 5
    frames: int = 200_000
    """Of a trial."""
    rate: float = 50_000
    """Frames a second that everybody but scapy bears."""
    slow: float = 1_000
    """Frames a second of which scapy loses few."""
    slow_frames: int = 3_000
    rests: float = 125
    """Seconds until the last counter of `listen` sleeps (`gauge.WAKE`): what follows is its everyday life."""
    background: int = 400_000
    """Frames in which connections are hidden."""
    strangers: int = 500
    steps: int = 6
    """Of the search for the fastest scan of which nothing is lost."""
    swarm: int = 120_000
    """Frames that fill every table: twenty seconds of them."""
    flood: int = 1_200_000
    """Attempts of the worst flood; a tenth of them are answered as well."""
    processor: int | None = None
    """The sender's own."""


def processors() -> tuple[int, int]:
    """For who sends, and for who listens; the same where there is but one."""
    ours = sorted(os.sched_getaffinity(0))
    return ours[0], ours[-1]


@contextmanager
def pinned(processor: int) -> Iterator[None]:
    """Whatever is started meanwhile works on that one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {processor})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
