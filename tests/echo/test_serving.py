import http.client
import logging
import socket
import ssl
import time

import pytest

from sentinel.echo import serving
from sentinel.echo.serving import check_source_ports
from sentinel.errors import ConfigurationError
from tests.echo.running import Caller, word


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/admin"), ("GET", "/v1/check"), ("POST", "/v1/challenge"), ("GET", "/v2/challenge")],
)
def test_every_other_question_is_declined_in_the_echos_words(running, method, path):
    """And the connection is over."""
    with Caller(running) as caller:
        assert word(*caller.ask(method, path)) == "bad_request"
        with pytest.raises(http.client.NotConnected):
            caller.ask("GET", "/v1/challenge")


def test_a_question_too_large_is_declined(running):
    """Eight KiB are plenty."""
    with Caller(running) as caller:
        assert word(*caller.ask("POST", "/v1/enrol", b" " * 9000)) == "too_large"


def test_a_connection_has_four_questions(running):
    """Challenge, check, go, and one more."""
    with Caller(running) as caller:
        for _ in range(4):
            caller.challenge()
        assert word(*caller.ask("GET", "/v1/challenge")) == "bad_request"


def plain(running):
    return socket.create_connection((running.host, running.port), timeout=5)


def tls(running):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain(running))


@pytest.mark.parametrize("beginning", [b"", b"GET /v1/chall"])
def test_whoever_never_ends_a_question_is_hung_up_on(running, monkeypatch, beginning):
    """However slowly its headers come."""
    monkeypatch.setattr(serving, "HEADERS_S", 0.5)
    with tls(running) as caller:
        caller.sendall(beginning)
        began = time.monotonic()
        assert caller.recv(100) == b""
        assert time.monotonic() - began < 2


def test_garbage_gets_nothing_out_of_it(running):
    """No page, no version, no address."""
    with plain(running) as caller:
        caller.sendall(b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00")
        assert b"aiohttp" not in caller.recv(1000)


def test_tls_older_than_1_3_is_not_spoken(running):
    """Nothing to fall back to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    with plain(running) as connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection)


def test_the_log_never_holds_a_whole_address(running, key, caplog):
    """A key and a /24 say enough."""
    with caplog.at_level(logging.DEBUG):
        with Caller(running, key) as caller:
            caller.go(caller.plan().check)
        with Caller(running) as caller:
            caller.ask("GET", "/nothing")
        with tls(running) as caller:
            caller.sendall(b"garbage\r\n\r\n")
            caller.recv(1000)

    said = [record.getMessage() for record in caplog.records if record.name.startswith(("sentinel", "aiohttp"))]
    assert any("127.0.0.0/24" in line for line in said)
    assert not [line for line in said if "127.0.0.1" in line]


def test_a_failure_of_ours_is_told_as_not_ready(running, key, monkeypatch):
    """Logged for the operator; the caller learns nothing of the inside."""

    def fail(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(running.echo.admission, "admit", fail)
    with Caller(running, key) as caller:
        assert caller.word() == "not_ready"


def test_a_failure_in_the_middle_of_a_stream_ends_it_without_a_report(running, key, monkeypatch):
    """Half a report is none."""

    async def fail(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(running.echo.prober, "run", fail)
    with Caller(running, key) as caller:
        check = caller.plan().check
        caller.http.request("POST", f"/v1/check/{check}/go", b"")
        answer = caller.http.getresponse()
        with pytest.raises((http.client.IncompleteRead, ssl.SSLError, ConnectionError)):
            answer.read()
        answer.close()


def test_source_ports_that_the_kernel_hands_out_to_others_are_refused(monkeypatch):
    """Said at the start, with the setting to change."""
    monkeypatch.setattr(serving, "local_ports", lambda: range(15_000, 61_000))

    with pytest.raises(ConfigurationError, match="ip_local_port_range"):
        check_source_ports()
