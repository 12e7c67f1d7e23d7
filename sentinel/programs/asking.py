"""When `watch` asks the echo: by the timetable, after a doubt, or because somebody pressed the button."""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

from sentinel.clock import Clock
from sentinel.config import Echo as EchoSection
from sentinel.errors import SentinelError
from sentinel.model.exposure import Outcome, PortList, ReachOutcome
from sentinel.model.moment import Moment
from sentinel.model.passing import Progress
from sentinel.pipeline import Fact
from sentinel.reach import enrol, keys
from sentinel.reach.asking import ask
from sentinel.reach.doortest import door_test
from sentinel.reach.due import JITTER, Due
from sentinel.services import DOOR_TEST_PORT

log = logging.getLogger(__name__)

AGAIN = timedelta(seconds=60)
"""An invitation that could not be used is tried again this often."""


DOUBTS = 2
DOUBT_LASTS = timedelta(hours=1)
"""So many early checks within this time: an echo allows 60 a day, and the button must still find some left."""


class Asking:
    """What is due to be asked, for each family; the only part of `watch` that talks to the internet."""

    def __init__(
        self, section: EchoSection, folder: Path, clock: Clock, families: Callable[[], tuple[int, ...]]
    ) -> None:
        self._section = section
        self._folder = folder
        self._clock = clock
        self._families = families
        self._key = keys.own_key(folder)
        self._due: dict[int, Due] = {}
        self._soon = False
        self._enrol_again: Moment | None = None
        self._last: dict[int, Outcome] = {}
        self._doubts: list[Moment] = []
        self.under_way: tuple[Progress, ...] = ()
        """Checks being made at this moment; replaced as a whole, so any thread may read it."""

    @property
    def is_enrolled(self) -> bool:
        """Whether there is an echo to ask."""
        return bool(keys.echoes(self._folder))

    def soon(self) -> int:
        """Ask everything at the next occasion; how many checks that will be, 0 when there is nobody to ask."""
        self._soon = True
        return len(self._families()) if self.is_enrolled else 0

    def doubt(self) -> None:
        """Something happened that a check may explain. Strangers cause doubts at will, so they are rationed."""
        at = self._clock()
        self._doubts = [each for each in self._doubts if at.since(each) < DOUBT_LASTS]
        if self._last and len(self._doubts) < DOUBTS:
            self._doubts.append(at)
            self._soon = True

    def work(self, post: Callable[[Fact], None]) -> Iterator[Fact]:
        """Ask what is due. Knocks and cells are posted as they come, the outcome last."""
        if not self.is_enrolled:
            self._accept_invitation()
        if self._soon:
            self._soon = False
            self._due = {family: due.at_once() for family, due in self._due.items()}
        for echo in keys.echoes(self._folder)[:1]:
            for family in self._families():
                ports = self._due.setdefault(family, Due()).ports(self._clock())
                if ports is not None:
                    yield self._ask(echo, family, ports, post)

    def _ask(self, echo: keys.Echo, family: int, ports: PortList, post: Callable[[Fact], None]) -> ReachOutcome:
        begun = self._clock()
        try:
            with door_test() if family == 6 else nullcontext():
                outcome = self._put(echo, family, ports, post)
        except OSError as error:  # without our own listener, closed proves nothing over IPv6
            log.warning("the IPv6 door test cannot listen: %s", error)
            outcome = _unproved(echo, family, ports, begun, self._clock())
        finally:
            self.under_way = ()
        jitter = JITTER * (secrets.randbelow(1000) / 1000)
        self._due[family] = self._due[family].after(outcome, jitter)
        self._log(family, outcome.outcome)
        return outcome

    def _put(self, echo: keys.Echo, family: int, ports: PortList, post: Callable[[Fact], None]) -> ReachOutcome:
        def tell(done: int, of: int) -> None:
            self.under_way = (Progress(echo=echo.key_id, family=family, done=done, of=of),)

        tell(0, 0)
        return ask(
            echo,
            family,
            ports,
            key=self._key,
            post=post,
            clock=self._clock,
            progress=tell,
            extra_ports=(*self._section.extra_ports, *((DOOR_TEST_PORT,) if family == 6 else ())),
            expect_open=self._section.expect_open if family == 4 else (),  # a forward is an IPv4 thing
        )

    def _log(self, family: int, outcome: Outcome) -> None:
        """The change, not the state."""
        if self._last.get(family) is not outcome:
            self._last[family] = outcome
            log.info("the echo was asked over IPv%d: %s", family, outcome.value)

    def _accept_invitation(self) -> None:
        at = self._clock()
        if not self._section.invitation or (self._enrol_again and at.since(self._enrol_again) < AGAIN):
            return
        self._enrol_again = at
        try:
            invitation = enrol.read_invitation(self._section.invitation)
        except SentinelError as error:
            log.error("the invitation cannot be read: %s", error)
            return
        answer = enrol.enrol(invitation, self._key)
        if isinstance(answer, Outcome):
            log.warning("the echo did not take the invitation: %s", answer.value)
            return
        keys.keep(self._folder, answer)
        log.info("enrolled with the echo %s", answer.host)


def _unproved(echo: keys.Echo, family: int, ports: PortList, asked: Moment, at: Moment) -> ReachOutcome:
    return ReachOutcome(
        echo=echo.key_id, family=family, ports=ports, outcome=Outcome.NOT_PROVED, asked=asked, at=at
    )
