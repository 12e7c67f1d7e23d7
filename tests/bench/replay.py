"""`sentinel replay` of a file of headers: how fast it is, and that its memory does not grow with the file."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median

from sentinel.capture.recording import Recording
from sentinel.decode.frame import read_frame
from tests.bench import recordings
from tests.bench.figure import Figure
from tests.bench.memory import peak
from tests.bench.recordings import Frames
from tests.builders import moment

FRAMES = 1_000_000
TRIALS = 5
AIM = 4.0
"""Microseconds a frame: a quarter of a million frames a second."""
GROWTH = 4.0
"""Megabytes for three quarters of a million frames; the state of each connection is one byte of them."""


def measure(folder: Path, frames: int = FRAMES, trials: int = TRIALS) -> list[Figure]:
    """A file of so many frames, several times over; then two as long through a pipe."""
    path = recordings.write(folder / "headers.pcap", recordings.office(frames))
    try:
        speed = _speed(path, frames, trials)
    finally:
        path.unlink()
    return [speed, *(_growth(folder, kind, frames) for kind in (recordings.office, recordings.flood))]


def _speed(path: Path, frames: int, trials: int) -> Figure:
    """The wall time of the whole program, its start too; reading and decoding apart, in our own process."""
    took = [
        _seconds(lambda: subprocess.run(command(path), stdout=subprocess.DEVNULL, check=True))
        for _ in range(trials)
    ]
    each = median(took) / frames * 1e6
    parts = tuple(
        (name, median(_seconds(lambda step=step: step(path)) for _ in range(trials)) / frames * 1e6)
        for name, step in (("reading", _read), ("and decoding", _decode))
    )
    return Figure(
        name=f"sentinel replay of {frames:,} headers, a frame, median of {trials}",
        value=each,
        unit="µs",
        aim=AIM,
        parts=parts,
        note=f"{1e6 / each:,.0f} frames/s",
    )


def command(path: Path) -> list[str]:
    """As a person types it."""
    return [sys.executable, "-m", "sentinel", "replay", str(path), "--inside", "192.168.1.0/24", "--json"]


def _seconds(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def _read(path: Path) -> None:
    with Recording(path) as recording:
        for _ in recording:
            pass


def _decode(path: Path) -> None:
    at = moment()
    with Recording(path) as recording:
        for frame in recording:
            read_frame(frame.kept, at, frame.vlan)


def _growth(folder: Path, kind: Frames, frames: int) -> Figure:
    peaks = quarters(folder / f"{kind.__name__}.pipe", kind, frames)
    return Figure(
        name=f"memory of a replay, grown from a quarter to all of {frames:,} frames ({kind.__name__})",
        value=peaks[-1] - peaks[0],
        unit="MB",
        aim=GROWTH,
        parts=tuple((f"{number} of 4", peak) for number, peak in enumerate(peaks, 1)),
        note="the most it ever held, while it is fed through a pipe",
    )


def quarters(pipe: Path, kind: Frames, frames: int) -> list[float]:
    """The most memory a replay has held by each quarter of what it is fed, in megabytes."""
    os.mkfifo(pipe)
    process = subprocess.Popen(command(pipe), stdout=subprocess.DEVNULL)
    peaks = []
    with pipe.open("wb") as file:
        pieces = recordings.records(kind(frames))
        for _ in range(4):
            file.writelines(islice(pieces, frames // 4))
            file.flush()
            peaks.append(peak(process.pid))
        file.writelines(pieces)
    assert process.wait(60) == 0
    pipe.unlink()
    return peaks
