"""Whether a visitor is a known research scanner, by forward-confirmed reverse DNS: the system's resolver, twice.

Whoever has an address may give it any name, so a name counts only when it leads back to that very address. The
name itself goes nowhere: it is a stranger's text, and only organisations of `scanners.csv` ever come out of here.
"""

import queue
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sentinel import scanners
from sentinel.model.moment import Address

PATIENCE = timedelta(seconds=5)
"""A resolver tries for half a minute where nobody answers; nobody waits so long for words."""
ALIASES = 4

Back = Callable[[str], tuple[str, list[str], list[str]]]
"""`socket.gethostbyaddr`."""
Forth = Callable[..., Any]
"""`socket.getaddrinfo`."""


def organisation(
    address: Address, back: Back = socket.gethostbyaddr, forth: Forth = socket.getaddrinfo
) -> str | None:
    """The scanner's organisation; empty: the name is none of theirs; None: nobody could be asked."""
    try:
        name, aliases, _ = back(str(address))
    except (OSError, UnicodeError) as error:
        return "" if isinstance(error, socket.herror) and error.errno == 1 else None  # HOST_NOT_FOUND: netdb(3)
    for each in (name, *aliases[:ALIASES]):
        whose = scanners.by_name(each)
        if whose and _leads_back(each, address, forth):
            return whose
    return ""


def _leads_back(name: str, address: Address, forth: Forth) -> bool:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        found = forth(name, None, family, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return str(address) in {str(place[0]) for *_, place in found}


class Resolver:
    """The same within a time: one look-up at once, in a thread of its own, which may outlive our patience."""

    def __init__(
        self, ask: Callable[[Address], str | None] = organisation, patience: timedelta = PATIENCE
    ) -> None:
        self._ask = ask
        self._patience = patience
        self._busy: threading.Thread | None = None

    def __call__(self, address: Address) -> str | None:
        """As `organisation`; None also while an earlier look-up still waits."""
        if self._busy is not None and self._busy.is_alive():
            return None
        answer: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._busy = threading.Thread(target=lambda: answer.put(self._ask(address)), name="names", daemon=True)
        self._busy.start()
        try:
            return answer.get(timeout=self._patience.total_seconds())
        except queue.Empty:
            return None
