"""Real receivers on loopback: a tiny mail server, one for JSON over HTTP, one that refuses, one that is mute."""

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer

Mails = list[Message]


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    """Serve in a thread meanwhile; its port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def smtp(mails: Mails, *, takes: bool = True) -> Iterator[int]:
    """A mail server (RFC 5321) that takes everything, or refuses every letter."""

    class Talk(socketserver.StreamRequestHandler):
        timeout = 10

        def handle(self) -> None:
            self._say("220 loopback")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self._say("354 go on")
                    self._letter()
                elif word == b"QUIT":
                    self._say("221 bye")
                    return
                elif word == b"RCPT" and not takes:
                    self._say("550 nobody here")
                else:
                    self._say("250 well")

        def _letter(self) -> None:
            lines = iter(self.rfile.readline, b".\r\n")
            mails.append(message_from_bytes(b"".join(lines), policy=default))
            self._say("250 taken")

        def _say(self, words: str) -> None:
            self.wfile.write(words.encode() + b"\r\n")

    with serving(socketserver.TCPServer(("127.0.0.1", 0), Talk)) as port:
        yield port


@contextmanager
def http(bodies: list[dict[str, str]], *, status: int = 200) -> Iterator[int]:
    """A receiver of JSON."""

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if status < 300:
                bodies.append(json.loads(body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on the console."""

    with serving(HTTPServer(("127.0.0.1", 0), Page)) as port:
        yield port


@contextmanager
def silence() -> Iterator[int]:
    """Takes a call and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def nobody() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def mailto(port: int) -> str:
    """An address as Apprise writes it, with a password in it."""
    return f"mailto://127.0.0.1:{port}/?from=sentinel@example.org&to=camille@example.org&mode=insecure"
