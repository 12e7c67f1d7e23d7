"""The child of the bench in which atheris tries files; its command line is libFuzzer's."""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["sentinel"]):
    from tests.bench import fuzz

MEMORY = Path("/dev/shm")

if __name__ == "__main__":
    path = (MEMORY if MEMORY.is_dir() else Path("/tmp")) / "sentinel-fuzz.pcap"
    atheris.Setup(sys.argv, lambda data: fuzz.play(data, path))
    atheris.Fuzz()
