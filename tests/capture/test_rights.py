"""Giving rights away: tried in a child process, since there is no way back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sentinel.capture import rights


def said_by(script: str) -> list[str]:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.split()


def test_after_dropping_no_raw_socket_can_be_opened():
    """Also for root: nobody who takes over `listen` can listen elsewhere."""
    script = "from sentinel.capture import rights; rights.drop(); print(rights.can_capture())"

    assert said_by(script) == ["False"]


def test_after_dropping_no_child_gets_them_back():
    """A program started later has none either, whatever its file says."""
    script = (
        "import subprocess, sys; from sentinel.capture import rights; rights.drop();"
        "subprocess.run([sys.executable, '-c',"
        " 'from sentinel.capture import rights; print(rights.can_capture())'], check=True)"
    )

    assert said_by(script) == ["False"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a right that could be seen")
def test_before_dropping_root_may_capture():
    """Or the two claims above would hold of anything."""
    assert rights.can_capture()


def test_a_process_that_leaves_no_image_stays_like_that():
    """prctl(2), PR_GET_DUMPABLE: whatever a limit says, no helper is given its memory."""
    script = (
        "import ctypes; from sentinel.capture import rights; libc = ctypes.CDLL(None); before = libc.prctl(3);"
        "rights.leave_no_image(); print(before, libc.prctl(3))"
    )

    assert said_by(script) == ["1", "0"]


def test_a_child_ends_with_its_parent():
    """However the parent dies: here it kills itself, and its child says nothing more."""
    script = (
        "import os, signal, subprocess, sys; from sentinel.capture import rights;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)'],"
        " preexec_fn=rights.end_with_parent); print(child.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=20)
    child = int(done.stdout)

    for _ in range(100):
        if not _is_running(child):
            break
        subprocess.run(["sleep", "0.05"], check=True)
    assert not _is_running(child)


def _is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"
