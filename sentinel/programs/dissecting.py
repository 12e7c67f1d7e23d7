"""The line from `listen` to `dissect`: what may be asked in a second, and what becomes of a child that fails.

`listen` never waits for it. Both pipes take what they can at once; a question is whole in the pipe or not asked. A
child that ends, answers nonsense, or does not answer is taken away with everything it owed, which is counted, and
another one starts after a pause that doubles each time. Without any child the sentinel knows less of the machines
and nothing less of a connection.
"""

import logging
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sentinel.model.machine import HostSighting, Portrait, Uplink, is_made_up
from sentinel.model.moment import Moment
from sentinel.programs.lifeline import Child
from sentinel.tracking.budget import Budget
from sentinel.tracking.introductions import Introductions

PAUSE, LONGEST = timedelta(seconds=1), timedelta(minutes=5)
PROVED = timedelta(minutes=10)
"""One that lived so long is started again at once."""
ETHERNET_AND_ARP = 42
"""So much of a frame names its sender and holds nothing of a payload."""
ASK_AGAIN = timedelta(hours=1)
MOST = 4_096
COMMAND = (sys.executable, "-m", "sentinel.programs.dissect")

log = logging.getLogger(__name__)


class Dissecting:
    """What `listen` knows of `dissect`.

    Args:
        command: what is started.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._unread = 0
        self._command = command
        self._budget = Budget()
        self._introductions = Introductions()
        self._asked: dict[str, Moment] = {}
        self._child: Child | None = None
        self._gone: list[subprocess.Popen[bytes]] = []
        self._pause = PAUSE
        self._next: Moment | None = None
        self._is_ill = False

    @property
    def unread(self) -> int:
        """Frames that nobody read, or that told more than is told on."""
        return self._unread + self._introductions.forgotten

    @property
    def pid(self) -> int | None:
        """Of the present child."""
        return self._child.process.pid if self._child else None

    def read(self, frame: bytes, seen: Moment, at: Moment) -> None:
        """Have a rare frame read, if there is room for it."""
        if not (self._budget.takes(frame[6:12], at) and self._ask(frame, seen, at)):
            self._unread += 1

    def meet(self, sighting: HostSighting, frame: bytes, at: Moment) -> None:
        """Have the maker of a machine looked up, once an hour; without room now, when it is seen again."""
        last = self._asked.get(sighting.mac)
        if is_made_up(sighting.mac) or (last is not None and at.since(last) < ASK_AGAIN):
            return
        if not (self._budget.takes(frame[6:12], at) and self._ask(frame[:ETHERNET_AND_ARP], sighting.at, at)):
            return
        self._asked.pop(sighting.mac, None)
        self._asked[sighting.mac] = at
        if len(self._asked) > MOST:
            del self._asked[next(iter(self._asked))]

    def told(self, at: Moment) -> Iterator[Portrait | Uplink]:
        """What has come back since, as far as it was not told within the hour."""
        child = self._child
        if child is None:
            return
        try:
            for is_read, facts in child.answers():
                self._is_well()
                self._unread += not is_read
                yield from (fact for each in facts if (fact := self._introductions.feed(each)))
        except (OSError, ValueError) as error:
            self._lose(child, at, str(error))

    def tick(self, at: Moment) -> None:
        """Once a second: start it, start it again, end it."""
        self._gone = [each for each in self._gone if each.poll() is None]
        if self._child is not None and self._child.is_stuck(at):
            self._lose(self._child, at, "no answer")
        elif self._child is None and (self._next is None or at.since(self._next) >= timedelta()):
            self._start(at)

    def close(self) -> None:
        """End the child for good, and wait for every one that was ended."""
        if self._child is not None:
            self._child.end()
            self._gone.append(self._child.process)
            self._child = None
        for each in self._gone:
            each.wait()
        self._gone.clear()

    def _ask(self, frame: bytes, seen: Moment, at: Moment) -> bool:
        if self._child is None:
            return False
        try:
            return self._child.ask(frame, seen, at)
        except OSError as error:
            self._lose(self._child, at, str(error))
            return False

    def _start(self, at: Moment) -> None:
        try:
            self._child = Child(self._command, at)
        except OSError as error:
            self._wait(at, str(error))

    def _lose(self, child: Child, at: Moment, why: str) -> None:
        """It goes, with everything it owed."""
        self._child = None
        child.end()
        self._gone.append(child.process)
        self._unread += len(child.owed)
        if at.since(child.began) >= PROVED:
            self._pause = PAUSE
        self._wait(at, why)

    def _wait(self, at: Moment, why: str) -> None:
        self._next = Moment(wall=at.wall + self._pause, boot=at.boot + self._pause)
        if not self._is_ill:
            log.warning("dissect has ended (%s): what machines are is not read until it works again", why or "?")
        self._is_ill = True
        self._pause = min(self._pause * 2, LONGEST)

    def _is_well(self) -> None:
        """Log the change, not the state."""
        if self._is_ill:
            log.info("dissect works again")
        self._is_ill = False
