"""How long the purge of half a year holds up the writer: it takes one step between two facts, and no longer."""

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from sentinel.clock import now
from sentinel.store.archive import Archive
from tests.bench.figure import Figure

AIM_MS = 200.0


def measure(store: Path) -> Figure:
    """Everything in the store goes; each step with the commit of what it told."""
    here = now()
    late = replace(here, wall=here.wall + timedelta(days=1))
    archive, took = Archive(store, "bench"), []
    steps = archive.purge(late, timedelta(0))
    while True:
        begun = time.perf_counter()
        if next(steps, archive) is archive:
            break
        archive.commit()
        took.append((time.perf_counter() - begun) * 1000)
    archive.close()
    parts = (("median", median(took)), ("99 of 100", sorted(took)[len(took) * 99 // 100]))
    return Figure(
        name="the longest step of the purge of half a year",
        value=max(took),
        unit="ms",
        aim=AIM_MS,
        parts=parts,
        note=f"{len(took):,} steps, one a second",
    )
