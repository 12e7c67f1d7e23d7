"""The kernel's making of the rings: while something else is done, and given back where nothing comes of it."""

import subprocess
import sys
import threading
from contextlib import ExitStack, closing

import pytest

from sentinel.capture.kind import Kind
from sentinel.capture.mapped import ROOMS, Mapped
from sentinel.capture.ring import Room
from sentinel.capture.rings import Rings
from sentinel.errors import MissingDevice
from tests.capture import cable

EARLY = "import sys, sentinel.capture.mapped; print(*sys.modules)"
TOO_FEW = """
from sentinel.capture.rings import Rings
from sentinel.errors import MissingDevice
from tests.capture import cable
before = cable.sockets()
try:
    Rings("lo")
except MissingDevice as error:
    print(error)
print(len(cable.sockets() - before))
"""
WITHOUT = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")


@pytest.mark.lab
def test_when_they_are_taken_no_thread_of_theirs_is_left():
    """Rights are given back by each thread alone."""
    cable.need()
    before = threading.active_count()
    with closing(Mapped()) as mapped, ExitStack() as opened:
        assert list(mapped.rings(opened)) == list(Kind)
        assert threading.active_count() == before


@pytest.mark.lab
def test_what_nobody_takes_is_given_back():
    """A mistake was met in the file meanwhile."""
    cable.need()
    before = cable.sockets()
    with closing(Mapped()):
        assert len(cable.sockets() - before) == len(Kind)
    assert not cable.sockets() - before


@pytest.mark.lab
def test_where_the_kernel_has_no_room_for_one_the_others_are_given_back():
    """Of a size that is no multiple of a page; the sentence names the card."""
    cable.need()
    before = cable.sockets()
    with pytest.raises(MissingDevice, match=r"cannot capture on 'lo': .*Invalid argument"):
        Rings("lo", (), Mapped(ROOMS | {Kind.RARE: Room(1_000, 8)}))
    assert not cable.sockets() - before


@pytest.mark.lab
@pytest.mark.parametrize(
    ("file", "status", "words"),
    [
        ("[captur]\n", 2, "did you mean capture?"),
        ("[capture]\ninterface = 'lo'\n", 77, "needs the right CAP_NET_RAW: run as root, or through the unit"),
    ],
)
def test_a_mistake_in_the_file_is_told_before_a_missing_right(tmp_path, file, status, words):
    """Whoever types it as himself mends the file first."""
    cable.need("setpriv")
    (tmp_path / "sentinel.toml").write_text(file)
    typed = (*WITHOUT, sys.executable, "-m", "sentinel", "--config", str(tmp_path / "sentinel.toml"))
    done = subprocess.run(
        [*typed, "--dir", str(tmp_path / "var"), "listen"], capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    assert words in done.stderr


@pytest.mark.lab
def test_where_there_are_too_few_descriptors_one_sentence_says_so_and_none_stays_open():
    """Some of the sockets were made by then."""
    cable.need("prlimit")
    limited = ("prlimit", "--nofile=6", sys.executable, "-c", TOO_FEW)
    done = subprocess.run(limited, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["cannot capture on 'lo': Too many open files", "0"]


def test_it_needs_few_imports():
    """Whatever it brought would come before the kernel is at work, and not meanwhile."""
    done = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True, check=True)
    brought = {name for name in done.stdout.split() if name.startswith("sentinel.")}
    assert brought == {
        "sentinel.capture",
        "sentinel.capture.assembler",
        "sentinel.capture.kind",
        "sentinel.capture.libc",
        "sentinel.capture.mapped",
        "sentinel.capture.ring",
        "sentinel.errors",
    }
