"""The machine a figure was measured on, by what it is and not by whose it is."""

import os
import platform
import re
from pathlib import Path


def describe() -> str:
    """Processor, cores, memory, kernel and Python."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    # Its number only: distributions and hosters write their names behind it.
    kernel = re.match(r"[\d.]+\d", platform.release())
    return (
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {gigabytes:.0f} GB, "
        f"Linux {kernel[0] if kernel else '?'} {platform.machine()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    """As the kernel calls it; a Raspberry Pi is named by its board."""
    board = Path("/proc/device-tree/model")
    if board.exists():
        return board.read_text().strip("\0\n ")
    named = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return named[1] if named else "unknown processor"
