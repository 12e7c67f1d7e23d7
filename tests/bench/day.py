"""A typical day of a practice, acted in the cabinet of the laboratory: who does what, and how often.

All of it goes on at its busiest for as long as it is played: a day made of such hours is more than a real one.
"""

import http.client
import random
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from tests.lab import doors, imaging
from tests.lab.cabinet import Cabinet
from tests.lab.images import study

ACCEPTED = 443
"""A page of the practice that is open to everybody, and accepted: robots come to it all day."""
SCANNED = (22, 23, 80, 104, 445, 3389, 5900, 8080, 11112)
"""Where robots look, most of it refused by the box."""
PAGE = 8080
ADDRESSES = 250


@dataclass(slots=True)
class Act:
    """Something that is done again and again."""

    every: float
    """Seconds."""
    do: Callable[[], None]
    due: float = 0.0
    done: int = 0


@dataclass(slots=True)
class Day:
    """The acts of a day, each with how often it was done.

    Args:
        cabinet: where it takes place, with an imaging server in it.
        folder: where the images of the day lie.
    """

    cabinet: Cabinet
    folder: Path
    acts: dict[str, Act] = field(init=False)
    _chance: random.Random = field(default_factory=lambda: random.Random(7))
    _strangers: list[IPv4Address] = field(init=False)
    _images: list[Path] = field(init=False)
    _etag: str = ""

    def __post_init__(self) -> None:
        self._strangers = self.cabinet.strangers(ADDRESSES)
        self._images = [each.path for each in study(self.folder, count=2, side=256)]
        self.acts = {
            "pages read": Act(10, self._read_the_page),
            "visits of sites outside": Act(20, self._browse),
            "visits through the accepted door": Act(300, self._come_in),
            "scans of closed doors": Act(60, self._scan),
            "images stored inside": Act(120, self._store),
            "questions of the workstation": Act(180, self._ask),
        }

    def play(self, seconds: float) -> None:
        """Act until so many seconds have passed; what fails is a quiet moment, and is not counted."""
        begun = time.monotonic()
        while (now := time.monotonic()) - begun < seconds:
            for act in self.acts.values():
                if now >= act.due:
                    act.due = now + act.every
                    with suppress(OSError):
                        act.do()
                        act.done += 1
            time.sleep(0.2)

    def begin_anew(self) -> None:
        """Every act is due at once, and was never done."""
        for act in self.acts.values():
            act.due, act.done = 0.0, 0

    def told(self) -> str:
        """How often each was done."""
        return ", ".join(f"{act.done} {name}" for name, act in self.acts.items())

    def _read_the_page(self) -> None:
        """A tablet shows the lamp: it asks every ten seconds, and is mostly told that nothing has changed."""
        with self.cabinet.workstation.inside():
            line = http.client.HTTPConnection(str(self.cabinet.pi.v4), PAGE, timeout=5)
            line.connect()
        with closing(line):
            line.request("GET", "/lampe", headers={"If-None-Match": self._etag} if self._etag else {})
            answer = line.getresponse()
            answer.read()
            self._etag = answer.getheader("ETag") or ""

    def _browse(self) -> None:
        with doors.connected(self.cabinet.workstation, self.cabinet.echo2.v4, ACCEPTED) as line:
            line.sendall(b"x" * 600)

    def _come_in(self) -> None:
        source = self._chance.choice(self._strangers)
        with doors.connected(self.cabinet.stranger, self.cabinet.box.v4, ACCEPTED, source=source) as line:
            line.sendall(b"GET / HTTP/1.0\r\n\r\n")

    def _scan(self) -> None:
        source = self._chance.choice(self._strangers)
        for port in SCANNED:
            doors.knock(self.cabinet.stranger, self.cabinet.box.v4, port, source=source)

    def _store(self) -> None:
        imaging.storescu(self.cabinet.workstation, self.cabinet.imaging.v4, 4242, self._images)

    def _ask(self) -> None:
        imaging.findscu(self.cabinet.workstation, self.cabinet.imaging.v4, 4242)
