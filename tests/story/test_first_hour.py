"""The first hour against a whole sentinel: its own programs, a browser without script, and nothing made up.

The recorded day is played, so that it needs no right and no network: machines are heard, a check is made, and what
a technician types goes through the page, the socket and the street into the store and back.
"""

import http.cookiejar
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import BaseHandler, HTTPCookieProcessor, build_opener

import pytest

PATIENCE = 60
PRACTICE = {
    "name": "Cabinet du Port",
    "contact": "Luc Besson",
    "phone": "06 11 22 33 44",
    "opens": "08:00",
    "closes": "18:00",
    "time_zone": "Europe/Paris",
    "language": "fr",
}


class Technician:
    """Somebody at a browser without script."""

    def __init__(self, page: str, *handlers: BaseHandler) -> None:
        self._page = page
        self._browser = build_opener(HTTPCookieProcessor(http.cookiejar.CookieJar()), *handlers)

    def read(self, path: str) -> str:
        """One page."""
        with self._browser.open(self._page + path, timeout=20) as answer:
            return str(answer.read().decode())

    def take(self, path: str) -> bytes:
        """One file."""
        with self._browser.open(self._page + path, timeout=20) as answer:
            return bytes(answer.read())

    def send(self, page: str, path: str, **fields: str | list[str]) -> str:
        """A form of that page, with its token; what came of it, as it is read."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.read(page))
        assert token, f"{page} has no form"
        form = urlencode({"csrf_token": token[1], "who": "Anne", **fields}, doseq=True).encode()
        try:
            with self._browser.open(self._page + path, form, timeout=20) as answer:
                return plain(answer.read().decode())
        except HTTPError as error:
            return plain(error.read().decode())

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Until something holds; a busy machine is waited for."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except (URLError, ConnectionError):
                pass
            time.sleep(0.3)
        raise AssertionError(f"never: {what}")


def plain(page: str) -> str:
    """A page as it is read, with ordinary spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def technician(tmp_path: Path) -> Iterator[Technician]:
    """In front of a sentinel that has just been switched on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    file = tmp_path / "sentinel.toml"
    file.write_text(f"[page]\nport = {port}\n")
    command = [sys.executable, "-m", "sentinel", "--config", str(file), "--dir", str(tmp_path), "run", "--demo"]
    with (tmp_path / "said").open("w") as said, subprocess.Popen(command, stdout=said, stderr=said) as run:
        try:
            somebody = Technician(f"http://127.0.0.1:{port}")
            somebody.wait(lambda: somebody.read("/"), "a page")
            yield somebody
        finally:
            run.send_signal(signal.SIGINT)
            run.wait(10)


def tuesday() -> str:
    """One within six weeks: an end that is allowed."""
    day = datetime.now(UTC).date() + timedelta(days=35)
    return str(day + timedelta(days=(2 - day.isoweekday()) % 7))


def test_the_first_hour_ends_with_a_certificate_that_says_what_was_done(technician: Technician, tmp_path: Path):
    """Whom to call, names, an accepted door, a recipient, each step noted, and the paper handed out."""
    assert "Bienvenue" not in technician.send("/code", "/code", code="WRONG")
    entered = technician.send("/code", "/code", code="DEMO")
    assert "étape 1 sur 8" in plain(technician.read("/first/welcome")), entered

    assert "C’est fait" in technician.send("/first/practice", "/first/practice", day=["1", "2"], **PRACTICE)
    assert "Cabinet du Port" in plain(technician.read("/"))
    assert "la fermeture après l’ouverture" in technician.send(
        "/settings", "/settings/practice", day="1", **{**PRACTICE, "closes": "07:00"}
    )

    technician.wait(lambda: "label-02:ca:b0" in technician.read("/first/machines"), "a machine is heard")
    mac = re.findall(r'name="label-([0-9a-f:]{17})"', technician.read("/first/machines"))[0]
    technician.send(
        "/first/machines", "/machines/labels", next="/first/machines", **{f"label-{mac}": "Panoramique"}
    )
    assert 'value="Panoramique"' in technician.read("/first/machines")

    door = {"machine": mac, "port": "1194", "source": "203.0.113.7", "window": "no", "why": "VPN de Luc"}
    assert "Rien n’a été" in technician.send("/accepted", "/accepted", **door, until="2031-01-06")
    technician.send("/accepted", "/accepted", **door, until=tuesday())
    assert "Panoramique · 1194" in plain(technician.read("/accepted"))

    technician.send(
        "/settings",
        "/settings/notices",
        practice_new="json://127.0.0.1:9/a-secret",
        drill_at="13:00",
        drill_weekday="2",
    )
    assert "json://…" in technician.read("/settings")
    assert "a-secret" not in technician.read("/settings")

    refused = technician.send("/first/certificate", "/first/certificate/paper")
    assert "L’attestation ne peut pas être établie." in refused
    assert 'href="/papers/' not in technician.read("/first/certificate")
    ask = ("/first/certificate", "/first/certificate/paper")
    technician.wait(  # until it knows: nothing is certified while it is blue
        lambda: "Document demandé" in technician.send(*ask, every_machine_on="yes"), "it may be certified"
    )
    technician.wait(lambda: 'href="/papers/' in technician.read("/first/certificate"), "the certificate")
    name = re.search(r'href="(/papers/[^"]+)"', technician.read("/first/certificate"))
    assert name
    (tmp_path / "certificate.pdf").write_bytes(technician.take(name[1]))
    paper = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "certificate.pdf", "-"], capture_output=True, text=True, check=True
    )
    for word in ("Cabinet du Port", "Panoramique", "Luc Besson", "1194"):
        assert word in paper.stdout, word

    for step in ("welcome", "view", "machines", "outside", "doors", "certificate"):
        technician.send(f"/first/{step}", f"/first/{step}", how="done")
    technician.send("/first/drill", "/first/drill", how="skipped")
    hour = plain(technician.read("/first"))
    assert hour.count("Fait ") == 7
    assert hour.count("Passé ") == 1
    assert "pas encore mise en route" not in plain(technician.read("/"))
