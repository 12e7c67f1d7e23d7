"""`listen` opens its rings as early as it can, and with few imports."""

import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sentinel.capture import glance as place
from sentinel.capture.mapped import Mapped
from sentinel.config import Capture
from sentinel.errors import MissingDevice
from sentinel.programs.arming import arm
from tests.capture import cable

BEFORE_A_FRAME = "import sys, sentinel.__main__, sentinel.toml, sentinel.programs.arming; print(*sys.modules)"
"""What is imported until the rings are open."""
RIGHTLESS = """
import os, sys
from sentinel.capture import rights
from sentinel.capture.mapped import Mapped
from sentinel.config import Capture
from sentinel.programs.arming import arm
armed = arm(Capture(interface="lo"), Mapped())
threads = [line.split()[1] for each in os.listdir("/proc/self/task")
           for line in open(f"/proc/self/task/{each}/status") if line.startswith("CapEff")]
print(armed.interface, len(threads), *{int(each, 16) for each in threads}, rights.can_capture())
"""
TOO_FEW = """
import sys
from sentinel.capture.mapped import Mapped
from sentinel.config import Capture
from sentinel.errors import MissingDevice
from sentinel.programs.arming import arm
from tests.capture import cable
before = cable.sockets()
try:
    arm(Capture(interface=sys.argv[1]), Mapped())
except MissingDevice as error:
    print(error)
print(len(cable.sockets() - before))
"""


def test_what_follows_a_connection_is_imported_after_the_rings_are_open():
    """And so are the wire and the child's line; what is judged it never needs: half of all imports."""
    done = subprocess.run([sys.executable, "-c", BEFORE_A_FRAME], capture_output=True, text=True, check=True)
    brought = {name for name in done.stdout.split() if name.startswith("sentinel.")}
    rooms = {name.split(".")[1] for name in brought}
    assert {"capture", "toml"} <= rooms
    assert "subprocess" not in done.stdout.split()
    assert rooms.isdisjoint({"decode", "tracking", "wire", "judgement", "store"})
    assert brought.isdisjoint(f"sentinel.model.{each}" for each in ("exposure", "finding", "incident", "verdict"))


@pytest.mark.lab
def test_once_armed_it_has_no_right_and_one_thread():
    """The threads that opened the rings side by side are gone: rights are given back by each thread alone."""
    cable.need()
    done = subprocess.run([sys.executable, "-c", RIGHTLESS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["lo", "1", "0", "False"]


# -- when it does not come to that -------------------------------------------------------------------------------


@pytest.mark.lab
@pytest.mark.parametrize(
    ("card", "words"),
    [("nosuch0", "cannot capture on 'nosuch0': "), ("lo", "cannot count what passes 'lo': Too many open files")],
)
def test_without_its_card_or_its_counters_no_ring_stays_open(card: str, words: str):
    """They may be bound and armed by then: the descriptors are enough for them, two each, and for hardly more."""
    cable.need("prlimit")
    limited = ("prlimit", "--nofile=14", sys.executable, "-W", "always", "-c", TOO_FEW, card)
    done = subprocess.run(limited, capture_output=True, text=True, check=True)
    told, left = done.stdout.splitlines()
    assert told.startswith(words)
    assert left == "0"
    assert f"family={socket.AF_PACKET:d}" not in done.stderr  # nor was one left to the collector


def test_without_a_card_and_a_default_route_one_sentence_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """A machine that was never plugged in."""
    monkeypatch.setattr("sentinel.programs.arming.glance", lambda: place.glance(tmp_path))
    with closing(Mapped()) as mapped, pytest.raises(MissingDevice, match="under \\[capture\\] interface"):
        arm(Capture(), mapped)
