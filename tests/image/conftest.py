"""The image as a pytest fixture, built once, and one machine that lives through all the tests, a twin beside.

Where it cannot be built or booted these tests are skipped with the reason, or fail if the environment says
SENTINEL_IMAGE=required. What takes an hour is marked `release` and collected by `./dev release` only.
"""

import os
import subprocess
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from tests.image.card import IMAGE, ROOT, base_is_kept, why_not
from tests.image.heard import until
from tests.image.incidents import COUNTS, confirmed, stranger
from tests.image.machine import Machine, chosen, told
from tests.image.updates import BREAKS, NEWER, Broken, being_written, made, sent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark whatever needs the image; leave out what only a release waits for."""
    for item in items:
        if "image" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.image)
    if not os.environ.get("SENTINEL_RELEASE"):
        left_out = [item for item in items if item.get_closest_marker("release")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """What was measured is printed, also of a test that passes."""
    with item.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        return (yield)


@pytest.fixture(scope="session")
def image(request: pytest.FixtureRequest) -> Path:
    """The image of this tree, built now; `var/image` holds it and what it was made of."""
    required = os.environ.get("SENTINEL_IMAGE") == "required"
    reason = why_not() or ("" if required or base_is_kept() else "6 minutes for its base: ./dev image-test")
    if reason and required:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    if os.environ.get("SENTINEL_IMAGE") != "built":  # for whoever writes these tests
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            subprocess.run([ROOT / "image-build/build.sh"], check=True)
    return IMAGE


@pytest.fixture(scope="session")
def machine(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Flashed, and off at first."""
    flashed = Machine(image, tmp_path_factory.mktemp("machine"))
    yield flashed
    flashed.off()


@pytest.fixture(scope="session")
def newer(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An update that works."""
    return made(tmp_path_factory.mktemp("newer"), NEWER)


@pytest.fixture(scope="session")
def breaking(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    """Updates that are broken, made by one hand while the tests go on."""
    room = tmp_path_factory.mktemp("broken")
    with ThreadPoolExecutor(1) as hand:
        yield cache(lambda how: hand.submit(made, room, f"9.1.{list(BREAKS).index(how)}", without=BREAKS[how]))


@pytest.fixture(scope="session")
def kept(machine: Machine) -> int:
    """The instant `ready` of the machine, with an alarm that must outlive what follows; so many incidents."""
    guest = machine.on or machine.power()
    guest.ready()
    if told(guest)["level"] != "alarm":
        guest.hears(stranger(0))
        until(lambda: told(guest)["level"] == "alarm", within=120)
    incidents = confirmed(guest)
    guest.python(COUNTS)
    guest.keep("ready")
    machine.off()
    return incidents


@pytest.fixture(scope="session")
def trial(
    machine: Machine, kept: int, newer: Path, breaking: Broken, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """Its twin, which was sent a newer system, and started: that proves itself while other tests go on."""
    room = tmp_path_factory.mktemp("twin")
    twin = machine.twin(room)
    try:
        guest = twin.power("ready")
        with being_written(newer, twin):
            pass  # cut off, it leaves a half for the next one
        done = sent(twin, newer, "--reboot")
        assert done.returncode in (0, 255), done  # 255: the line went with the machine
        guest.ended(within=300)
        assert chosen(twin, room) == ("b", b"b3\n")
        twin.power()
        breaking(next(iter(BREAKS)))  # is wanted when this one is done
        yield twin
    finally:
        twin.off()
