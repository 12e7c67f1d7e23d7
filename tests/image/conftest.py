"""The image as pytest fixtures: built once, and one card in a machine whose story several tests tell.

Where it cannot be built or booted these tests are skipped with the reason, or fail if the environment says
SENTINEL_IMAGE=required.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.image.card import IMAGE, ROOT, why_not


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever needs the image."""
    for item in items:
        if "image" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.image)


@pytest.fixture(scope="session")
def image() -> Path:
    """The image of this tree, built now; `var/image` holds it and what it was made of."""
    reason = why_not()
    if reason and os.environ.get("SENTINEL_IMAGE") == "required":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    if os.environ.get("SENTINEL_IMAGE") != "built":  # for whoever writes these tests
        subprocess.run([ROOT / "image-build/build.sh"], check=True)
    return IMAGE
