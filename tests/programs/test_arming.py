"""`listen` opens its rings as soon as it knows its card, and with few imports."""

import subprocess
import sys
from pathlib import Path

import pytest

from sentinel.capture import glance as place
from sentinel.config import Capture
from sentinel.errors import MissingDevice
from sentinel.programs.arming import arm

BY_ITSELF = "import sys, sentinel.programs.arming; print(*sys.modules)"
RIGHTLESS = """
import os, sys
from sentinel.capture import rights
from sentinel.config import Capture
from sentinel.programs.arming import arm
armed = arm(lambda: Capture(interface="lo"))
threads = [line.split()[1] for each in os.listdir("/proc/self/task")
           for line in open(f"/proc/self/task/{each}/status") if line.startswith("CapEff")]
print(armed.interface, len(threads), *{int(each, 16) for each in threads}, rights.can_capture())
"""


def test_what_follows_a_connection_is_imported_after_the_rings_are_open():
    """And so are the wire and the child's line: half of all imports."""
    done = subprocess.run([sys.executable, "-c", BY_ITSELF], capture_output=True, text=True, check=True)
    rooms = {name.split(".")[1] for name in done.stdout.split() if name.startswith("sentinel.")}
    assert "capture" in rooms
    assert rooms.isdisjoint({"decode", "tracking", "wire", "judgement", "store"})


@pytest.mark.lab
def test_once_armed_it_has_no_right_and_one_thread():
    """The threads that opened the rings side by side are gone: rights are given back by each thread alone."""
    done = subprocess.run([sys.executable, "-c", RIGHTLESS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["lo", "1", "0", "False"]


def test_without_a_card_and_a_default_route_one_sentence_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """A machine that was never plugged in."""
    monkeypatch.setattr("sentinel.programs.arming.glance", lambda: place.glance(tmp_path))
    with pytest.raises(MissingDevice, match="under \\[capture\\] interface"):
        arm(Capture)
