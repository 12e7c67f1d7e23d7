"""Commands of the house, run by a test as somebody types them."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60
"""Seconds."""
FREE = {"SENTINEL_LAB": "", "SENTINEL_IMAGE": ""}
"""Whatever this run requires, the run inside a test does not."""


def run(*command: str | Path, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command of the house, its words kept."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=os.environ | FREE | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
