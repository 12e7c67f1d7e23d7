"""The page's own process: it starts, answers, and leaves within two seconds."""

import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from furnished import Cabinet

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(cabinet: Cabinet, settings: str) -> subprocess.Popen[str]:
    """`python -m web` with these settings."""
    file = cabinet.places.lasting / "sentinel.toml"
    file.write_text(settings, encoding="utf-8")
    folders = ["--dir", str(cabinet.places.lasting), "--run", str(cabinet.places.passing)]
    return subprocess.Popen(
        [sys.executable, "-m", "web", "--config", str(file), *folders],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def served(cabinet: Cabinet) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running page and its address; its clock is the machine's, so the furnished pulse is long dead."""
    port = free_port()
    process = start(cabinet, f"[page]\nport = {port}\n")
    with process:
        yield process, f"http://127.0.0.1:{port}"
        process.kill()


def fetch(address: str) -> tuple[int, str]:
    """Status and text, waiting up to ten seconds for somebody to listen."""
    until = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_leaves_quietly(served, how):
    """Within two seconds, with nothing to say."""
    process, address = served
    status, page = fetch(f"{address}/")
    health, _ = fetch(f"{address}/healthz")

    asked = time.monotonic()
    process.send_signal(how)
    out, err = process.communicate(timeout=10)

    assert (status, health) == (200, 503)
    assert "lamp-dark" in page
    assert time.monotonic() - asked < 2
    assert (process.returncode, out, err) == (0, "", "")


def test_browsers_that_leave_early_are_not_worth_a_word(served):
    """The log is for what matters."""
    process, address = served
    fetch(f"{address}/")

    host, port = address.removeprefix("http://").split(":")
    for _ in range(40):
        with socket.create_connection((host, int(port))) as browser:
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            browser.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    status, _ = fetch(f"{address}/")
    process.terminate()
    out, err = process.communicate(timeout=10)

    assert (status, process.returncode, out, err) == (200, 0, "", "")


def test_a_port_that_is_taken_is_said_in_one_line(cabinet: Cabinet):
    """And no traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start(cabinet, f"[page]\nport = {port}\n") as process:
            out, err = process.communicate(timeout=10)

    assert process.returncode == 69
    assert (out, err) == ("", f"the page cannot listen on 127.0.0.1 port {port}: Address already in use\n")


def test_a_wrong_configuration_is_said_and_ends_it(cabinet: Cabinet):
    """Every mistake, exit 2."""
    with start(cabinet, '[page]\nport = 0\nlanguage = "de"\n') as process:
        _, err = process.communicate(timeout=10)

    assert process.returncode == 2
    assert "page.language" in err
    assert "Traceback" not in err
