"""Asking an open door who it is: the gentlest question of its class, and a second where the first calls for it.

Imaging ports get an association request, web ports a `GET /`, remote desktops the first words of every client of
theirs; the rest is only listened to. On port 445 nothing is sent: an SMB server does not speak first, and even a
negotiation is a line in its log, for a door that is red already. A port nobody has heard of is listened to, and if
it waits for the caller it gets the association request: a web server declines that as a bad request, and a PACS on
an odd port is found. A TLS handshake, of which some imaging servers die, comes last, only where it was allowed,
and never where something has answered in plain words.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from enum import IntEnum

from sentinel.echo import banner, dicom, page
from sentinel.echo.planning import Ask
from sentinel.echo.protocol import AGAIN_S, DICOM_S, LISTEN_S, WEB_S
from sentinel.echo.talk import Talk
from sentinel.model.exposure import Answer, Application, Kind, Probe
from sentinel.services import service

Connect = Callable[[Probe], AbstractAsyncContextManager[Talk]]
"""A connection from an announced source port.

Raises:
    OSError: there is none.
    TimeoutError: nor was there an answer.
"""
PRINTERS = range(9100, 9108)
"""They print whatever they are sent."""
BAD_REQUEST = 400
UNKNOWN = Application(kind=Kind.UNKNOWN)
RELEASE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, in seconds."""

    dicom: float = DICOM_S
    web: float = WEB_S
    """And for remote desktops and TLS handshakes."""
    listen: float = LISTEN_S
    turn: float = WEB_S
    """After so much silence the next door is asked, while the first may still think."""
    again: float = AGAIN_S
    """From the last question to the look afterwards."""


class Way(IntEnum):
    """How a port is asked; the ways that find imaging come first."""

    DICOM = 0
    WEB = 1
    ODD = 2
    """Not in our table."""
    REMOTE = 3
    LISTEN = 4


def way(port: int) -> Way:
    """By the port's class in `imaging_ports.csv`."""
    row = service(port)
    if row is None:
        return Way.LISTEN if port in PRINTERS else Way.ODD
    if row.category == "dicom":
        return Way.DICOM
    if row.category == "imaging-web" or row.name in ("http", "https", "webdav"):
        return Way.WEB
    return Way.REMOTE if row.name == "ms-wbt-server" else Way.LISTEN


def _is_for_tls(port: int) -> bool:
    row = service(port)
    return row is not None and row.name == "https"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """What came, and how it ended when it was not what we hoped for."""

    raw: bytes
    end: Kind
    """SILENT, CLOSES or RESETS; UNKNOWN when there was no time to wait."""

    def application(self) -> Application:
        """In our words."""
        if not self.raw:
            return Application(kind=self.end)
        return banner.spoken(self.raw) or UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to say, and how long and how much to listen."""

    said: bytes
    patience: float
    most: int
    is_whole: Callable[[bytes], bool]


class Interview:
    """Asks the doors of one check."""

    def __init__(
        self,
        connect: Connect,
        *,
        mark: str,
        check: str,
        tls: bool,
        ends: float,
        patience: Patience,
    ) -> None:
        """`ends`, on the loop's clock: no answer is waited for any longer."""
        self._connect = connect
        self._tls = tls
        self._ends = ends
        self._handshake_s = patience.web
        self._association = Question(
            said=dicom.association_request(mark),
            patience=patience.dicom,
            most=dicom.MOST_BYTES,
            is_whole=dicom.is_whole,
        )
        self._page = Question(
            said=page.page_request(check), patience=patience.web, most=page.MOST_BYTES, is_whole=page.is_whole
        )
        self._remote = Question(
            said=banner.REMOTE_DESKTOP_REQUEST,
            patience=patience.web,
            most=banner.MOST_BYTES,
            is_whole=lambda raw: len(raw) >= banner.CONFIRM_BYTES,
        )
        self._nothing = Question(
            said=b"", patience=patience.listen, most=banner.MOST_BYTES, is_whole=lambda raw: b"\n" in raw
        )

    async def ask(self, ask: Ask) -> Application:
        """Who answers at one door; nothing that can happen there raises."""
        asked = way(ask.port)
        try:
            first = await self._first(asked, ask.first)
        except OSError:  # a TimeoutError too: the door was open a moment ago
            return UNKNOWN
        again = self._second(asked, first, ask.port)
        if again is None:
            return first
        question, inside = again
        return await self._followed(ask.second, question, first, inside=inside)

    async def _first(self, asked: Way, probe: Probe) -> Application:
        async with self._connect(probe) as talk:
            if asked is Way.DICOM:
                return await self._converse(talk, self._association)
            if asked is Way.WEB:
                return await self._converse(talk, self._page)
            if asked is Way.REMOTE:
                return await self._converse(talk, self._remote)
            first = await self._converse(talk, self._nothing)
            if asked is Way.ODD and first.kind is Kind.SILENT:
                return await self._converse(talk, self._association)
            return first

    def _second(self, asked: Way, first: Application, port: int) -> tuple[Question, bool] | None:
        """What a first answer makes us ask once more, and whether inside TLS."""
        if asked in (Way.DICOM, Way.ODD):
            if first.kind is Kind.HTTP:
                return self._page, False
            if first.kind in (Kind.RESETS, Kind.TLS) and self._tls:
                return self._association, True
        if asked is Way.WEB:
            hung_up = first.kind in (Kind.CLOSES, Kind.TLS) or first.status == BAD_REQUEST
            if self._tls and (hung_up or (first.kind is Kind.RESETS and _is_for_tls(port))):
                return self._page, True
            if first.kind is Kind.RESETS:  # as a DICOM server does when it is told "GET"
                return self._association, False
        return None

    async def _followed(
        self, probe: Probe, question: Question, first: Application, *, inside: bool
    ) -> Application:
        """The second answer, where it says more than the first."""
        try:
            async with self._connect(probe) as talk:
                if inside and not await self._secured(talk):
                    said = banner.spoken(talk.first)
                    return said if said is not None and said.kind is Kind.TLS else first
                second = await self._converse(talk, question)
        except OSError:
            return first
        if inside:
            return replace(second, tls=True) if second.kind in TELLING else Application(kind=Kind.TLS, tls=True)
        return second if second.kind in TELLING else first

    async def _secured(self, talk: Talk) -> bool:
        try:
            async with asyncio.timeout(self._left(self._handshake_s)):
                await talk.secure()
        except OSError:
            return False
        return True

    async def _converse(self, talk: Talk, question: Question) -> Application:
        heard = await self._hear(talk, question)
        found = heard.application()
        if found.answer is Answer.ACCEPTED:
            await _release(talk)
        return found

    async def _hear(self, talk: Talk, question: Question) -> _Heard:
        raw, patience = b"", self._left(question.patience)
        end = Kind.SILENT if patience == question.patience else Kind.UNKNOWN
        try:
            async with asyncio.timeout(patience):
                await talk.send(question.said)
                while len(raw) < question.most and not question.is_whole(raw):
                    more = await talk.receive(question.most - len(raw))
                    if not more:
                        end = Kind.CLOSES
                        break
                    raw += more
        except TimeoutError:
            pass
        except OSError:
            end = Kind.RESETS
        return _Heard(raw=raw, end=end)

    def _left(self, patience: float) -> float:
        return min(patience, max(0.0, self._ends - asyncio.get_running_loop().time()))


TELLING = (Kind.DICOM, Kind.HTTP)


async def _release(talk: Talk) -> None:
    """Leave an association as PS3.8 section 9.3.6 asks; whether that is confirmed matters little."""
    try:
        async with asyncio.timeout(RELEASE_S):
            await talk.send(dicom.RELEASE)
            await talk.receive(len(dicom.RELEASE))
    except OSError:
        pass
