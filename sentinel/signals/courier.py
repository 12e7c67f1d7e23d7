"""The child that delivers one message: it alone loads apprise, and is gone within half a minute.

Its one line on stdin holds addresses, and addresses may hold passwords: nothing of them is in its arguments, its
environment or its words. It answers one line for each address, so that what arrived before it was ended is known.
"""

import logging
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sentinel import codec

LASTS = 30
"""Seconds for all addresses of one message."""
CPU = 20
"""Seconds of computing: loading apprise takes five on a small computer."""
LARGEST = 64 << 10
TAKEN, REFUSED, UNKNOWN = "taken", "refused", "unknown"
"""What it says of one address: its server took the message, did not, or nobody knows such an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message and where it goes."""

    addresses: tuple[str, ...]
    subject: str
    body: str


def deliver(parcel: Parcel) -> Iterator[str]:
    """One word for each address, in their order, as each is tried.

    Raises:
        ModuleNotFoundError: apprise is not installed.
    """
    import apprise

    logging.disable(logging.CRITICAL)  # its lines name addresses
    for address in parcel.addresses:
        yield _deliver(apprise, address, parcel)


def _deliver(apprise: Any, address: str, parcel: Parcel) -> str:
    service = apprise.Apprise()
    try:
        if not service.add(address):
            return UNKNOWN
        text = apprise.NotifyFormat.TEXT
        return TAKEN if service.notify(title=parcel.subject, body=parcel.body, body_format=text) else REFUSED
    except Exception:  # of whichever of a hundred services; its words may hold the address
        return REFUSED


def confine(lasts: int = LASTS) -> None:
    """Bound this process, whatever a server does to it."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the addresses
    signal.alarm(lasts)


def main(tell: Callable[[str], object]) -> int:
    """Deliver the message on stdin.

    Returns:
        0: every address took it; 1: not every one; 64: what came is no message; 69: apprise is not installed.
    """
    confine()
    try:
        parcel = codec.decode(sys.stdin.buffer.read(LARGEST), Parcel)
    except ValueError:
        return 64
    words = []
    try:
        for word in deliver(parcel):
            tell(word)
            words.append(word)
    except ModuleNotFoundError:
        return 69
    return 0 if set(words) == {TAKEN} else 1
