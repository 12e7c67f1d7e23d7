"""An update from elsewhere: https, from one host and no other, bounded in size and time."""

import ssl
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urljoin, urlsplit

from sentinel.errors import MissingDevice, NotReadable

SILENCE = 30
"""Seconds between two pieces."""
LONGEST = 3 * 3600.0
"""Seconds for the whole: half a megabit a second is enough."""
LEADS = 3
"""Redirects that are followed, to the same host only."""


class Broken(MissingDevice):
    """The line broke, or was too slow: what it brought is no better or worse for that."""


class Readable(Protocol):
    """A file that comes from elsewhere."""

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""


class Opening(Protocol):
    """A folder that holds `latest.json` and the updates, elsewhere (`Source`) or by others' hands (`carrying`)."""

    def opened(self, name: str) -> AbstractContextManager[Readable]:
        """A file as it comes.

        Raises:
            MissingDevice: it cannot be had.
        """


def small(folder: Opening, name: str, most: int) -> bytes:
    """A small file, to its end.

    Raises:
        MissingDevice: it cannot be had.
        NotReadable: it is larger than `most`.
    """
    held = b""
    with folder.opened(name) as stream:
        while piece := stream.read(most + 1 - len(held)):
            held += piece
    if len(held) > most:
        raise NotReadable(f"{name} is larger than {most} bytes")
    return held


class Source:
    """A folder somewhere that holds `latest.json` and the updates."""

    def __init__(self, address: str, trust: ssl.SSLContext | None = None, longest: float = LONGEST) -> None:
        self._address = address.rstrip("/") + "/"
        self._trust = trust or ssl.create_default_context()
        self._until = time.monotonic() + longest

    def opened(self, name: str) -> "Stream":
        """A file as it comes.

        Raises:
            MissingDevice: it cannot be had.
        """
        where = urljoin(self._address, name)
        for _ in range(LEADS):
            line, answer = self._asked(where)
            if answer.status == 200:
                return Stream(line, answer, self._until)
            line.close()
            where = self._led(where, answer)
        raise MissingDevice(f"{self._address} leads from one place to the next")

    def _led(self, where: str, answer: HTTPResponse) -> str:
        if answer.status not in (301, 302, 307, 308):
            raise MissingDevice(f"{where} answers {answer.status}")
        further = urljoin(where, answer.headers.get("Location", ""))
        if urlsplit(further)[:2] != urlsplit(where)[:2]:
            raise MissingDevice(f"{where} leads to another host: it is not followed there")
        return further

    def _asked(self, where: str) -> tuple[HTTPSConnection, HTTPResponse]:
        parts = urlsplit(where)
        if parts.scheme != "https" or not parts.hostname:
            raise MissingDevice(f"{where} is not https")
        line = HTTPSConnection(parts.hostname, parts.port, timeout=SILENCE, context=self._trust)
        try:
            line.request("GET", parts.path, headers={"Connection": "close"})
            return line, line.getresponse()
        except (OSError, HTTPException) as error:
            line.close()
            raise MissingDevice(f"{where} cannot be reached: {error}") from None


class Stream:
    """The bytes of one file; whoever is too slow is left."""

    def __init__(
        self,
        line: HTTPSConnection,
        answer: HTTPResponse,
        until: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._answer = answer
        self._until = until
        self._clock = clock

    def read(self, size: int) -> bytes:
        """At most so many; none at the end.

        Raises:
            Broken: they stopped coming, or it took too long.
        """
        if self._clock() > self._until:
            raise Broken("the update takes too long to come")
        try:
            piece = self._answer.read1(size)
        except (OSError, HTTPException) as error:
            raise Broken(f"the update stopped coming: {error}") from None
        if not piece and size and self._answer.length:  # `read1` takes a line that broke for the end
            raise Broken(f"the update stopped coming, {self._answer.length} bytes before its end")
        return piece

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answer.close()
        self._line.close()
