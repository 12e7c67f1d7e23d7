"""What `listen` and `watch` tell systemd: ready when they are, alive only while they do their work."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

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
    process = subprocess.Popen(
        command(tmp_path, "watch", "--demo", settings=settings), env=systemd.environment(WATCHDOG_USEC="400000")
    )
    with process:
        yield process
        process.kill()


def test_watch_is_ready_when_its_street_has_begun_and_alive_by_its_beats(watch, systemd, tmp_path):
    """Four times within systemd's patience; its verdict stands in `systemctl status`; it says that it leaves."""
    systemd.waits_for("READY=1")
    assert (tmp_path / "sentinel.db").exists()
    heard = systemd.hear(4.2)
    watch.send_signal(signal.SIGTERM)
    assert watch.wait(5) == 0
    systemd.hear(0.3)

    assert heard.count("WATCHDOG=1") >= 20
    assert any(word.startswith("STATUS=verdict: ") for word in systemd.words)
    assert systemd.words[0] == "READY=1"
    assert "STOPPING=1" in systemd.words


def test_a_street_that_hangs_is_not_alive_though_its_other_threads_are(watch, systemd, tmp_path):
    """Its pulse is a pipe that nobody reads: the street stands there, lamp and timetable go on."""
    systemd.waits_for("WATCHDOG=1")
    os.mkfifo(tmp_path / "run/pulse.new")
    systemd.hear(6)

    assert "WATCHDOG=1" not in systemd.hear(4)
    with (tmp_path / "run/pulse.new").open("rb"):  # somebody reads: it walks on, and is alive again
        before = systemd.words.count("WATCHDOG=1")
        systemd.hear(10, lambda: systemd.words.count("WATCHDOG=1") > before)
    assert systemd.words.count("WATCHDOG=1") > before


def test_a_stopped_watch_says_nothing(watch, systemd):
    """systemd ends it within its patience, and the pins go with it; a lamp order lives ten seconds."""
    systemd.waits_for("WATCHDOG=1")
    watch.send_signal(signal.SIGSTOP)
    systemd.hear(0.3)

    assert "WATCHDOG=1" not in systemd.hear(2)
    watch.send_signal(signal.SIGCONT)


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
