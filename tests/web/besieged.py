"""A real sentinel to attack: `watch` and `web` as processes of their own, two ports, a certificate."""

import http.client
import json
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from sentinel.places import Places

ROOT = Path(__file__).parents[2]
CODE = "3141-5926"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Browser:
    """Cookies, an address of the loopback network, and no script: what an attacker has as well."""

    sentinel: "Besieged"
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
        """Status, body, place: over TLS, no redirection followed."""
        line = http.client.HTTPSConnection(
            "127.0.0.1",
            self.sentinel.private,
            timeout=30,
            source_address=(self.address, 0),
            context=self.sentinel.trust(),
        )
        sent = {
            "Host": "sentinel.local",
            "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
            **headers,
        }
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            line.request("GET" if form is None else "POST", path, urlencode(form or {}) or None, sent)
            answer = line.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.read().decode(errors="replace"), answer.getheader("Location") or ""
        finally:
            line.close()

    def send(self, page: str, path: str, **form: str) -> tuple[int, str, str]:
        """A form of `page` with its hidden token, as a person sends it."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.ask(page)[1])
        assert found, f"{page} has no form"
        return self.ask(path, {"csrf_token": found[1], **form})

    def login(self, code: str) -> int:
        """Try a code or a password."""
        return self.send("/code", "/code", code=code)[0]

    @property
    def is_inside(self) -> bool:
        """Whether pages behind the login open."""
        return self.ask("/account")[0] == 200


class Besieged:
    """One sentinel on loopback."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(lasting=folder / "var", passing=folder / "run")
        self.plain, self.private = free_port(), free_port()
        self.file = folder / "sentinel.toml"
        self.file.write_text(
            f'[capture]\nbox = ["127.0.0.253"]\nprefixes = ["127.0.0.0/8"]\n[page]\ncode = "{CODE}"\n'
            f'port = {self.plain}\nhttps_port = {self.private}\nuser = "nobody"\n'
            '[practice]\nname = "Cabinet du Parc"\n'
        )
        base = [sys.executable, "-m", "sentinel", "--config", str(self.file), "--dir", str(self.places.lasting)]
        base += ["--run", str(self.places.passing)]
        self._logs = [(folder / f"{name}.log").open("w+") for name in ("watch", "web")]
        self._processes = [
            subprocess.Popen([*base, name], cwd=ROOT, stderr=log)
            for name, log in zip(("watch", "web"), self._logs, strict=True)
        ]
        self.until(lambda: Browser(self).ask("/")[0] == 200)
        self.until(lambda: self.status()["level"] != "dark")

    def trust(self) -> ssl.SSLContext:
        """What a reader does who compared the fingerprint."""
        context = ssl.create_default_context(cafile=self.places.certificate)
        context.check_hostname = False  # asked by address, named in the header
        return context

    def status(self) -> dict[str, object]:
        """What the plain port says."""
        line = http.client.HTTPConnection("127.0.0.1", self.plain, timeout=10)
        try:
            line.request("GET", "/api/v1/status")
            return dict(json.load(line.getresponse()))
        finally:
            line.close()

    def raw(self, sent: bytes, port: int | None = None) -> bytes:
        """The beginning of what comes back for these very bytes, on the plain port."""
        with socket.create_connection(("127.0.0.1", port or self.plain), timeout=10) as line:
            line.sendall(sent)
            return line.recv(4096)

    def until(self, condition: Callable[[], object], patience: float = 40) -> None:
        """Wait for it."""
        over = time.monotonic() + patience
        while True:
            try:
                if condition():
                    return
            except (OSError, http.client.HTTPException):
                pass
            assert time.monotonic() < over, "the sentinel did not start"
            time.sleep(0.1)

    def stop(self) -> None:
        """End both; whatever was done to them, neither has met a bug of its own."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(15)
        said = ""
        for log in self._logs:
            log.seek(0)
            said += log.read()
            log.close()
        assert "Traceback" not in said, said
