"""`./dev lab` raises everything, tells what happens, obeys another terminal, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.lab import plan, running, wires
from tests.lab.__main__ import lab
from tests.lab.cabinet import alone
from tests.lab.gestures import TRIES
from tests.lab.host import FOLDER, REPOSITORY, Host, wait_until

PATIENCE = timedelta(minutes=10)
"""Another test may have a cabinet up; its end is awaited."""
COMMAND = [sys.executable, "-m", "tests.lab"]


class Playing:
    """`./dev lab` in a terminal of its own."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with file.open("w") as words:
            self.process = subprocess.Popen(COMMAND, cwd=REPOSITORY, stdout=words, stderr=subprocess.STDOUT)

    @property
    def words(self) -> str:
        """What it has said so far."""
        return self._file.read_text()

    @property
    def page(self) -> str:
        """The page as the person at this computer gets it."""
        with urllib.request.urlopen(running.state().page, timeout=5) as answer:
            return str(answer.read().decode())

    def wait_for(self, words: str, patience: timedelta = timedelta(seconds=20)) -> None:
        """Until it has said so."""
        said = wait_until(lambda: words in self.words or self.process.poll() is not None, patience)
        assert said, f"never said {words!r}: {self.words}"
        assert words in self.words, self.words

    def end(self, number: signal.Signals) -> int:
        """Send it a signal, and wait until it has left."""
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def playing(folder: Path) -> Iterator[Playing]:
    made = Playing(folder / f"lab-{time.monotonic_ns()}.txt")
    try:
        made.wait_for("as it changes. Ctrl-C takes everything down.", PATIENCE)
        yield made
    finally:
        if made.process.poll() is None:
            made.end(signal.SIGTERM)


def do(*words: str) -> str:
    """The same command in another terminal; what it said."""
    done = subprocess.run(
        [*COMMAND, *words], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def inhabitants() -> set[int]:
    """Every process inside a namespace of the cabinet."""
    return {pid for host in plan.HOSTS for pid in running.pids(Host(host).name)}


def listening_at(page: str) -> list[str]:
    """The addresses of this computer where somebody listens on the page's port."""
    port = int(page.rpartition(":")[2])
    listed = subprocess.run(["ss", "-Hltn", f"sport = :{port}"], capture_output=True, text=True, check=True).stdout
    return [line.split()[3].rpartition(":")[0] for line in listed.splitlines()]


def is_gone(pid: int) -> bool:
    return not Path("/proc", str(pid)).exists()


def test_a_door_is_opened_a_stranger_comes_the_page_turns_red_and_nothing_is_left(lab_possible, tmp_path):
    with playing(tmp_path) as played:
        assert re.search(r"Page: http://127\.0\.0\.1:80\d\d   code: [A-Z0-9]{4}-[A-Z0-9]{4}\n", played.words)
        assert "192.168.77.10:4242" in do("forward", "11112", "4242")
        assert "was accepted at 25.0.0.2:11112" in do("stranger-echo")
        played.wait_for("lamp red, fast")
        assert "lamp-alarm" in played.page
        assert listening_at(running.state().page) == ["127.0.0.1"]
        assert "call now" in do("status")
        assert "forwards nothing" in do("unforward")
        assert "turned away at 25.0.0.2:4242: connection refused" in do("stranger-echo")
        inside = inhabitants()

        code = played.end(signal.SIGINT)

    assert inside
    assert code == 0
    assert played.words.endswith("Everything is taken down.\n")
    assert all(is_gone(pid) for pid in inside)
    _nothing_is_left()


def test_a_killed_lab_is_swept_by_the_next_one(lab_possible, tmp_path):
    with playing(tmp_path) as killed:
        inside = inhabitants()
        killed.end(signal.SIGKILL)
    refused = subprocess.run([*COMMAND, "status"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    with playing(tmp_path) as played:
        assert "lamp-" in played.page
        code = played.end(signal.SIGTERM)

    assert inside
    # Another test that waited for the lock may have been quicker, and swept before it raised its own.
    assert re.search("was killed and has left things behind|No lab is up", refused.stderr)
    assert code == 0
    assert all(is_gone(pid) for pid in inside)
    _nothing_is_left()


def _nothing_is_left() -> None:
    with alone():  # of what another test has raised meanwhile, the end is awaited
        assert not list(wires.NAMESPACES.glob(f"{plan.PREFIX}*"))
        assert not FOLDER.exists()


def test_without_a_lab_a_command_says_how_to_start_one(lab_possible, monkeypatch):
    monkeypatch.setattr(running, "STATE", FOLDER / "nowhere.json")
    said = CliRunner().invoke(lab, ["forward", "11112"])
    assert said.exit_code == 1
    assert said.output == "Error: No lab is up: start one with ./dev lab in another terminal.\n"


def test_without_root_it_says_so_in_one_line(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    said = CliRunner().invoke(lab, [])
    assert said.exit_code == 1
    assert said.output == "Error: the lab makes network namespaces and needs root: sudo ./dev lab\n"


def test_missing_packages_are_named_in_one_line(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("tests.lab.__main__.why_not", lambda: "the laboratory needs these Debian packages: dcmtk")
    said = CliRunner().invoke(lab, [])
    assert said.exit_code == 1
    assert said.output == "Error: the laboratory needs these Debian packages: dcmtk\n"


@pytest.mark.parametrize(("gesture", "example"), TRIES)
def test_the_help_lists_every_gesture_with_a_sentence(gesture, example):
    listed = CliRunner().invoke(lab, ["--help"]).output
    assert re.search(rf"^  {gesture.name} +[A-Z].+[^.]\.$", listed, re.MULTILINE)
