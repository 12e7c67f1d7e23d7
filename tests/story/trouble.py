"""A sentinel in trouble: what must hold of every failure of ourselves, whichever part fails."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from typing import Any
from zoneinfo import ZoneInfo

from sentinel.clock import now
from sentinel.model.finding import Code, Level
from sentinel.model.verdict import Reason
from sentinel.signals import pulse
from sentinel.text import say, times
from sentinel.text.points import Audience, Point, sentence
from tests.lab.cabinet import Cabinet
from tests.lab.doors import Answer, connected, door, knock
from tests.story.sentinel import Sentinel

PARIS = ZoneInfo("Europe/Paris")
LIMIT = 10.0
"""Seconds within which a failure must be told."""

Tell = Callable[[str, float], None]
"""Prints one measured time, in seconds."""


@dataclass
class Story:
    """A sentinel with a past, and whether its lamp was red before."""

    cabinet: Cabinet
    sentinel: Sentinel
    alarmed: bool
    tell: Tell
    rows: set[tuple[Any, ...]] = field(default_factory=set)
    incidents: set[int] = field(default_factory=set)

    def live(self) -> "Story":
        """Give it a past: somebody refused, and where the lamp shall be red, somebody let in."""
        self.cabinet.box.forward(11112, 4242)
        assert self.refused() is Answer.REFUSED
        if self.alarmed:
            self.come_in()
            self.sentinel.wait(lambda: self.sentinel.level() is Level.ALARM, "the alarm before")
        self.sentinel.wait(lambda: len(self.kept()) == 1 + self.alarmed, "the rows before")
        self.rows = self.kept()
        self.incidents = {each.number for each in self.sentinel.incidents()}
        assert self.incidents
        return self

    def refused(self) -> Answer:
        """A stranger knocks at a forwarded port behind which nobody listens."""
        return knock(self.cabinet.stranger, self.cabinet.box.v4, 11112)

    def come_in(self, source: IPv4Address | None = None) -> int:
        """A stranger comes in by that door, speaks and leaves; returns the port he came from."""
        with (
            door(self.cabinet.imaging, 4242),
            connected(self.cabinet.stranger, self.cabinet.box.v4, 11112, source=source) as line,
        ):
            line.sendall(b"hello")
            return int(line.getsockname()[1])

    def kept(self) -> set[tuple[Any, ...]]:
        """The rows of strangers, by what never changes of them."""
        return set(
            self.sentinel.sql(
                "SELECT run, serial, source, source_port, target_port FROM connections WHERE standing = 'stranger'"
            )
        )

    def has_row_from(self, port: int) -> bool:
        """Whether a stranger's connection from that port is on disk."""
        return any(row[3] == port for row in self.kept())

    def reason(self, code: Code) -> Reason | None:
        """Why, if that is among the reasons now."""
        verdict = self.sentinel.verdict()
        return next((each for each in verdict.reasons if each.code is code), None) if verdict else None

    def goes_blind(self, code: Code, what: str, begun: float) -> None:
        """The sentinel says by itself that it does not know, which part, and since when; red stays red."""
        self.sentinel.wait(lambda: self.reason(code), f"{code} after {what}", LIMIT)
        took = time.monotonic() - begun
        assert took <= LIMIT
        self.tell(f"{what}, until « {say('fr', f'finding.{code}.title')} » is shown", took)
        assert self.sentinel.level() is (Level.ALARM if self.alarmed else Level.UNSURE)
        assert f"lamp-{self.level.word}" in self.page()
        reason = self.reason(code)
        assert reason is not None
        assert timedelta(0) <= now().since(reason.since) < timedelta(seconds=LIMIT + 1)
        verdict = self.sentinel.verdict()
        assert verdict is not None
        assert _said(code, reason, verdict.at.wall) in self.page()

    def goes_dark(self, what: str, begun: float) -> None:
        """The page and the terminal say that nothing is being watched, and since when."""
        last = pulse.read(self.sentinel.places.pulse)
        self.sentinel.wait(lambda: self.sentinel.pulse() is None, f"darkness after {what}", LIMIT + 1)
        took = time.monotonic() - begun
        assert took <= LIMIT
        self.tell(f"{what}, until dark", took)
        page = self.page()
        assert "lamp-dark" in page
        assert last is not None
        since = times.since("fr", last.at.wall, now().wall, PARIS)
        assert say("fr", "verdict.off.since.sentence", since=since) in page

    @property
    def level(self) -> Level:
        """What is shown while a part is blind."""
        return Level.ALARM if self.alarmed else Level.UNSURE

    def page(self) -> str:
        """The first page, as anybody on the LAN sees it."""
        return self.sentinel.page()[1]

    def recovers(self, what: str, begun: float, *codes: Code, patience: float = 15) -> None:
        """By itself; everything of before is there, and a lamp that was red is red again."""
        well = self.sentinel.wait(lambda: self._is_well(codes), f"recovery after {what}", patience)
        self.tell(f"{what} over, until well again", max(well, time.monotonic() - begun))
        assert self.rows <= self.kept()
        assert self.incidents <= {each.number for each in self.sentinel.incidents()}
        assert self.sentinel.page()[0] == 200
        assert "Traceback" not in self.sentinel.tail()
        if self.alarmed:
            assert self.sentinel.level() is Level.ALARM
            self.sentinel.wait(lambda: self.sentinel.lamp()["colour"] == "red", "a red lamp", 2)

    def _is_well(self, codes: tuple[Code, ...]) -> bool:
        verdict = self.sentinel.verdict()
        return verdict is not None and not {each.code for each in verdict.reasons} & set(codes)


def _said(code: Code, reason: Reason, at: datetime) -> str:
    """The sentence that names the part and since when, as of that moment by the sentinel's own clock."""
    audience = Audience(language="fr", named=False, now=at, zone=PARIS)
    return sentence(Point(code=code, at=reason.since.wall), audience).text("fr")
