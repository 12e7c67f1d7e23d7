"""The page's own process: it starts, answers, and leaves within two seconds."""

import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path

import pytest
from furnished import Cabinet

from sentinel import certificate
from web.serving import Server, Tls

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


@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]"])
def test_a_page_for_everybody_is_reached_by_both_families(cabinet, address):
    """`::`, as on a card: one socket, and who comes by IPv4 is known by that address."""
    port = free_port()
    process = start(cabinet, f'[page]\nhost = "::"\nport = {port}\n')
    with process:
        status, words = fetch(f"http://{address}:{port}/")
        process.kill()

    assert status == 200
    assert "sentinel" in words.lower()


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


# -- two ports --------------------------------------------------------------------------------------------------


def certify(cabinet: Cabinet, *names: str) -> None:
    """A certificate for this machine's loopback."""
    made, key = certificate.make(["localhost", *names], [ip_address("127.0.0.1")], datetime.now(UTC))
    cabinet.places.key.write_bytes(key)
    cabinet.places.certificate.write_bytes(made)


def trusting(cabinet: Cabinet, **how: ssl.TLSVersion) -> ssl.SSLContext:
    """A browser that knows the device's certificate, and no other."""
    context = ssl.create_default_context(cafile=cabinet.places.certificate)
    for name, value in how.items():
        setattr(context, name, value)
    return context


@pytest.fixture
def two_ports(cabinet: Cabinet) -> Iterator[tuple[Cabinet, int, int]]:
    """A running page with a plain port and a private one; no certificate is there yet."""
    plain, private = free_port(), free_port()
    process = start(cabinet, f"[page]\nport = {plain}\nhttps_port = {private}\n")
    with process:
        fetch(f"http://127.0.0.1:{plain}/healthz")
        yield cabinet, plain, private
        process.terminate()
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")


def ask(port: int, path: str, context: ssl.SSLContext | None = None, method: str = "GET") -> HTTPResponse:
    """One answer, no redirection followed; waits until somebody listens with a certificate."""
    until = time.monotonic() + 10
    while True:
        make = HTTPSConnection("127.0.0.1", port, timeout=5, context=context) if context else None
        line = make or HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            line.request(method, path, body="code=secret" if method == "POST" else None)
            answer = line.getresponse()
            answer.read()
            return answer
        except ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        finally:
            line.close()


def test_the_plain_port_tells_the_sentence_and_sends_the_rest_to_the_private_one(two_ports):
    """With what was asked for; a form that came in clear is not sent on. No HSTS on either: see `certificate`."""
    cabinet, plain, private = two_ports
    certify(cabinet)
    context = trusting(cabinet)

    for path in ("/", "/api/v1/status", "/static/sentinel.css"):
        assert ask(plain, path).status == 200
        assert ask(private, path, context).status == 200
    moved = {
        (method, path): ask(plain, path, method=method)
        for method, path in [
            ("GET", "/code"),
            ("GET", "/incidents?lang=en"),
            ("POST", "/code?next=/"),
            ("GET", "/x"),
        ]
    }
    assert {each.status for each in moved.values()} == {303}
    assert [each.getheader("Location") for each in moved.values()] == [
        f"https://127.0.0.1:{private}{path}" for path in ("/code", "/incidents?lang=en", "/code", "/x")
    ]
    answers = [ask(private, "/code", context), *moved.values()]
    assert answers[0].status == 200
    assert [each.getheader("Strict-Transport-Security") for each in answers] == [None] * 5
    assert all(each.getheader("Content-Security-Policy") for each in answers)


def test_the_certificate_is_waited_for_and_renewed_without_a_restart(two_ports):
    """`watch` makes it at its first start, and anew every other year."""
    cabinet, plain, private = two_ports
    assert ask(plain, "/").status == 200

    seen = []
    for name in ("first.local", "second.local"):
        certify(cabinet, name)
        assert ask(private, "/", trusting(cabinet)).status == 200
        line = socket.create_connection(("127.0.0.1", private), timeout=5)
        with line, trusting(cabinet).wrap_socket(line, server_hostname=name) as talk:
            seen.append(sha256(talk.getpeercert(binary_form=True)).digest().hex(":").upper())
        assert seen[-1] == certificate.fingerprint(cabinet.places.certificate)

    assert seen[0] != seen[1]


def test_an_old_tls_and_a_word_in_clear_get_nothing(two_ports):
    """TLS 1.2 at least; and the page goes on, without a word about it."""
    cabinet, _, private = two_ports
    certify(cabinet)
    context = trusting(cabinet)
    assert ask(private, "/", context).status == 200

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # naming the old version is the point
        old = trusting(cabinet, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", private), timeout=8) as line, pytest.raises(OSError):  # noqa: PT011 - alert or reset
        old.wrap_socket(line, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", private), timeout=8) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with suppress(ConnectionResetError):
            assert b"HTTP/1.1 200" not in line.recv(100)
    assert ask(private, "/", context).status == 200


# -- nobody keeps the others waiting ---------------------------------------------------------------------------


@contextmanager
def serving(cabinet: Cabinet, *, tls: bool = False, **how: float) -> Iterator[int]:
    """The page in this process, on a port of its own."""
    page = Server(("127.0.0.1", 0), cabinet.app(), **how)
    if tls:
        certify(cabinet)
        page.ssl_adapter = Tls(cabinet.places.certificate, cabinet.places.key)
    page.prepare()
    thread = threading.Thread(target=page.serve)
    thread.start()
    try:
        yield page.bind_addr[1]
    finally:
        page.stop()
        thread.join()


def took(port: int, source: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> float:
    """Seconds until a browser of this address has the first page."""
    begun = time.monotonic()
    where = ("127.0.0.1", port)
    with socket.create_connection(where, timeout=30, source_address=(source, 0)) as line:
        talk = context.wrap_socket(line, server_hostname="localhost") if context else line
        talk.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b" 200 " in talk.recv(1000)
        talk.close()
    return time.monotonic() - begun


@pytest.mark.parametrize("tls", [False, True])
def test_connections_that_say_nothing_keep_nobody_waiting(cabinet: Cabinet, tls):
    """A hundred of them cost no thread; each is closed after five seconds, and said nothing about."""
    with serving(cabinet, tls=tls) as port, ExitStack() as silent:
        for _ in range(100):
            silent.enter_context(socket.create_connection(("127.0.0.1", port)))
        context = trusting(cabinet) if tls else None

        assert took(port, context=context) < 3


@pytest.mark.parametrize("tls", [False, True])
def test_one_address_that_drips_leaves_threads_for_the_others(cabinet: Cabinet, tls):
    """A request in pieces, or half a handshake, from one machine: another machine is answered at once."""
    with serving(cabinet, tls=tls) as port, ExitStack() as dripping:
        for _ in range(40):
            line = dripping.enter_context(socket.create_connection(("127.0.0.1", port)))
            line.sendall(b"\x16\x03\x01" if tls else b"GET / HTTP/1.1\r\nHost: loc")
        time.sleep(0.3)
        context = trusting(cabinet) if tls else None

        assert took(port, "127.0.0.2", context) < 3


def test_a_request_that_drips_is_hung_up_on(cabinet: Cabinet):
    """However regularly it says a word: the whole must be heard in time."""
    with serving(cabinet, patience=1.0) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        begun = time.monotonic()
        line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        heard = b""
        with suppress(ConnectionError):
            while time.monotonic() - begun < 15:
                line.sendall(b"x")
                line.settimeout(0.2)
                with suppress(TimeoutError):
                    heard = line.recv(100)
                    break

        assert b"200" not in heard
        assert time.monotonic() - begun < 8


def test_a_body_that_never_comes_is_hung_up_on(cabinet: Cabinet):
    """Promised and dripped is not heard."""
    with serving(cabinet, patience=1.0) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        begun = time.monotonic()
        line.sendall(b"POST /code HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n")
        line.sendall(b"Content-Type: application/x-www-form-urlencoded\r\n\r\ncode=")
        heard = line.recv(1000)

        assert b" 200 " not in heard[:20]
        assert b" 303 " not in heard[:20]
        assert time.monotonic() - begun < 8
