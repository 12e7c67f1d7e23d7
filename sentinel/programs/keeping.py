"""What `watch` keeps for later: starts and stops, one entry a day, countersigned heads, and what goes in its time.

Everything here runs in the street's thread, between two facts, a little at each beat.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sentinel
from sentinel import codec
from sentinel.config import Config
from sentinel.model.ledger import EntryKind, Signed
from sentinel.model.moment import Moment
from sentinel.model.passing import Beat
from sentinel.model.verdict import Verdict
from sentinel.places import Places
from sentinel.programs.remembering import Memory
from sentinel.reach.keys import own_key, own_key_id
from sentinel.settings import covered
from sentinel.store import rows
from sentinel.store.anchors import Anchors
from sentinel.store.archive import Archive

PURGES = timedelta(days=1)
TRIED_AGAIN = timedelta(hours=1)
LOOKS = timedelta(minutes=1)
"""How often it is looked whether a day is over."""
CATCHES_UP = timedelta(days=31)
"""Days that ended while nobody was running are told afterwards, so far back."""
LONGEST = 12
"""Months (the CNIL's upper end for such logs)."""
MONTH = timedelta(days=30.5)

log = logging.getLogger(__name__)


class Keeping:
    """The journal's daily work, and the purge.

    Args:
        config: the file's; what was set on the page covers it.
        shown: what is said at this moment.
        confirmed: whether an echo's signed time agrees with our clock in this run; None: there is no echo to ask.
    """

    def __init__(
        self,
        archive: Archive,
        config: Config,
        places: Places,
        at: Moment,
        shown: Callable[[], Verdict | None],
        confirmed: Callable[[], bool | None] = lambda: None,
    ) -> None:
        self._archive = archive
        self._config = config
        self._places = places
        self._shown = shown
        self._confirmed = confirmed
        self._memory = Memory()
        self._zone: tzinfo = ZoneInfo(config.practice.time_zone)
        self._next: date | None = None
        """The day that is told next."""
        self._anchors = Anchors(places.anchors)
        self._purge: Iterator[None] | None = None
        self._purges = self._looks = at.boot
        self._follows = _follows(archive.diary.last_sign(), at.wall)
        self._begin(at)

    def _begin(self, at: Moment) -> None:
        """A start is told with the last sign of life before it: between them nothing was watched."""
        key = own_key_id(own_key(self._places.lasting))
        told: dict[str, object] = {"version": sentinel.__version__, "key": key}
        last = self._archive.diary.last_sign()
        if last is not None:
            told |= {"off_since": last, "clean": self._archive.diary.was_stopped()}
        self._archive.tell(EntryKind.STARTED, at, **told)

    def after(self, fact: object) -> None:
        """A fact has been walked."""
        if isinstance(fact, Signed):
            with suppress(OSError):  # the store says so where the disk is full
                self._anchors.add(fact)
        elif isinstance(fact, Beat):
            self._remember(fact.at)
            self._tell_days(fact.at)
            self._go_on(fact.at)

    def stop(self, at: Moment) -> None:
        """Before the last commit: what has moved, and that this is no crash."""
        self._archive.tell_moved(at)
        self._archive.tell(EntryKind.STOPPED, at)

    def _is_sure(self) -> bool:
        """Whether our clock may say what is over: what a wrong one purges is lost, what is kept too long is not.

        A machine without a battery boots with any date, and no jump may ever show it: only an echo's signed time
        does. Where there is no echo, a start must follow what was kept last, and the clock must not have jumped.
        """
        confirmed = self._confirmed()
        return self._archive.clock_trusted() and (self._follows if confirmed is None else confirmed)

    # -- days ------------------------------------------------------------------------------------------------

    def _effective(self) -> Config:
        return covered(self._config, self._archive.settings())

    def _remember(self, at: Moment) -> None:
        verdict = self._shown()
        if verdict is not None:
            self._memory.note(verdict, at.wall, self._zone)

    def _tell_days(self, at: Moment) -> None:
        """The oldest day that is over and not told yet; not by a clock nobody trusts."""
        if at.boot < self._looks or not self._is_sure():
            return
        self._looks = at.boot + LOOKS
        with suppress(ValueError, ZoneInfoNotFoundError):  # a zone nobody knows: the one before holds
            self._zone = ZoneInfo(self._effective().practice.time_zone)
        day = self._due(at.wall)
        if day is None:
            return
        self._looks, self._next = at.boot, day + timedelta(days=1)
        self._archive.tell_moved(at)
        told = self._archive.diary.day(day, self._zone, self._memory.worst(day), self._memory.doubts())
        self._archive.tell(EntryKind.DAY, at, **codec.plain(told))
        self._memory.forget(day, datetime.combine(self._next, time(), self._zone).astimezone(UTC))

    def _due(self, now: datetime) -> date | None:
        yesterday = now.astimezone(self._zone).date() - timedelta(days=1)
        self._next = self._next or self._archive.diary.next_day(self._zone, now.astimezone(self._zone).date())
        if self._next is None or self._next > yesterday:
            return None
        return max(self._next, yesterday - CATCHES_UP)

    # -- what has had its time -------------------------------------------------------------------------------

    def _go_on(self, at: Moment) -> None:
        """One step of the purge, once a day; a store that fails is left alone for an hour."""
        if self._purge is None:
            if at.boot < self._purges or not self._is_sure():
                return
            months = min(max(self._effective().store.months, 1), LONGEST)
            self._purge = self._archive.purge(at, months * MONTH)
        try:
            next(self._purge)
        except StopIteration:
            self._purge, self._purges = None, at.boot + PURGES
        except OSError as error:
            log.warning("the purge stopped: %s", error)
            self._purge, self._purges = None, at.boot + TRIED_AGAIN


def _follows(last: str | None, now: datetime) -> bool:
    """A start neither before the last sign of life, nor so long after it that a purge might take everything."""
    return last is None or timedelta(0) <= now - rows.wall(last) <= CATCHES_UP
