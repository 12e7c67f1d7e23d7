"""Wheels of this very tree, and machines to put them on."""

import os
import platform
import subprocess
from pathlib import Path

import pytest

from tests.ansible.machine import ROOT, why_not


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs a machine is marked."""
    for item in items:
        if "possible" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.ansible)


@pytest.fixture(scope="session")
def possible() -> None:
    """Skips, or fails, where no machine can be booted."""
    reason = why_not()
    if reason and os.environ.get("SENTINEL_IMAGE") == "required":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def wheels(possible: None) -> dict[str, str]:
    """Ours and every other, by `./dev wheels`: the variables of a playbook for a machine without internet."""
    made = subprocess.run(
        ["./dev", "wheels", "3.13", platform.machine()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    ours, others = (str(ROOT / line) for line in made.stdout.split())
    return {"wheel": str(Path(ours)), "wheelhouse": others}
