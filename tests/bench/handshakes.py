"""Callers who shake hands with an echo in TLS, ask for a challenge and hang up, from many networks."""

import socket
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.bench import practices

AT_ONCE = 8
QUESTION = b"GET /v1/challenge HTTP/1.1\r\nHost: bench\r\n\r\n"


def shake(place: tuple[str, int], number: int) -> bool:
    """One caller, from an address of his own; whether he was answered."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    source = (str(practices.address(number)), 0)
    with (
        socket.create_connection(place, timeout=20, source_address=source) as plain,
        context.wrap_socket(plain) as line,
    ):
        line.sendall(QUESTION)
        return b"challenge" in line.recv(4096)


def main() -> None:
    """ADDRESS PORT COUNT; prints how many were answered and in how many seconds."""
    place, count = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3])
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as callers:
        answered = sum(callers.map(lambda number: shake(place, number), range(count)))
    sys.stdout.write(f"{answered} {time.monotonic() - began}\n")


if __name__ == "__main__":
    main()
