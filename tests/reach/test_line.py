import socket
import threading
import time

import pytest

from sentinel.model.exposure import Outcome
from sentinel.reach import line as module
from sentinel.reach.line import Line, NoAnswer
from tests.echo.running import free_port
from tests.reach.stub import Stub, answer, raw

PORTAL = b"<html><body>Please accept our terms</body></html>"


def outcome(port, host="127.0.0.1", family=4):
    """What asking for a challenge ends with."""
    with pytest.raises(NoAnswer) as failed, Line(host, port, family) as line:
        line.get("/v1/challenge")
    return failed.value


def test_a_whole_answer_comes_over_one_connection(tmp_path):
    """Twice asked, once connected; the certificate is the one it showed."""
    with Stub(tmp_path, answer(b"one"), answer(b"two")) as stub, Line("127.0.0.1", stub.port, 4) as line:
        assert (line.get("/1"), line.post("/2", b"body")) == (b"one", b"two")
        assert len(line.certificate) == 64

    assert stub.connections == 1
    assert stub.requests[1].endswith(b"body")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (answer(PORTAL, "403 Forbidden"), Outcome.NOT_AN_ECHO),
        (answer(PORTAL, "302 Found"), Outcome.NOT_AN_ECHO),
        (answer(b'{"error":"gremlins"}', "503 Unavailable"), Outcome.NOT_AN_ECHO),
        (answer(b"x" * 70_000), Outcome.NOT_AN_ECHO),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), Outcome.NOT_AN_ECHO),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200), Outcome.NOT_AN_ECHO),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), Outcome.UNREACHABLE),
        (raw(b""), Outcome.UNREACHABLE),
        (answer(b'{"error":"quota"}', "429 Too Many"), Outcome.QUOTA),
        (answer(b'{"error":"target_busy"}', "429 Too Many"), Outcome.BUSY),
        (answer(b'{"error":"busy"}', "503 Busy"), Outcome.BUSY),
        (answer(b'{"error":"not_ready"}', "503 Busy"), Outcome.BUSY),
        (answer(b'{"error":"tls_intercepted"}', "403 Forbidden"), Outcome.TLS_INTERCEPTED),
        (answer(b'{"error":"key_unknown"}', "403 Forbidden"), Outcome.REFUSED),
        (answer(b'{"error":"target_refused"}', "403 Forbidden"), Outcome.REFUSED),
        (answer(b'{"error":"opted_out"}', "403 Forbidden"), Outcome.REFUSED),
        (answer(b'{"error":"replay"}', "401 Unauthorized"), Outcome.REFUSED),
    ],
)
def test_every_answer_that_is_none_has_its_outcome(tmp_path, said, wanted):
    """Never an exception of the transport, never a state of a door."""
    with Stub(tmp_path, said) as stub:
        assert outcome(stub.port).outcome is wanted


def test_the_wait_an_echo_asks_for_is_passed_on(tmp_path):
    """In seconds."""
    with Stub(tmp_path, answer(b'{"error":"quota","retry_after_s":421}', "429 Too Many")) as stub:
        assert outcome(stub.port).retry_s == 421


def test_nobody_there_is_unreachable():
    """Refused at once."""
    assert outcome(free_port()).outcome is Outcome.UNREACHABLE


def test_a_name_that_leads_nowhere_is_unreachable():
    """Reserved never to exist; a name no resolver would take, too."""
    assert outcome(443, "echo.invalid").outcome is Outcome.UNREACHABLE
    assert outcome(443, "a" * 64 + ".example").outcome is not Outcome.CHECKED


def test_an_echo_of_the_other_family_is_unreachable():
    """An IPv4 address has no IPv6."""
    assert outcome(443, "127.0.0.1", 6).outcome is Outcome.UNREACHABLE


def test_plain_http_is_not_an_echo():
    """A portal that catches port 443 and answers whatever it is told."""

    def speak(door):
        with door.accept()[0] as caller:
            caller.recv(1000)
            caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as door:
        portal = threading.Thread(target=speak, args=[door])
        portal.start()
        found = outcome(door.getsockname()[1]).outcome
        portal.join()
    assert found is Outcome.NOT_AN_ECHO


@pytest.mark.parametrize("byte_by_byte", [False, True])
def test_patience_ends_however_slowly_bytes_drip(tmp_path, monkeypatch, byte_by_byte):
    """One deadline for the whole answer."""
    monkeypatch.setattr(module, "ANSWER_S", 0.5)

    def drip(caller, _request):
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(10):
            time.sleep(0.2)
            if byte_by_byte:
                caller.sendall(b".")

    with Stub(tmp_path, drip) as stub:
        began = time.monotonic()
        assert outcome(stub.port).outcome is Outcome.LATE
        assert time.monotonic() - began < 1.5


def test_a_connection_that_closed_is_not_opened_again(tmp_path):
    """It would be another question, from another port."""
    closing = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\none")
    with Stub(tmp_path, closing, answer(b"two")) as stub:
        with Line("127.0.0.1", stub.port, 4) as line:
            line.get("/1")
            with pytest.raises(NoAnswer) as failed:
                line.get("/2")
        assert stub.connections == 1
    assert failed.value.outcome is Outcome.UNREACHABLE


def test_no_route_is_told_apart_from_no_answer():
    """A practice without IPv6 is not a practice whose echo is down; nothing is sent to find out."""
    with pytest.raises(NoAnswer) as failed:
        module.require_route((socket.AF_INET, ("255.255.255.255", 9)))
    assert failed.value.outcome is Outcome.NO_ROUTE


def test_over_a_shared_address_we_come_from_a_port_of_ours(tmp_path):
    """Another would be a neighbour's, and an echo refuses it; a port in use is passed over."""
    with socket.create_server(("127.0.0.1", 0)) as taken, Stub(tmp_path, answer(b"one")) as stub:
        used = taken.getsockname()[1]
        share = (used, used + 1) if used < 65_535 else (used - 1, used)
        with Line("127.0.0.1", stub.port, 4, share) as line:
            ours = line._socket.getsockname()[1]

    assert ours in share
    assert ours != used
