"""The only place that reads the time; everything inside the street receives it with the fact."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sentinel.model.moment import Moment

Clock = Callable[[], Moment]
"""Handed to the edges: sockets, timetable, lamp. Tests hand in one that stands still."""


def now() -> Moment:
    """The present on both clocks."""
    return Moment(
        wall=datetime.now(UTC),
        boot=timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME)),
    )


def boot_id() -> str:
    """The kernel's name for this boot: boot clocks compare only within one."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
