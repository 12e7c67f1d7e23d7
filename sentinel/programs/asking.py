"""When `watch` asks the echoes: by the timetable, after a doubt, or because somebody pressed a button.

Each family is asked in a thread of its own, its echoes one after the other: two of them knocking at once would be
a load for the box.
"""

import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from sentinel.clock import Clock
from sentinel.config import ALL_PORTS
from sentinel.config import Echo as EchoSection
from sentinel.errors import SentinelError
from sentinel.model.box import BoxReading
from sentinel.model.declared import Identify
from sentinel.model.exposure import Exposure, Outcome, PortList, ReachOutcome
from sentinel.model.fact import Fact
from sentinel.model.moment import Moment
from sentinel.model.passing import Progress
from sentinel.ownports import EXTRA_PORTS
from sentinel.programs.errand import Errand, Promised
from sentinel.programs.invitations import Invitations
from sentinel.programs.known import Known
from sentinel.programs.neighbours import Neighbours
from sentinel.programs.rations import Rations
from sentinel.reach import keys
from sentinel.reach.asking import Check, ask
from sentinel.reach.doortest import door_test
from sentinel.reach.due import JITTER, LONGEST, Due, wait_after
from sentinel.reach.mapped import Mapped
from sentinel.reach.record import keeper
from sentinel.services import DOOR_TEST_PORT, port_list

log = logging.getLogger(__name__)

RETEST_WITHIN = timedelta(seconds=20)
"""A re-test that an echo has no time for is put again for this long; later nobody stands there waiting."""
RECHECK_WAITS = timedelta(minutes=1)
"""Longer than this an echo that has no re-test left is not waited for."""
FAMILIES = (4, 6)

Post = Callable[[Fact], None]


class Asking:
    """What is due to be asked of each echo and family; the only part of `watch` that talks to the internet.

    Args:
        families: those by which the practice can be reached now.
        known: what answered before, from the store.
        box_within: how long to wait for the first look at the box, before which nobody knows whose the address is.
        head: of the journal, as far as it is on disk: every check carries it.
    """

    def __init__(
        self,
        section: EchoSection,
        folder: Path,
        clock: Clock,
        families: Callable[[], tuple[int, ...]],
        *,
        known: Known | None = None,
        box_within: timedelta = timedelta(0),
        head: Callable[[], str] = str,
    ) -> None:
        self._head = head
        self._section = section
        self._folder = folder
        self._clock = clock
        self._families = families
        self._key = keys.own_key(folder)
        self._invitations = Invitations(section.all_invitations, folder, clock, self._key)
        self._due: dict[tuple[str, int], Due] = {}
        self._free_at: dict[tuple[str, int, bool], timedelta] = {}
        """Until when an echo's quota is used up, by the boot clock."""
        self._retests: deque[Errand] = deque()
        self._soon: dict[int, bool] = {}
        """Families to be asked at once, and whether it was the button: one value, set and taken in one step."""
        self._last: dict[tuple[str, int], Outcome] = {}
        self._rations = Rations(clock)
        self.mapped: tuple[int, ...] = ()
        """Public ports the box maps, asked about over IPv4 beyond the list; replaced as a whole."""
        self._mapped: frozenset[int] = frozenset()
        self._known = known or Known()
        self._neighbours = Neighbours(section, clock, box_within)
        self._progress: dict[tuple[int, bool], tuple[Progress, ...]] = {
            (family, again): () for family in FAMILIES for again in (False, True)
        }

    @property
    def is_enrolled(self) -> bool:
        """Whether there is an echo to ask."""
        return bool(keys.echoes(self._folder))

    @property
    def under_way(self) -> tuple[Progress, ...]:
        """Checks being made at this moment; any thread may read it."""
        return tuple(each for running in self._progress.values() for each in running)

    def places_for_mapped(self) -> Mapped:
        """How much of what the box maps is asked about: as much as an echo takes beside what was configured."""
        configured = {*self._section.extra_ports, *self._section.expect_open}
        listed = frozenset({*port_list(PortList.FULL), *configured})
        return Mapped(max(0, EXTRA_PORTS - len(configured)) // 2, listed)

    def set_mapped(self, ports: Mapping[int, int]) -> None:
        """What the box maps, each with its port inside: asked about at once when it is new, which is seldom."""
        self._known.lead_to(ports)
        before, self._mapped = self._mapped, frozenset(ports)
        self.mapped = tuple(port for port in ports if port not in port_list(PortList.FULL))
        if self._mapped - before:
            self._all_soon()

    # -- from the street's thread ------------------------------------------------------------------------------

    def soon(self) -> Promised:
        """Ask everything at the next occasion: the button. An echo whose quota is used up is not asked for it."""
        pairs = [(echo.key_id, family, False) for echo in keys.echoes(self._folder) for family in self._families()]
        promised = self._promise(pairs)
        if promised.checks:
            self._soon.update(dict.fromkeys(FAMILIES, True))
        return promised

    def retest(self, family: int, doors: tuple[int, ...]) -> Promised:
        """Ask whether doors found open are closed now: at once, and of a budget of its own."""
        echoes, now = keys.echoes(self._folder), self._clock()
        promised = self._promise([(echo.key_id, family, True) for echo in echoes])
        for echo in echoes if promised.checks else ():
            errand = Errand(
                echo=echo, family=family, ports=PortList.RETEST, doors=doors, until=now.boot + RETEST_WITHIN
            )
            if self._is_free(errand.budget, now):
                self._retests.append(errand)
        return promised

    def recheck(self, family: int, doors: tuple[int, ...]) -> None:
        """The same, asked by ourselves; where every echo makes us wait for long, everything is asked about."""
        wait = self.retest(family, doors).wait
        if wait is not None and wait > RECHECK_WAITS and self._rations.end():
            self.ended()

    def ended(self) -> None:
        """An acceptance is over: strangers cannot cause that, nor use up the check that follows."""
        if self._last:
            self._all_soon()

    def doubt(self) -> None:
        """Something happened that a check may explain. Strangers cause doubts at will, so they are rationed."""
        if self._last and self._rations.doubt():
            self._all_soon()

    def learn(self, reading: BoxReading) -> None:
        """What the box says of its internet side: an address that changes hands is asked about at once."""
        if self._neighbours.learn(reading):
            self._soon.setdefault(4, False)

    def _promise(self, budgets: list[tuple[str, int, bool]]) -> Promised:
        now = self._clock()
        free = sum(self._is_free(each, now) for each in budgets)
        if free or not budgets:
            return Promised(checks=free)
        return Promised(wait=min(self._free_at[each] for each in budgets) - now.boot)

    def _is_free(self, budget: tuple[str, int, bool], now: Moment) -> bool:
        return self._free_at.get(budget, now.boot) <= now.boot

    # -- from the timetable's threads --------------------------------------------------------------------------

    def work(self, family: int, post: Post) -> None:
        """Ask what is due over one family; post knocks, cells and outcomes as they come."""
        if family == FAMILIES[0]:
            self._invitations.accept()
        if family in self._families() and not self._neighbours.is_open(family):
            pressed = self._hasten(family)
            self._round(list(self._due_now(family, keys.echoes(self._folder), pressed)), post)

    def work_again(self, post: Post) -> None:
        """Put the re-tests that wait; an echo that is busy with another check of ours is asked once more."""
        self._round([self._retests.popleft() for _ in range(len(self._retests))], post)

    def _round(self, errands: list[Errand], post: Post) -> None:
        for errand in errands:
            outcome = self._ask(errand, post)
            if not self._is_put_again(errand, outcome):
                post(outcome)

    def _is_put_again(self, errand: Errand, outcome: ReachOutcome) -> bool:
        if outcome.outcome is not Outcome.BUSY or errand.until is None or outcome.at.boot >= errand.until:
            return False
        self._retests.append(errand)
        return True

    def _hasten(self, family: int) -> bool:
        """Everything is due at once after a doubt or a button; whether it was the button."""
        pressed = self._soon.pop(family, None)
        for pair, due in list(self._due.items()) if pressed is not None else ():
            if pair[1] == family:
                self._due[pair] = due.at_once()
        return bool(pressed)

    def _all_soon(self) -> None:
        """A doubt takes back no button."""
        for family in FAMILIES:
            self._soon.setdefault(family, False)

    def _due_now(self, family: int, echoes: tuple[keys.Echo, ...], pressed: bool) -> Iterator[Errand]:
        now = self._clock()
        for echo in echoes:
            ports = self._due.setdefault((echo.key_id, family), Due()).ports(now)
            if ports is not None:
                errand = Errand(echo=echo, family=family, ports=ports, pressed=pressed)
                if self._is_free(errand.budget, now):
                    yield errand

    def _ask(self, errand: Errand, post: Post) -> ReachOutcome:
        begun = self._clock()
        try:
            outcome = self._asked(errand, begun, post)
        except OSError:  # an echo that is not told to wait would be asked again at once
            log.exception("a check of %s ended early", errand.echo.host)
            outcome = errand.unasked(Outcome.NOT_PROVED, begun, self._clock())
        finally:
            self._progress[(errand.family, errand.ports is PortList.RETEST)] = ()
        self._note(errand, outcome)
        return outcome

    def _asked(self, errand: Errand, begun: Moment, post: Post) -> ReachOutcome:
        nobody = self._neighbours.why_not(errand.family)
        if nobody is not None:
            return errand.unasked(nobody, begun, self._clock())
        with ExitStack() as doors:
            if errand.family == 6 and errand.ports is not PortList.RETEST:
                try:
                    doors.enter_context(door_test())
                except OSError as error:  # without our own listener, closed proves nothing over IPv6
                    log.warning("the IPv6 door test cannot listen: %s", error)
                    return errand.unasked(Outcome.NOT_PROVED, begun, self._clock())
            return self._put(errand, post)

    def _renew(self, echo: keys.Echo) -> None:
        """Without its new keys the echo stays known by the old ones until the next check tells them again."""
        try:
            keys.renew(self._folder, echo)
        except (OSError, SentinelError) as error:
            log.error("the new keys of %s were not kept: %s", echo.host, error)

    def _note(self, errand: Errand, outcome: ReachOutcome) -> None:
        pair = (errand.echo.key_id, errand.family)
        if outcome.outcome is Outcome.QUOTA:
            wait = wait_after(outcome, 1) if outcome.retry is None else outcome.retry
            self._free_at[errand.budget] = outcome.at.boot + min(wait, LONGEST)  # nobody signs how long
        if errand.family == 4 and outcome.address is not None:
            self._neighbours.observed = outcome.address
        if errand.ports is not PortList.RETEST:
            jitter = JITTER * (secrets.randbelow(1000) / 1000)
            self._due[pair] = self._due[pair].after(outcome, jitter)
        if self._last.get(pair) is not outcome.outcome:  # the change, not the state
            self._last[pair] = outcome.outcome
            log.info("%s was asked over IPv%d: %s", errand.echo.host, errand.family, outcome.outcome.value)

    def _put(self, errand: Errand, post: Post) -> ReachOutcome:
        again = errand.ports is PortList.RETEST

        def tell(done: int, of: int) -> None:
            told = Progress(echo=errand.echo.key_id, family=errand.family, done=done, of=of)
            self._progress[(errand.family, again)] = (told,)

        def notice(fact: Fact) -> None:
            if isinstance(fact, Exposure):
                self._known.learn(fact)
            post(fact)

        tell(0, 0)
        head = self._head()
        return ask(
            self._check(errand, head),
            key=self._key,
            post=notice,
            clock=self._clock,
            progress=tell,
            record=keeper(head, self._clock, post),
            learn=self._renew,
        )

    def _check(self, errand: Errand, head: str) -> Check:
        family, again = errand.family, errand.ports is PortList.RETEST
        further = (DOOR_TEST_PORT,) if family == 6 else self.mapped
        extra = errand.doors if again else (*self._section.extra_ports, *further)
        declared = self._section.expect_open if family == 4 else ()  # a forward is an IPv4 thing
        asked = () if again else (*port_list(errand.ports), *extra, *declared)
        return Check(
            echo=errand.echo,
            family=family,
            ports=errand.ports,
            extra_ports=tuple(extra),
            expect_open=tuple(declared),
            port_share=self._section.port_share if family == 4 else ALL_PORTS,
            identify=self._wish(errand),
            known=self._known.among(family, asked, self._clock()),
            ledger_head=head,
        )

    def _wish(self, errand: Errand) -> Identify:
        """A button is no reason to ask a known service again, unless the configuration says so."""
        if errand.ports is PortList.RETEST:
            return Identify.NONE
        wish = self._known.softened(self._section.identify, errand.family)
        return Identify.NEW if wish is Identify.ALL and not errand.pressed else wish
