"""The page for strangers, over TLS and without, and the form with which they opt out."""

import http.client
import logging
import re
import socket
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.echo.running import Caller, RunningEcho, free_port, word

HOME = ip_address("127.0.0.1")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def shown(tmp_path):
    """An echo with a page on a port of its own."""
    words = {"http": ((HOME, free_port()),), "contact": "abuse@echo.example.org <&>"}
    with RunningEcho(tmp_path / "echo", **words) as echo:
        yield echo


def ask(echo, method="GET", path="/", body=None, headers=None, source=None):
    """One question without TLS: status, headers, text."""
    line = http.client.HTTPConnection(
        "127.0.0.1", echo.settings.http[0][1], timeout=5, source_address=(source, 0) if source else None
    )
    line.request(method, path, body, {**(FORM if body else {}), **(headers or {})})
    answer = line.getresponse()
    text = answer.read().decode()
    line.close()
    return answer.status, dict(answer.getheaders()), text


def token(page):
    return re.search(r'name="token" value="([0-9a-f]+)"', page)[1]


def test_the_page_says_what_why_and_to_whom_one_may_complain(shown):
    """In both languages, without script, to be framed by nobody."""
    status, headers, page = ask(shown)

    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "abuse@echo.example.org &lt;&amp;&gt;" in page
    assert "only to the address that asks" in page
    assert "qu’à l’adresse qui le demande" in page
    assert "<script" not in page
    assert "$" not in page
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; form-action 'self'; frame-ancestors")
    assert headers["Server"] == "sentinel-echo"


def test_over_tls_it_is_the_same_page(shown):
    """Whoever types the address with https."""
    with Caller(shown) as caller:
        status, body = caller.ask("GET", "/")

    assert status == 200
    assert b"You saw connections" in body


def test_robots_are_asked_to_stay_away(shown):
    """Both ways."""
    assert "Disallow: /" in ask(shown, path="/robots.txt")[2]
    with Caller(shown) as caller:
        assert caller.ask("GET", "/robots.txt")[0] == 200


def test_without_tls_there_is_the_page_and_nothing_else(shown):
    """No sentinel may be led to speak there."""
    status, _, said = ask(shown, path="/v1/challenge")

    assert word(status, said.encode()) == "bad_request"


def test_a_visitor_opts_out_and_in_by_two_presses(shown):
    """Of his own line; a check is refused meanwhile."""
    key = Ed25519PrivateKey.generate()
    shown.know(key)
    status, _, page = ask(shown, "POST", "/opt-out", f"token={token(ask(shown)[2])}")
    assert status == 200
    assert "Done: this line will not be checked." in page
    with Caller(shown, key) as caller:
        assert caller.word() == "opted_out"

    assert 'action="/opt-in"' in ask(shown)[2]
    ask(shown, "POST", "/opt-in", f"token={token(page)}")
    with Caller(shown, key) as caller:
        assert caller.word() == "ok"


@pytest.mark.parametrize("path", ["/opt-out", "/opt-in"])
@pytest.mark.parametrize("body", ["", "token=", "token=00", "x=1&x=2&x=3&x=4&x=5", "token=é"])
def test_a_form_of_another_site_does_nothing(shown, path, body):
    """It cannot know the token; a practice must not be opted out behind its back."""
    status, _, said = ask(shown, "POST", path, body.encode() or b" ", {"Origin": "https://evil.example"})

    assert word(status, said.encode()) == "bad_request"
    assert not shown.echo.books.optouts.everybody()


def test_a_token_is_good_for_the_line_it_was_given_to(shown):
    """An attacker's own token does not opt out his victim."""
    given = token(ask(shown, source="127.0.0.2")[2])
    status, _, _ = ask(shown, "POST", "/opt-out", f"token={given}")

    assert status == 400
    assert not shown.echo.books.optouts.everybody()


def test_a_token_is_good_for_an_hour_or_two(tmp_path):
    """A page left open over night must be loaded again."""
    from tests.builders import moment

    class Clock:
        seconds = 0

        def __call__(self):
            return moment(self.seconds)

    clock = Clock()
    words = {"http": ((HOME, free_port()),), "contact": "c", "clock": clock}
    with RunningEcho(tmp_path / "echo", **words) as echo:
        given = token(ask(echo)[2])
        clock.seconds = 2 * 3600
        assert ask(echo, "POST", "/opt-out", f"token={given}")[0] == 400
        assert ask(echo, "POST", "/opt-out", f"token={token(ask(echo)[2])}")[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[", ""])
def test_under_a_name_that_is_not_ours_there_is_no_form(shown, host):
    """It may have been made to point at us, and its script could read the token in a visitor's browser."""
    status, _, page = ask(shown, headers={"Host": host})
    given = token(ask(shown)[2])

    assert status == 200
    assert "token" not in page
    assert 'href="http://127.0.0.1/"' in page
    assert ask(shown, "POST", "/opt-out", f"token={given}", {"Host": host})[0] == 400
    assert not shown.echo.books.optouts.everybody()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:80", "probe-1.127.0.0.1"])
def test_our_own_names_are_served(shown, host):
    """The address, the name, and names below it: such as a reverse name."""
    assert ask(shown, headers={"Host": host})[0] == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_no_header_opts_out_another(shown, header):
    """The line is the one he calls from."""
    forged = {header: "for=192.0.2.7" if header == "Forwarded" else "192.0.2.7"}
    _, _, page = ask(shown, headers=forged)
    ask(shown, "POST", "/opt-out", f"token={token(page)}", forged)

    assert "192.0.2.7" not in page
    assert shown.echo.books.optouts.covers(HOME)
    assert not shown.echo.books.optouts.covers(ip_address("192.0.2.7"))


def test_a_visitor_is_not_in_the_log(shown, caplog):
    """Nor in the file, but blinded."""
    with caplog.at_level(logging.DEBUG):
        ask(shown, "POST", "/opt-out", f"token={token(ask(shown)[2])}")

    assert not [record for record in caplog.records if "127.0.0.1" in record.getMessage()]


def test_a_form_that_is_too_large_is_declined(shown):
    """Eight KiB are plenty for a token."""
    status, _, said = ask(shown, "POST", "/opt-out", b"token=" + b"0" * 9000)

    assert word(status, said.encode()) == "too_large"


def test_a_silent_visitor_is_hung_up_on(shown, monkeypatch):
    """As at the other door."""
    from sentinel.echo import serving

    monkeypatch.setattr(serving, "HEADERS_S", 0.5)
    with socket.create_connection(("127.0.0.1", shown.settings.http[0][1]), timeout=5) as caller:
        caller.sendall(b"GET / HT")
        assert caller.recv(100) == b""
