"""`./dev screens` draws every picture that the documents show."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.browser
def test_every_picture_of_the_documents_is_drawn(browser, tmp_path):
    """Into another folder, each with something on it."""
    script = ROOT / "tests/web/screens.py"

    done = subprocess.run(
        [sys.executable, script, tmp_path], capture_output=True, text=True, timeout=240, check=False
    )

    assert done.returncode == 0, done.stderr
    drawn = {path.name for path in tmp_path.glob("*.png") if path.stat().st_size > 5_000}
    assert drawn == {path.name for path in (ROOT / "docs/screens").glob("*.png")}
