"""A real echo that knows our key, for the tests that ask one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.echo.running import RunningEcho


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningEcho]:
    """An echo on 127.0.0.1."""
    with RunningEcho(tmp_path / "echo") as echo:
        yield echo


@pytest.fixture
def key(running: RunningEcho) -> Ed25519PrivateKey:
    """Our key, which this echo knows."""
    made = Ed25519PrivateKey.generate()
    running.know(made)
    return made
