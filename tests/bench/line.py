"""One cable between an echo and its practices, in two namespaces of this very process's own.

Their names carry its number, so that a bench and the lab may run side by side; what a killed bench has left is
taken away by the next.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.bench import practices
from tests.bench.practices import ECHO_ADDRESS
from tests.lab import wires
from tests.lab.host import REPOSITORY

PREFIX = "bench-"
ECHO, FAR = (f"{PREFIX}{os.getpid()}-{end}" for end in ("echo", "practices"))
PATIENCE = 20


@contextmanager
def laid() -> Iterator[None]:
    """The cable, with the practices answering at the other end."""
    _sweep()
    with ExitStack() as stack:
        for name in (ECHO, FAR):
            _ip("netns", "add", name)
            stack.callback(_delete, name)
        _cable()
        subprocess.run(
            ["ip", "netns", "exec", FAR, "nft", "-f", "-"], input=practices.rules(), text=True, check=True
        )
        with started(FAR, "tests.bench.practices", stdout=subprocess.PIPE) as answering:
            if answering.stdout is None or answering.stdout.readline() != "ready\n":
                raise AssertionError("the practices do not answer")
            yield


def _cable() -> None:
    _ip("-n", ECHO, "link", "add", "far0", "type", "veth", "peer", "name", "echo0", "netns", FAR)
    _ip("-n", ECHO, "address", "add", f"{ECHO_ADDRESS}/30", "dev", "far0")
    _ip("-n", FAR, "address", "add", "25.3.0.2/30", "dev", "echo0")
    for name, card in ((ECHO, "far0"), (FAR, "echo0")):
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "link", "set", card, "up")
    _ip("-n", ECHO, "route", "add", str(practices.NETWORK), "via", "25.3.0.2")
    _ip("-n", FAR, "route", "add", "local", str(practices.NETWORK), "dev", "lo")


@contextmanager
def started(place: str, module: str, *words: str, **settings: object) -> Iterator[subprocess.Popen[str]]:
    """A program of ours there, ended with the context."""
    process = subprocess.Popen(there(place, module, *words), text=True, cwd=REPOSITORY, **settings)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.communicate()


def there(place: str, module: str, *words: str) -> Sequence[str]:
    """The command that runs a module of ours in a namespace."""
    return ["ip", "netns", "exec", place, sys.executable, "-m", module, *words]


def _sweep() -> None:
    for left in wires.NAMESPACES.glob(f"{PREFIX}*"):
        if not Path("/proc", left.name.split("-")[1]).exists():
            _delete(left.name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=PATIENCE)


def _delete(name: str) -> None:
    subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True, timeout=PATIENCE)
