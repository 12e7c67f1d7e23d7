"""The doors somebody has accepted, as they stand now: made on the page or in the file, ended by their date or by
hand.

Ends are read from the wall clock, since that is what people agreed upon; a clock that jumps ahead ends an
acceptance early, and it holds again once the clock is right. What an end brings (a door that was open in the
meantime becomes a story at once, and the echo is asked) is said once for each.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from ipaddress import ip_address

from sentinel.judgement.expected import Accepted
from sentinel.model.acting import Acceptance
from sentinel.model.finding import Code, Level
from sentinel.model.moment import Moment
from sentinel.model.verdict import Reason
from sentinel.services import Alarm, alarm

REMINDED = timedelta(days=30)
"""Before the end; of a short acceptance the last third, or it would be yellow from its first day."""
FORGOTTEN = timedelta(days=8)
"""How long one that has ended may come back with a clock that is put right."""


class Granted:
    """Accepted doors.

    Args:
        accepted: those without a number, which nobody can withdraw.
        expect_open: public ports declared open.
        started: since when what nobody dated holds.
    """

    def __init__(
        self, started: Moment, accepted: Iterable[Accepted] = (), expect_open: Iterable[int] = ()
    ) -> None:
        self._started = started
        self._doors = {-1 - n: each for n, each in enumerate(accepted)}
        self._expect_open = tuple(expect_open)
        self._over: set[int] = set()
        self.next_number = 1

    def __iter__(self) -> Iterator[Accepted]:
        return iter(self._doors.values())

    def remember(self, acceptances: Iterable[Acceptance], at: Moment, next_number: int) -> None:
        """After a restart: what holds, and what ended while nobody was there to say so."""
        for each in acceptances:
            self.take(each)
        self.ended(at)
        self.next_number = max(self.next_number, next_number)

    def take(self, acceptance: Acceptance) -> None:
        """One more."""
        self._doors[acceptance.number] = Accepted.of(acceptance)
        self.next_number = max(self.next_number, acceptance.number + 1)

    def find(self, number: int) -> Accepted | None:
        """The acceptance people call by this number, unless it was withdrawn."""
        return self._doors.get(number)

    def withdraw(self, number: int) -> Accepted | None:
        """It holds no more: what it was, unless it had ended before."""
        gone = self._doors.pop(number, None)
        is_over = number in self._over
        self._over.discard(number)
        return None if is_over else gone

    def ended(self, at: Moment) -> list[Accepted]:
        """Those that have ended since this was last asked."""
        over = {number for number, each in self._doors.items() if each.is_over(at)}
        new = [self._doors[number] for number in sorted(over - self._over)]
        self._over = over
        for number in [each for each in over if at.wall - self._doors[each].until > FORGOTTEN]:
            del self._doors[number]
            self._over.discard(number)
        return new

    def reasons(self, at: Moment) -> Iterator[Reason]:
        """What there is to say of them: one is open to everybody and should not be, one ends soon."""
        yield from (
            Reason(code=Code.EXPECTED_BROAD, level=Level.ATTENTION, since=self._started, port=port)
            for port in self._expect_open
            if alarm(port) is Alarm.OPEN
        )
        for each in self._broad(at):
            yield self._reason(Code.EXPECTED_BROAD, each)
        for each in self:
            if not each.is_over(at) and self._ends_soon(each, at):
                yield self._reason(Code.EXCEPTION_ENDS, each)

    def _broad(self, at: Moment) -> Iterable[Accepted]:
        """Red doors open to everybody, each once however often it was accepted: by the one that lasts longest."""
        broad = [each for each in self if each.is_for_anybody() and alarm(each.port) is Alarm.OPEN]
        standing = sorted((each for each in broad if not each.is_over(at)), key=lambda each: each.until)
        return {(each.machine, each.port): each for each in standing}.values()

    def _ends_soon(self, each: Accepted, at: Moment) -> bool:
        if each.window or each.since is None:
            return False
        notice = min(REMINDED, (each.until - each.since.wall) / 3)
        return each.until - at.wall <= notice and not any(other.outlasts(each) for other in self)

    def _reason(self, code: Code, each: Accepted) -> Reason:
        is_mac = len(each.machine.split(":")) == 6 and "::" not in each.machine
        return Reason(
            code=code,
            level=Level.ATTENTION,
            since=each.since or self._started,
            machine=None if is_mac else ip_address(each.machine),
            mac=each.machine if is_mac else None,
            port=each.port,
            who=each.who or None,
            until=each.until,
        )
