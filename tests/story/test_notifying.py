"""What `listen` and `watch` tell systemd: ready when they are, alive only while they do their work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel.programs.life import PATIENCE
from tests.capture.cable import CARD, cable, need
from tests.notified import Manager, manager


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Manager]:
    with manager(tmp_path) as hears:
        yield hears


def command(folder: Path, *words: str, settings: str = "") -> list[str]:
    file = folder / "sentinel.toml"
    file.write_text(settings)
    return [sys.executable, "-m", "sentinel", "--config", str(file), "--dir", str(folder), *words]


@pytest.fixture
def watch(tmp_path: Path, systemd: Manager) -> Iterator[subprocess.Popen[bytes]]:
    """The street of a recorded day, started as a unit would."""
    settings = '[capture]\nbox = ["127.0.0.253"]\n'
    process = subprocess.Popen(command(tmp_path, "watch", "--demo", settings=settings), env=systemd.environment())
    with process:
        yield process
        process.kill()


def test_watch_is_ready_when_its_street_has_begun_and_alive_by_its_beats(watch, systemd, tmp_path):
    """Twice a second; its verdict stands in `systemctl status`; it says that it leaves."""
    systemd.waits_for("READY=1")
    assert (tmp_path / "sentinel.db").exists()
    heard = systemd.hear(4.2)
    watch.send_signal(signal.SIGTERM)
    assert watch.wait(20) == 0
    systemd.waits_for("STOPPING=1")
    systemd.hear(0.3)

    assert 5 <= heard.count("WATCHDOG=1") <= 10
    assert any(word.startswith("STATUS=verdict: ") for word in systemd.words)
    assert systemd.words[-1] == "STOPPING=1"


def hang(draft: Path) -> Path:
    """Whoever writes this file waits for a reader from now on."""
    while not draft.is_fifo():
        os.mkfifo(draft.with_suffix(".pipe"))
        draft.with_suffix(".pipe").replace(draft)
        time.sleep(1.5)  # a beat that was just writing it has put it in place of the pulse: once more
    return draft


def test_a_street_that_hangs_is_not_alive_though_its_other_threads_are(watch, systemd, tmp_path):
    """Its pulse is a pipe that nobody reads: the street stands there, the timetable goes on. Not at once: a slow
    disk is no reason to begin anew."""
    systemd.waits_for("WATCHDOG=1")
    pipe = hang(tmp_path / "run/pulse.new")
    lately = PATIENCE.total_seconds()

    assert systemd.hear(lately - 5).count("WATCHDOG=1") > lately - 10
    systemd.hear(8)
    assert "WATCHDOG=1" not in systemd.hear(3)
    with pipe.open("rb"):  # somebody reads: it walks on, and is alive again
        before = systemd.words.count("WATCHDOG=1")
        systemd.hear(10, lambda: systemd.words.count("WATCHDOG=1") > before)
    assert systemd.words.count("WATCHDOG=1") > before


def test_a_watch_that_is_stopped_is_not_alive_from_that_moment(watch, systemd):
    """Its lamp would shine on: systemd kills it within seconds, and puts the lamp out."""
    systemd.waits_for("WATCHDOG=1")
    watch.send_signal(signal.SIGSTOP)
    systemd.hear(0.2)

    assert systemd.hear(2) == []


def test_a_watch_that_cannot_begin_is_never_ready(tmp_path, systemd):
    """systemd then knows that it failed."""
    (tmp_path / "sentinel.db").write_text("this is no database")
    done = subprocess.run(command(tmp_path, "watch", "--demo"), env=systemd.environment(), check=False)

    assert done.returncode == 69
    assert "READY=1" not in systemd.hear(0.3)


def test_listen_is_ready_when_its_ring_is_open_and_alive_by_its_loop(tmp_path, systemd):
    """On a card of a namespace; and not before: a card that is not there makes nobody ready."""
    need()
    with cable() as laid:
        known = command(tmp_path, "listen", settings=f'[capture]\ninterface = "{CARD}"\n')
        process = subprocess.Popen(["ip", "netns", "exec", laid.names["left"], *known], env=systemd.environment())
        with process:
            systemd.waits_for("READY=1")
            heard = systemd.hear(3.2)
            process.send_signal(signal.SIGSTOP)
            systemd.hear(0.5)
            stopped = systemd.hear(2)
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 0

    systemd.hear(0.3)
    assert 2 <= heard.count("WATCHDOG=1") <= 5
    assert stopped == []
    assert systemd.words[:2] == ["READY=1", f"STATUS=capturing on {CARD}"]
    assert systemd.words[-1] == "STOPPING=1"


def test_a_listen_without_its_card_is_never_ready(tmp_path, systemd):
    """Its exit code says why."""
    settings = '[capture]\ninterface = "nowhere0"\n'
    done = subprocess.run(command(tmp_path, "listen", settings=settings), env=systemd.environment(), check=False)

    assert done.returncode in (69, 77)
    assert systemd.hear(0.3) == []
