"""The page's own watchdog: fed while readers are really answered, and by nothing else."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from furnished import Cabinet

from sentinel import certificate
from sentinel.clock import now
from sentinel.systemd import Beating
from tests.notified import Manager, manager
from web.answering import answers, watch_over
from web.serving import Server, Tls, server

ROOT = Path(__file__).parents[2]


def write_certificate(crt: Path, key: Path) -> None:
    """The device's own."""
    made, private = certificate.make(["sentinel.local"], [], now().wall)
    crt.write_bytes(made)
    key.write_bytes(private)


@contextmanager
def serving(app: Flask, host: str = "127.0.0.1", tls: Tls | None = None, patience: float = 10) -> Iterator[Server]:
    """A real server, on a port of its own."""
    page = Server((host, 0), app, patience)
    page.prepare()
    page.ssl_adapter = tls
    thread = threading.Thread(target=page.serve)
    thread.start()
    try:
        yield page
    finally:
        page.stop()
        thread.join()


@pytest.fixture
def app() -> Flask:
    """One view that answers, and one lock that may keep it from doing so."""
    made = Flask(__name__)
    made.config["free"] = threading.Event()
    made.config["free"].set()
    made.config["asked"] = threading.Event()

    @made.get("/healthz")
    def healthz() -> tuple[str, int]:
        made.config["asked"].set()
        made.config["free"].wait()
        return "", 503

    return made


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])
def test_a_page_answers_under_every_address_it_may_listen_on(app, host):
    """Also one that says the sentinel is ill: it answers."""
    with serving(app, host) as page:
        assert answers(page, 3)


def test_a_page_answers_by_tls_with_its_own_certificate(app, tmp_path):
    """Which nobody signed."""
    crt, key = tmp_path / "page.crt", tmp_path / "page.key"
    write_certificate(crt, key)
    with serving(app, tls=Tls(crt, key)) as page:
        assert answers(page, 3)


def test_a_page_whose_threads_all_hang_does_not_answer(app):
    """The kernel still takes connections; that is no answer."""
    with serving(app) as page:
        app.config["free"].clear()
        try:
            assert not answers(page, 0.5)
        finally:
            app.config["free"].set()


def test_a_page_that_does_not_accept_does_not_answer(app):
    """It listens, and its loop is not there."""
    page = server(app, "127.0.0.1", 0)
    page.prepare()
    try:
        assert not answers(page, 0.5)
    finally:
        page.stop()


def test_a_besieged_page_is_not_hung(app):
    """Every thread listens to somebody who drips; each leaves its seat in time, so the page lives."""
    with serving(app, patience=1) as page:
        drips = [socket.create_connection(page.bind_addr[:2]) for _ in range(60)]
        for each in drips:
            each.sendall(b"GET / HT")
        time.sleep(0.2)
        assert answers(page, 2)
        for each in drips:
            each.close()


def test_an_answer_that_comes_while_the_page_stops_is_no_beat(app, tmp_path, monkeypatch):
    """systemd was told that it stops: nothing follows that."""
    with manager(tmp_path) as hears, serving(app) as page:
        monkeypatch.setenv("NOTIFY_SOCKET", hears.address)
        monkeypatch.setenv("WATCHDOG_USEC", "60000000")
        over, beating = threading.Event(), Beating()
        app.config["free"].clear()
        watch_over([page], over, beating)
        assert app.config["asked"].wait(20)
        beating.stop()
        over.set()
        app.config["free"].set()

        assert hears.hear(1) == ["STOPPING=1"]


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Manager]:
    with manager(tmp_path) as hears:
        yield hears


def start(cabinet: Cabinet, hears: Manager, patience: float = 2) -> subprocess.Popen[bytes]:
    """The page's own program on two free ports, watched with so many seconds of patience."""
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    file = cabinet.places.lasting / "sentinel.toml"
    file.write_text(f"[page]\nport = {ports[0]}\nhttps_port = {ports[1]}\n")
    folders = ["--dir", str(cabinet.places.lasting), "--run", str(cabinet.places.passing)]
    environment = hears.environment(WATCHDOG_USEC=str(int(patience * 1e6)))
    command = [sys.executable, "-m", "sentinel", "--config", str(file), *folders, "web"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


def test_the_program_is_ready_then_alive_then_stopping(cabinet, systemd):
    """And alive means: more often than systemd's patience, also before there is a certificate."""
    process = start(cabinet, systemd)
    with process:
        systemd.waits_for("READY=1")
        heard = systemd.hear(4)
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    systemd.waits_for("STOPPING=1")
    systemd.hear(0.3)

    assert len(heard) >= 4
    assert set(heard) == {"WATCHDOG=1"}
    assert systemd.words[0] == "READY=1"
    assert systemd.words[-1] == "STOPPING=1"


def test_a_program_with_a_certificate_is_alive_by_both_its_ports(cabinet, systemd):
    """The one that must not be read on its way, too."""
    write_certificate(cabinet.places.certificate, cabinet.places.key)
    process = start(cabinet, systemd)
    with process:
        systemd.waits_for("READY=1")
        assert len(systemd.hear(4)) >= 3
        process.kill()


def test_a_stopped_program_is_alive_no_more(cabinet, systemd):
    """systemd will kill it."""
    process = start(cabinet, systemd)
    with process:
        systemd.waits_for("WATCHDOG=1")
        process.send_signal(signal.SIGSTOP)
        systemd.hear(0.5)
        assert systemd.hear(2) == []
        process.kill()
