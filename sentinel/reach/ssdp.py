"""Where the box describes itself: an SSDP search on the LAN, of whose answers only the gateway's own are believed.

Any device of the LAN may answer, and may name any address as the place of its description. Followed blindly that
would make us fetch whatever it likes from wherever it likes; so the sender and the host it names must both be the
gateway (UPnP Device Architecture 2.0, section 1.3).
"""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address
from urllib.parse import urlsplit

PORT = 1900
GROUP = ("239.255.255.250", PORT)
TARGETS = tuple(f"urn:schemas-upnp-org:device:InternetGatewayDevice:{version}" for version in (1, 2))
WAIT = 2.0
"""Seconds: boxes answer within the one second they are asked for (`MX`), or not at all."""
ANSWERS = 256
"""Datagrams looked at before giving up: a flood must not keep us."""
LONGEST = 2048
"""Bytes of a datagram; what is longer is no answer."""
URL = 256
"""Characters of a description's address; longer ones exist only to be tried."""


def description(gateway: IPv4Address, *, port: int = PORT, wait: float = WAIT) -> str | None:
    """The address under which the gateway says it describes itself; None when it is silent.

    Asks the gateway alone and the whole LAN, since some boxes hear only one of the two; twice, as datagrams get
    lost. `port` is another one in tests.

    Raises:
        OSError: there is no way to the gateway.
    """
    with _socket(gateway) as line:
        begun = time.monotonic()
        for end in (begun + wait / 2, begun + wait):
            _search(line, gateway, port)
            for url in _answers(line, gateway, end):
                return url  # one description tells all
    return None


def _socket(gateway: IPv4Address) -> socket.socket:
    """A socket on the card that leads to the gateway: the search goes out there, and nowhere else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((str(gateway), PORT))  # sends nothing
        own = probe.getsockname()[0]
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 2)
        line.bind((own, 0))
    except OSError:
        line.close()
        raise
    return line


def _search(line: socket.socket, gateway: IPv4Address, port: int) -> None:
    for target in TARGETS:
        for to in ((str(gateway), port), GROUP):
            with suppress(OSError):  # without multicast there is still the gateway, and the other way round
                line.sendto(question(to, target), to)


def question(to: tuple[str, int], target: str) -> bytes:
    """An M-SEARCH."""
    lines = (
        "M-SEARCH * HTTP/1.1",
        f"HOST: {to[0]}:{to[1]}",
        'MAN: "ssdp:discover"',
        "MX: 1",
        f"ST: {target}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _answers(line: socket.socket, gateway: IPv4Address, end: float) -> Iterator[str]:
    """The addresses the gateway tells until then."""
    for _ in range(ANSWERS):
        left = end - time.monotonic()
        if left <= 0:
            return
        line.settimeout(left)
        try:
            data, sender = line.recvfrom(LONGEST)
        except TimeoutError:
            return
        except OSError:  # it refuses the port: the next one may answer all the same
            continue
        url = location(data, gateway) if sender[0] == str(gateway) else None
        if url is not None:
            yield url


def location(data: bytes, gateway: IPv4Address) -> str | None:
    """The description's address in one answer, if the answer is one and the address the gateway's own."""
    head, *lines = data[:LONGEST].decode("latin-1").splitlines() or [""]
    if not head.startswith("HTTP/1.1 200"):
        return None
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() == "location":
            url = value.strip()
            return url if is_of(url, gateway) else None
    return None


def is_of(url: str, gateway: IPv4Address) -> bool:
    """Whether an address lies on the gateway itself, written as the plain address it has."""
    if len(url) > URL or not url.isascii() or not url.isprintable() or "\\" in url:
        return False  # where readers of addresses disagree, none of them shall decide
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    netloc = str(gateway) if port is None else f"{gateway}:{port}"
    return parts.scheme == "http" and parts.netloc == netloc and port != 0
