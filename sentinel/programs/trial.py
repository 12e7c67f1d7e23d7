"""`sentinel trial`: a new system proves itself, or the old one comes back; three parts for three units.

    keep     on trial, before `watch`: the store is copied; without a way back nothing is tried
    gate     on trial: page, capture and store are well for two minutes on end, or after ten the old one comes back
    settle   at every other start, before `watch`: what is left of a trial is tidied up, and said

What ends a trial is three bytes written in place (`card.slots`); all else is derived from them after a power cut.
Should these very lines not run in a new system, its unit restarts the machine, and the count ends the trial.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from sentinel.card.slots import Card, Slot
from sentinel.card.writable import writable
from sentinel.clock import Clock, boot_id, now
from sentinel.config import Config
from sentinel.errors import MissingDevice, NotReadable
from sentinel.model.renewal import Came, Lack, Lost, Renewal
from sentinel.places import Places
from sentinel.programs import renewing, setback
from sentinel.programs.renewing import Word
from sentinel.secret import as_owner
from sentinel.signals import pulse

CONTENT = timedelta(minutes=2)
"""So long on end everything must be well."""
PATIENCE = timedelta(minutes=10)
"""From the gate's start; a board's slowest start is well within it."""
LOOKS = 5.0
"""Seconds between two looks: each shows a page."""
ANSWERS = 10.0
"""Seconds a page may take on a board that has just started."""
ENDS = 600.0
"""Seconds a restart may take to end us."""
UNDER_WAY = frozenset({Came.WRITING, Came.WRITTEN, Came.TRYING, Came.GIVEN_UP})
ANY = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - only where to reach it from here

log = logging.getLogger(__name__)

Look = Callable[[], tuple[Lack | None, str]]
"""What is lacking at this moment, if anything, and which run of `watch` that was."""


def aloud(look: Look) -> Look:
    """The same look; the log says what is lacking whenever that changes."""
    before: tuple[Lack | None, str] | None = None

    def looked() -> tuple[Lack | None, str]:
        nonlocal before
        lack, run = seen = look()
        if seen != before:
            log.info("on trial: %s; watch since %s", f"{lack} is lacking" if lack else "well", run or "never")
        before = seen
        return seen

    return looked


class Gate:
    """Whether a new system has been well for long enough, or has had its time."""

    def __init__(self, began: timedelta) -> None:
        self._began = began
        self._well_since: timedelta | None = None
        self._run = ""
        self.lack: Lack | None = None
        """What was lacking when it last was not well."""

    def heard(self, lack: Lack | None, run: str, at: timedelta) -> bool | None:
        """One look, at a moment of the boot clock: True, it may stay; False, it may not; None, not known yet.

        A `watch` that had to be started anew was not well in between.
        """
        if lack is not None or run != self._run or self._well_since is None:
            self._well_since = at if lack is None else None
            self._run = run
        self.lack = lack or self.lack
        if self._well_since is not None and at - self._well_since >= CONTENT:
            return True
        return False if at - self._began >= PATIENCE else None


def lacking(config: Config, places: Places, clock: Clock = now) -> tuple[Lack | None, str]:
    """One look at this machine."""
    last = pulse.read(places.pulse)
    run = last.started.wall.isoformat() if last else ""
    if last is None or not pulse.is_alive(last, clock(), boot_id()) or not _is_well(last, "store"):
        return Lack.STORE, run
    if last.coverage is None or not _is_well(last, "capture"):
        return Lack.CAPTURE, run
    return (None if _page_answers(config) else Lack.PAGE), run


def _is_well(last: pulse.Pulse, part: str) -> bool:
    return last.verdict.fresh.get(part, False) and part not in last.parts


def _page_answers(config: Config) -> bool:
    """It sees the pulse, reads the store, shows its first page; what that says of the outside is no fault."""
    try:
        told = json.loads(_asked(config, "/healthz")[1])
        return (
            told["alive"] is True
            and told["store_readable"] is True
            and _asked(config, "/")[0] < HTTPStatus.BAD_REQUEST
        )
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return False


def _asked(config: Config, path: str) -> tuple[int, bytes]:
    """Status and beginning of what this machine's own page answers."""
    host = "127.0.0.1" if config.page.host in ANY else config.page.host
    line = HTTPConnection(host, config.page.port, timeout=ANSWERS)
    try:
        line.request("GET", path, headers={"Connection": "close"})
        answer = line.getresponse()
        return answer.status, answer.read(65_536)
    finally:
        line.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One start of a card."""

    card: Card
    places: Places
    version: str
    """Of the system that runs."""
    reboot: Callable[[], None]
    clock: Clock = now
    wait: Callable[[float], None] = field(default=time.sleep)

    def keep(self) -> None:
        """Before `watch` of a system on trial: copy the store; a system whose store cannot be copied is not tried.

        Raises:
            MissingDevice: the firmware partition is not there, so that nobody knows whether this is a trial.
            OSError: the card cannot be written.
        """
        self._see_card()
        if not self._is_on_trial():
            return
        last = renewing.read(self.places)
        again = last is not None and last.came is Came.TRYING
        before = last.before if last else "0"
        try:
            setback.keep(self.places, before, anew=not again)
            self._word(before).leave(Came.TRYING)
        except OSError as error:
            self._give_up(Lack.COPY, str(error))
            self.wait(ENDS)  # `watch` waits for us to be done, and must not open the store

    def gate(self, look: Look) -> bool:
        """On trial: wait until it is known whether this system stays, and do what follows.

        Returns:
            Whether it stays.

        Raises:
            OSError: the card cannot be written.
        """
        if not self._is_on_trial():
            return True
        gate, look = Gate(self.clock().boot), aloud(look)
        while (stays := gate.heard(*look(), self.clock().boot)) is None:
            self.wait(LOOKS)
        if stays:
            self._confirm()
        else:
            self._give_up(gate.lack or Lack.START)
        return stays

    def settle(self) -> None:
        """Before `watch` of a system that is not on trial: what became of the last one.

        Raises:
            MissingDevice: the firmware partition is not there, so that nobody knows whether this is a trial.
            OSError: the card or the folder cannot be written.
        """
        self._see_card()
        if not self._is_to_stay():
            return  # the next start tries another
        last = renewing.read(self.places)
        lost = setback.put_back(self.places, last.version if last else "")
        if last and (last.came in UNDER_WAY or lost):
            self._tell_end(last, lost)
        with as_owner(self.places.lasting):
            setback.forget(self.places)
        if not self.card.is_settled():
            self._mark(self.card.end_trial)

    def _see_card(self) -> None:
        if not self.card.config.exists():
            raise MissingDevice(f"nothing of the card lies under {self.card.firmware}")

    def _is_to_stay(self) -> bool:
        """Not while the next start tries another; where somebody edited config.txt the count alone tells."""
        try:
            return self.card.chosen() is self.card.running() and not self._is_on_trial()
        except NotReadable as error:
            log.warning("no update can be taken: %s", error)
        trial = self.card.trial()
        return trial is None or (trial.slot is not self.card.running() and not trial.left)

    def _tell_end(self, last: Renewal, lost: Lost | None) -> None:
        trial = self.card.trial()
        word = Word(self.places, self.clock, last.version, last.before)
        if last.version == self.version and not lost:
            word.leave(Came.CONFIRMED)
        elif lost or last.came in (Came.TRYING, Came.GIVEN_UP) or (trial and trial.left == 0):
            word.leave(Came.RETURNED, lack=last.lack or Lack.START, why=last.why, lost=lost)
        else:
            word.leave(Came.INTERRUPTED)

    def _confirm(self) -> None:
        self._mark(self.card.end_trial)
        last = renewing.read(self.places)
        self._word(last.before if last else "").leave(Came.CONFIRMED)
        with as_owner(self.places.lasting):
            setback.forget(self.places)

    def _give_up(self, lack: Lack, why: str = "") -> None:
        slot: Slot = self.card.running()
        last = renewing.read(self.places)
        try:
            self._word(last.before if last else "").leave(Came.GIVEN_UP, lack=lack, why=why)
        except OSError as error:
            log.warning("what is lacking (%s) cannot be written down: %s", lack, error)
        self._mark(lambda: self.card.give_up(slot))
        self.reboot()

    def _mark(self, write: Callable[[], None]) -> None:
        with writable(self.card.firmware):
            write()

    def _is_on_trial(self) -> bool:
        trial = self.card.trial()
        return trial is not None and trial.slot is self.card.running()

    def _word(self, before: str) -> Word:
        return Word(self.places, self.clock, self.version, before)
