"""What the street does about notices: each new verdict is looked at, what is due is handed to the couriers, and
what became of it comes back as a fact. Lives in the street's thread; it waits for nobody.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from sentinel.clock import Clock
from sentinel.config import Config
from sentinel.judgement import deeds
from sentinel.model.acting import NoticeOutcome
from sentinel.model.finding import Code
from sentinel.model.incident import Incident
from sentinel.model.moment import Moment
from sentinel.model.notice import Message, Notice, NoticeKind, Recipient
from sentinel.model.verdict import Verdict
from sentinel.pipeline import Street
from sentinel.programs.couriers import Errand, Send, addresses, couriers
from sentinel.programs.drilling import Drilling
from sentinel.settings import covered
from sentinel.signals import sending
from sentinel.signals.ear import Due
from sentinel.signals.schedule import Schedule
from sentinel.wire.requests import Reply

log = logging.getLogger(__name__)

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""After each failure; after the last one the message is given up, and the page says so."""
SETTLED = timedelta(seconds=10)
"""How long what was set on the page may wait until it is heeded."""
TEST_AGAIN = timedelta(minutes=1)
RED = (NoticeKind.ALARM, NoticeKind.AGAIN)


@dataclass(slots=True)
class _Flight:
    """A message on its way."""

    notice: Notice
    message: Message
    again: timedelta | None = None
    """When it is tried again, by the boot clock; None while a courier has it."""


class Telling:
    """The notices of one sentinel.

    Args:
        street: its incidents are told of, and a drill walks it like anything else.
        config: the file's; what was set on the page covers it.
        clock: the present.
        post: puts an outcome into the street's queue.
        send: delivers one message.
        mute: a played day tells nobody.
    """

    def __init__(
        self,
        street: Street,
        config: Config,
        clock: Clock,
        post: Callable[[NoticeOutcome], object],
        *,
        send: Send = sending.send,
        mute: bool = False,
    ) -> None:
        self._archive, self._casebook = street.archive, street.casebook
        self._file = config
        self._settled: tuple[Moment, Config] | None = None
        """The settings, and when they were looked up."""
        self._mute = mute
        self._looked: Verdict | None = None
        self._flights: dict[int, _Flight] = {}
        self._next = self._archive.next_notice()
        self._failing: set[Recipient] = set()
        self._tested: Moment | None = None
        self._couriers = couriers(post, send, clock)
        self._schedule = Schedule().restored(self._resume(self._archive.notices(clock())))
        self.drilling = Drilling(street, self.config)

    def _resume(self, kept: Iterable[Notice]) -> Iterable[Notice]:
        """What had not arrived when we stopped is told anew, if it still stands then, however often we stop."""
        for notice in kept:
            if notice.arrived or notice.tries > len(BACK_OFF):
                yield notice
            elif not notice.over:
                self._archive.notice(replace(notice, over=True, detail="the sentinel stopped before it arrived"))

    def config(self, at: Moment) -> Config:
        """The settings as they hold now."""
        if self._settled is None or not timedelta(0) <= at.since(self._settled[0]) < SETTLED:
            last = self._settled[1] if self._settled else self._file
            with suppress(sqlite3.Error):  # a store that cannot be read must not keep an alarm from being told
                last = covered(self._file, self._archive.settings())
            self._settled = at, last
        return self._settled[1]

    # -- what is due -----------------------------------------------------------------------------------------

    def look(self, verdict: Verdict | None) -> None:
        """After each fact: something only where the verdict is a new one."""
        if verdict is None or verdict is self._looked:
            return
        self._looked = verdict
        if not self._mute:
            self.drilling.look(verdict)
            self._look(verdict)

    def _look(self, verdict: Verdict) -> None:
        config = self.config(verdict.at)
        reached = [each for each in Recipient if addresses(config, each)]
        stories = {each.number: each for each in self._casebook.all()} if reached else {}
        for due in self._schedule.look(verdict, stories, config.practice, reached):
            self._tell(due, verdict, stories)
        self._retry(verdict.at)

    def test(self, at: Moment) -> Reply:
        """One message to everybody, by the path a real one takes."""
        reached = [each for each in Recipient if addresses(self.config(at), each)]
        if self._mute:
            return Reply.NOT_ALLOWED
        if not reached:
            return Reply.NOT_FOUND
        if self._tested is not None and at.since(self._tested) < TEST_AGAIN:
            return Reply.BUSY
        self._tested = at
        for recipient in reached:
            self._tell(Due(kind=NoticeKind.TEST, recipient=recipient, told=()), self._looked, {}, at)
        return Reply.DONE

    def _tell(
        self, due: Due, verdict: Verdict | None, stories: dict[int, Incident], at: Moment | None = None
    ) -> None:
        when = at or (verdict.at if verdict else None)
        if when is None:
            return
        about = tuple(each.about for each in due.told)
        message = Message(
            notice=self._next,
            kind=due.kind,
            recipient=due.recipient,
            about=about,
            stories=_graver_first(
                stories[int(each)] for each in about if each.isdecimal() and int(each) in stories
            ),
            ended=self._ended(due),
            verdict=verdict,
            at=when,
            last=due.last,
        )
        self._next += 1
        self._supersede(due)
        notice = Notice(number=message.notice, kind=due.kind, recipient=due.recipient, told=due.told, due=when)
        self._flights[notice.number] = _Flight(notice=notice, message=message)
        self._archive.notice(notice)
        self._hand_over(self._flights[notice.number], when)

    def _ended(self, due: Due) -> tuple[tuple[int, Code], ...]:
        """How they ended: « closed » is said of a proof only."""
        over = [int(each.about) for each in due.told if due.kind is NoticeKind.CLOSED]
        found = ((number, self._archive.ended_by(number)) for number in over)
        return tuple((number, code) for number, code in found if code is not None)

    def _supersede(self, due: Due) -> None:
        """A later message about the same alarm takes the place of one that never arrived."""
        if due.kind not in RED:
            return
        about = {each.about for each in due.told}
        for flight in [each for each in self._flights.values() if each.again is not None]:
            notice = flight.notice
            same = notice.recipient is due.recipient and notice.kind in RED
            if same and {each.about for each in notice.told} <= about:
                self._keep(flight, replace(notice, over=True))

    # -- how it went -----------------------------------------------------------------------------------------

    def heed(self, fact: object) -> None:
        """How one try went; before the street walks it, so that both are on disk together."""
        flight = self._flights.get(fact.notice) if isinstance(fact, NoticeOutcome) else None
        if flight is None or not isinstance(fact, NoticeOutcome):
            return
        tries = flight.notice.tries + 1
        self._note(flight.notice.recipient, fact)
        last = tries > len(BACK_OFF) or flight.notice.kind is NoticeKind.TEST  # whoever tests stands there
        flight.again = None if fact.arrived or last else fact.at.boot + BACK_OFF[tries - 1]
        notice = replace(
            flight.notice,
            tries=tries,
            tried=fact.at,
            arrived=fact.at if fact.arrived else None,
            over=fact.arrived or last,
            detail=fact.detail,
        )
        self._keep(flight, notice)

    def _keep(self, flight: _Flight, notice: Notice) -> None:
        flight.notice = notice
        if notice.over:
            del self._flights[notice.number]
        self._archive.notice(notice)

    def _retry(self, at: Moment) -> None:
        for flight in list(self._flights.values()):
            if flight.again is None or flight.again > at.boot:
                continue
            if self._is_outdated(flight.notice):
                self._keep(flight, replace(flight.notice, over=True, detail="read or closed before it arrived"))
            else:
                self._hand_over(flight, at)

    def _is_outdated(self, notice: Notice) -> bool:
        """Its words are no longer true: « personne n'a lu », and each of its stories was read, or is over."""
        if notice.kind not in RED:
            return False
        standing = {str(each.number) for each in self._casebook.told() if not _is_read(each)}
        return not any(each.about in standing or not each.about.isdecimal() for each in notice.told)

    def _hand_over(self, flight: _Flight, at: Moment) -> None:
        taken = self._couriers[flight.notice.recipient].take(
            Errand(message=flight.message, config=self.config(at))
        )
        flight.again = None if taken else at.boot + BACK_OFF[0]

    def _note(self, recipient: Recipient, fact: NoticeOutcome) -> None:
        """Log the change, not the state."""
        if fact.arrived and recipient in self._failing:
            log.info("notices to the %s arrive again", recipient.value)
        elif not fact.arrived and recipient not in self._failing:
            log.warning("a notice to the %s did not arrive: %s", recipient.value, fact.detail)
        (self._failing.discard if fact.arrived else self._failing.add)(recipient)

    def close(self) -> None:
        """Send nothing more."""
        for courier in self._couriers.values():
            courier.close()


def _is_read(story: Incident) -> bool:
    return story.read is not None and not deeds.is_outdated(story, story.read)


def _graver_first(stories: Iterable[Incident]) -> tuple[Incident, ...]:
    return tuple(sorted(stories, key=lambda each: (-each.level, -(each.grade or 0), each.number)))
