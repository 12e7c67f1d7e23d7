"""A server on loopback that has updates to give, over TLS, and who fetches from it for somebody else."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

from sentinel import certificate
from sentinel.programs.carrying import Carried, serve
from sentinel.programs.fetching import Source


@dataclass
class Shelf:
    """What a server has, and who asked for what."""

    address: str = ""
    trust: ssl.SSLContext | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    """Bytes after which it hangs up, whatever it announced."""
    asked: list[str] = field(default_factory=list)

    def source(self, **more: float) -> Source:
        return Source(self.address, self.trust, **more)


@contextmanager
def serving(folder: Path) -> Iterator[Shelf]:
    """A server on loopback with a certificate of its own, which is trusted."""
    shelf = Shelf()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shelf.asked.append(self.path)
            name = self.path.removeprefix("/releases/")
            if name in shelf.leads:
                self.send_response(302)
                self.send_header("Location", shelf.leads[name])
                self.end_headers()
                return
            body = shelf.files.get(name)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write((body or b"")[: shelf.cut])

        def log_message(self, *_: object) -> None:
            """Nothing."""

    cert, key = certificate.make(["localhost"], [ip_address("127.0.0.1")], datetime.now(UTC))
    (folder / "cert.pem").write_bytes(cert)
    (folder / "key.pem").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    shelf.trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # who does not trust it hangs up
        shelf.address = f"https://127.0.0.1:{server.server_address[1]}/releases"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield shelf
        server.shutdown()
        thread.join()


@contextmanager
def heard(folder: Path, times: int, deed: Callable[[socket.socket], object]) -> Iterator[Path]:
    """A socket as systemd makes it, at which somebody does this so often."""
    place = folder / "fetch.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as entrance:
        entrance.bind(str(place))
        entrance.listen()
        thread = threading.Thread(target=lambda: [deed(entrance) for _ in range(times)])
        thread.start()
        yield place
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def carried(shelf: Shelf, folder: Path, times: int = 1, **more: float) -> Iterator[Carried]:
    """By who fetches for whoever asks, from this server."""
    trusting = lambda address: Source(address, shelf.trust, **more)  # noqa: E731 - a name says what it is
    with heard(folder, times, lambda entrance: serve(entrance, trusting)) as place:
        yield Carried(shelf.address, place)
