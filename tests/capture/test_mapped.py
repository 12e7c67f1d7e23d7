"""The kernel's making of the rings: while something else is done, and given back where nothing comes of it."""

import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing

import pytest

from sentinel.capture.mapped import ROOMS, Kind, Mapped
from sentinel.capture.ring import Room
from sentinel.capture.rings import Rings
from sentinel.errors import MissingDevice
from tests.capture import cable

pytestmark = pytest.mark.lab

EARLY = "import sys, sentinel.capture.mapped; print(*sys.modules)"
AS_ANYBODY = """
from contextlib import ExitStack, closing
from sentinel.capture.mapped import Mapped
from sentinel.errors import MissingRight
with closing(Mapped()) as mapped:
    print("the file is read")
    try:
        mapped.rings(ExitStack())
    except MissingRight as error:
        print(error)
"""


def test_whoever_asks_for_them_waits_for_no_processor():
    """The kernel's hundredth of a second passes beside; each thread has ended when the rings are taken."""
    cable.need()
    asked, waited = [], []
    for _ in range(9):
        began = time.perf_counter()
        with closing(Mapped()) as mapped:
            asked.append(time.perf_counter() - began)
            with ExitStack() as opened:
                assert list(mapped.rings(opened)) == list(Kind)
                waited.append(time.perf_counter() - began)
                assert threading.active_count() == 1
    assert sorted(asked)[4] < sorted(waited)[4] / 2


def test_what_nobody_takes_is_given_back():
    """A mistake was met in the file meanwhile."""
    cable.need()
    before = cable.sockets()
    with closing(Mapped()):
        assert len(cable.sockets() - before) == len(Kind)
    assert cable.sockets() == before


def test_where_the_kernel_has_no_room_for_one_the_others_are_given_back():
    """Of a size that is no multiple of a page; the sentence names the card."""
    cable.need()
    before = cable.sockets()
    with pytest.raises(MissingDevice, match=r"cannot capture on 'lo': .*Invalid argument"):
        Rings("lo", (), Mapped(ROOMS | {Kind.RARE: Room(1_000, 8)}))
    assert cable.sockets() == before


def test_a_missing_right_is_told_when_they_are_asked_for():
    """Not before: what the file has wrong is told to whoever types it as himself."""
    cable.need("setpriv")
    without = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
    done = subprocess.run([*without, sys.executable, "-c", AS_ANYBODY], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "the file is read",
        "capturing needs the right CAP_NET_RAW: run as root, or through the unit",
    ]


def test_it_needs_few_imports():
    """Whatever it brought would come before the kernel is at work, and not meanwhile."""
    done = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True, check=True)
    brought = {name for name in done.stdout.split() if name.startswith("sentinel.")}
    assert brought == {
        "sentinel.capture",
        "sentinel.capture.assembler",
        "sentinel.capture.libc",
        "sentinel.capture.mapped",
        "sentinel.capture.ring",
        "sentinel.errors",
    }
