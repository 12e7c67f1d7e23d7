"""`sentinel update`: a newer system into the half of the card that is not running; the next start tries it.

From a file or a pipe a person chose; by `--night` from the place the configuration names, where a person ticked
that, within the night's window, and never while something is red, nobody watches, or the clock may be wrong.
"""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import time, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sentinel.card.bundle import LATEST, Bundle
from sentinel.card.installing import install, refuse_unless_idle
from sentinel.card.latest import MOST, announced
from sentinel.card.manifest import Manifest, keys_in, ordered, refuse_unless_newer
from sentinel.card.slots import Card
from sentinel.card.tape import Read
from sentinel.clock import Clock, boot_id, now
from sentinel.config import Config
from sentinel.errors import MissingDevice, MissingRight, NotReadable, SentinelError
from sentinel.model.finding import Level
from sentinel.model.renewal import Came, Lack
from sentinel.places import Places
from sentinel.programs import renewing
from sentinel.programs.effective import effective
from sentinel.programs.fetching import Broken, Opening, Source, small
from sentinel.programs.renewing import Word
from sentinel.secret import as_owner
from sentinel.signals import pulse

KEYS: Final = Path("/usr/lib/sentinel/update-keys")
NO_CARD: Final = (
    "this machine does not run from a sentinel's memory card, and is not updated by this command: "
    "run the ansible playbook sentinel.yml again, from a newer release"
)
NEWER: Final = 1
"""Exit of `--check` where there is a newer version."""

AGAIN: Final = timedelta(days=7)
"""A version that was refused is left alone so long: each try costs its provider and this card a gigabyte."""
MAY_PASS: Final = frozenset({Lack.START, Lack.CAPTURE})
"""What may have lacked for a reason that was not the version's, as a power cut thrice or an unplugged cable."""

Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updating:
    """One call of the command."""

    config: Config
    places: Places
    tell: Tell
    card: Card = field(default_factory=Card)
    keys: Path = KEYS
    running: Path = renewing.RUNNING
    clock: Clock = now
    source: Callable[[str], Opening] = Source

    def from_file(self, file: Path | None) -> None:
        """From a file, or where there is none from standard input.

        Raises:
            SentinelError: in one sentence, why not; the system that runs is what it was.
        """
        self._refuse_elsewhere()
        if file is None:
            self._take(partial(os.read, sys.stdin.fileno()))
            return
        try:
            with file.open("rb") as stream:
                self._take(stream.read)
        except FileNotFoundError:
            raise NotReadable(f"there is no file {file}") from None

    def check(self) -> int:
        """Tell whether there is a newer version.

        Returns:
            0: there is none; 1: there is one.

        Raises:
            SentinelError: it cannot be known, and why.
        """
        running = renewing.running_version(self.running) if self.running.exists() else None
        if running is None:
            raise MissingDevice(NO_CARD)
        latest, _ = self._latest(self.source(self._address()))
        if ordered(latest.version) <= ordered(running):
            self.tell(f"version {running} is running, and none is newer")
            return 0
        self.tell(f"version {latest.version} is there; {running} is running")
        return NEWER

    def by_night(self) -> bool:
        """Unasked: if it was ticked, now is the time, and all is quiet.

        Returns:
            Whether a new system is to be tried at the next start.

        Raises:
            SentinelError: in one sentence, why not.
        """
        self._refuse_elsewhere()
        if not self._is_time():  # the timer asks every hour: that is no news
            return False
        if reason := self._unquiet():
            self.tell(f"no update tonight: {reason}")
            return False
        if self.card.chosen() is not self.card.running():
            return self._was_waiting()
        source = self.source(self._address())
        latest, file = self._latest(source)
        if reason := self._unwanted(latest):
            self.tell(reason)
            return False
        with source.opened(file) as stream:
            self._take(stream.read, latest)
        return self._may_restart()

    # -- when ----------------------------------------------------------------------------------------------

    def _was_waiting(self) -> bool:
        """One that was written since the last start; a start that did not take it would not take it now either."""
        last, here = renewing.read(self.places), self.clock()
        is_due = last is not None and last.came is Came.WRITTEN and last.at >= here.wall - here.boot
        self.tell(
            "an update was written before, and is tried now" if is_due else "another system is chosen already"
        )
        return is_due

    def _may_restart(self) -> bool:
        """Hours may have gone by since the night was asked; another hour may do it."""
        reason = self._unquiet() if self._is_time() else "the night is over"
        if reason:
            self.tell(f"no restart now: {reason}")
        return not reason

    def _is_time(self) -> bool:
        config = self._effective()
        night, zone = config.update, ZoneInfo(config.practice.time_zone)
        local = self.clock().wall.astimezone(zone).time()
        return night.automatic and bool(night.source) and is_within(local, night.opens, night.closes)

    def _unquiet(self) -> str:
        last = pulse.read(self.places.pulse)
        if last is None or last.demo or not pulse.is_alive(last, self.clock(), boot_id()):
            return "nothing is being watched"
        if any(reason.level is Level.ALARM for reason in last.verdict.reasons):
            return "there is an alarm that nobody has read"
        unwell = [part for part in ("clock", "capture", "store") if not last.verdict.fresh.get(part, False)]
        return f"{unwell[0]} is not well" if unwell else ""

    def _unwanted(self, latest: Manifest) -> str:
        running = renewing.running_version(self.running)
        if ordered(latest.version) <= ordered(running):
            return f"version {running} is running, and none is newer"
        last = renewing.read(self.places)
        if last is None or last.version != latest.version:
            return ""
        is_old = not timedelta(0) <= self.clock().wall - last.at < AGAIN
        if last.came is Came.REFUSED and not is_old:
            return f"version {latest.version} was refused here: it is left alone for a week"
        if last.came is Came.RETURNED and not (is_old and last.lack in MAY_PASS):
            return f"version {latest.version} was tried and did not prove itself here: a newer one is waited for"
        return ""

    # -- what ----------------------------------------------------------------------------------------------

    def _refuse_elsewhere(self) -> None:
        try:
            self.card.running()
        except (MissingDevice, OSError):
            raise MissingDevice(NO_CARD) from None
        if os.geteuid() != 0:
            raise MissingRight("the card's systems are root's: log in as root, or type sudo before it")

    def _take(self, read: Read, expected: Manifest | None = None) -> None:
        running = renewing.running_version(self.running)
        word = Word(self.places, self.clock, expected.version if expected else "", running)
        with self._alone():
            refuse_unless_idle(self.card)
            try:
                bundle = Bundle(read, self._keys())
                word = Word(self.places, self.clock, bundle.manifest.version, running)
                refuse_unless_newer(bundle.manifest.version, running)
                if expected is not None and bundle.manifest != expected:
                    raise NotReadable("the update is not the one that was announced")
                word.leave(Came.WRITING)
                install(bundle, self.card, self.tell)
            except Broken as error:
                word.leave(Came.INTERRUPTED, why=str(error))
                raise
            except SentinelError as error:
                word.leave(Came.REFUSED, why=str(error))
                raise
            except OSError as error:
                word.leave(Came.REFUSED, why=str(error))
                raise MissingDevice(f"the card cannot be written: {error}") from None
            word.leave(Came.WRITTEN)

    def _latest(self, source: Opening) -> tuple[Manifest, str]:
        return announced(small(source, LATEST, MOST), self._keys())

    def _keys(self) -> tuple[Ed25519PublicKey, ...]:
        return keys_in(self.keys)

    def _effective(self) -> Config:
        with as_owner(self.places.lasting):  # SQLite makes files beside a store it reads
            return effective(self.config, self.places)

    def _address(self) -> str:
        address = self._effective().update.source
        if not address:
            raise NotReadable("[update] source names no place where new versions are")
        return address

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two at once would write into the same half."""
        try:
            place = os.open(self.card.firmware / "a", os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise MissingDevice(f"the card's firmware partition cannot be read: {error}") from None
        try:
            if not _is_free(place):
                raise MissingDevice("another update is being written")
            yield
        finally:
            os.close(place)


def _is_free(place: int) -> bool:
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_within(local: time, opens: time, closes: time) -> bool:
    """Whether a night that may go past midnight has begun and not ended."""
    if opens <= closes:
        return opens <= local < closes
    return local >= opens or local < closes
