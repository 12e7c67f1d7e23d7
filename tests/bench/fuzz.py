"""Ten minutes of atheris at `sentinel replay`: no file may raise, hang or grow.

`measure` starts `tests/bench/fuzzed.py` as a child, for libFuzzer ends its process. A first byte says what the
rest is: a whole file, or frames of one link. The golden files are where it begins. What brings the replay down is
kept, and the child plays it again when its options are that file.
"""

import io
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from sentinel.capture.links import SHAPES
from sentinel.errors import NotReadable
from sentinel.programs.replay import replay
from tests.bench.figure import Figure
from tests.builders import INSIDE
from tests.capture.files import pcap
from tests.pcaps import make

SECONDS = 600
SLOW = 10
"""Seconds after which one file is taken for a hang."""
MOST = 512
"""Megabytes; the table of connections alone may take a hundred."""
LONGEST = 8_192
LINKS = tuple(SHAPES)
WHOLE = 255
"""The first byte of what is a file; a lower one chooses the link of frames."""
KEPT = Path("var") / "fuzz"


def play(data: bytes, path: Path) -> None:
    """One file, from what a fuzzer or a test has thought of.

    Args:
        path: where the file is written: in memory, by preference.
    """
    path.write_bytes(data[1:] if data[:1] == bytes((WHOLE,)) else _frames(data))
    for as_json in (True, False):
        try:
            replay(path, INSIDE, io.StringIO(), every=as_json, as_json=as_json)
        except NotReadable:
            return


def _frames(data: bytes) -> bytes:
    """Frames in a file of one link; the length of each comes before it, in two bytes."""
    found, at = [], 1
    while at + 2 <= len(data):
        behind = at + 2 + int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : behind])
        at = behind
    return pcap(found, link=LINKS[data[0] % len(LINKS)] if data else 1)


def seeds() -> list[bytes]:
    """The golden files as they are, and their frames."""
    files = [path.read_bytes() for path in sorted(make.FOLDER.glob("*.pcap*"))]
    talks = [[part for part in story().parts if isinstance(part, bytes)] for story in make.ODD.values()]
    frames = [b"".join(len(frame).to_bytes(2, "big") + frame for frame in talk) for talk in talks]
    ethernet = bytes((LINKS.index(1),))
    return [bytes((WHOLE,)) + each for each in files] + [ethernet + each for each in frames]


# -- in the bench ------------------------------------------------------------------------------------------------


def why_not() -> str:
    """Why it cannot be done here; empty when it can."""
    return "" if find_spec("atheris") else "atheris is not installed: it has wheels for Linux on x86-64 alone"


def measure(folder: Path, seconds: int = SECONDS) -> list[Figure]:
    """So long, from the golden files on.

    Raises:
        AssertionError: a file brought the replay down.
    """
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    KEPT.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-timeout={SLOW}", f"-rss_limit_mb={MOST}", f"-max_len={LONGEST}"]
    command = [sys.executable, "-m", "tests.bench.fuzzed", *limits, f"-artifact_prefix={KEPT}/", str(corpus)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert done.returncode == 0, f"what did it is kept in {KEPT}: {done.stderr[-2_000:]}"
    assert runs, done.stderr[-2_000:]
    name = f"files that brought a replay down in {seconds / 60:g} minutes of atheris"
    return [
        Figure(name=name, value=0, unit="files", aim=0.5, note=f"of {int(runs[1]):,} files and crowds of frames")
    ]
