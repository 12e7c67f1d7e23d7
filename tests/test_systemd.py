"""What a service tells systemd: by the socket it was given, and nothing where it was given none."""

import os
import time
from threading import Thread

import pytest

from sentinel import systemd
from tests.notified import Manager, manager


def test_words_arrive_by_a_path_and_by_an_abstract_name(tmp_path, monkeypatch):
    """systemd gives a path; a container's manager may give a name without a file."""
    for address in (str(tmp_path / "notify"), f"@sentinel-test-{os.getpid()}"):
        hears = Manager(address)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        systemd.tell(systemd.READY, "STATUS=capturing on eth0")

        assert hears.hear(1, lambda: len(hears.told) > 1) == ["READY=1", "STATUS=capturing on eth0"]  # noqa: B023
        hears.close()


@pytest.mark.parametrize("address", ["", "/nowhere/notify"])
def test_without_anybody_who_listens_nothing_happens(monkeypatch, address):
    """On a laptop there is no systemd, and a manager may have gone."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)

    systemd.tell(systemd.READY)


def test_a_manager_that_does_not_read_holds_nobody_up(tmp_path, monkeypatch):
    """Its queue is full: the word is lost after a second, the program goes on."""
    with manager(tmp_path) as hears:
        monkeypatch.setenv("NOTIFY_SOCKET", hears.address)
        begun, told = time.monotonic(), 0
        while time.monotonic() - begun < 0.9 and told < 10_000:  # ends within the call that finds the queue full
            systemd.tell(systemd.ALIVE)
            told += 1

        assert 1 <= time.monotonic() - begun < 3


def test_the_patience_is_ours_alone(monkeypatch):
    """In microseconds; another program's is none of ours."""
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    assert systemd.patience() == 0
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert systemd.patience() == 30
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert systemd.patience() == 30
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert systemd.patience() == 0


def test_no_beat_follows_the_last_word(tmp_path, monkeypatch):
    """Also of a thread that was about to tell one: the first of them waits for a manager whose queue is full."""
    with manager(tmp_path) as hears:
        monkeypatch.setenv("NOTIFY_SOCKET", hears.address)
        beating = systemd.Beating()
        beats = Thread(target=lambda: [beating.alive() for _ in range(10_000)])
        beats.start()
        hears.hear(5, lambda: len(hears.told) > 5)
        leaves = Thread(target=beating.stop)
        leaves.start()
        hears.hear(20, lambda: not (beats.is_alive() or leaves.is_alive()))
        leaves.join()
        beats.join()
        hears.hear(0.3)

    assert hears.words.count("STOPPING=1") == 1
    assert hears.words[-1] == "STOPPING=1"
