"""Papers on request and by the calendar: one at a time, each in a child of its own, never in the street's way."""

import logging
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sentinel import codec
from sentinel.clock import Clock
from sentinel.config import Config
from sentinel.errors import NotReadable
from sentinel.model.acting import Paper, PaperKind
from sentinel.model.finding import Level
from sentinel.model.verdict import Verdict
from sentinel.places import Places
from sentinel.programs.effective import effective
from sentinel.programs.ordering import BEGUN, Job, Made, Order, month_of
from sentinel.store.reading import Reader, opened
from sentinel.text import LANGUAGES
from sentinel.timetable import Job as Periodic
from sentinel.wire.requests import EVERY_MACHINE_ON, Reply, Request

log = logging.getLogger(__name__)

LASTS = 120.0
"""Seconds until the child is ended."""
SAID = 64 << 10
KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "TZ")
"""What of our environment the child is given."""
A_DAY = 60
"""Papers in 24 hours: a hole in the page must not fill the card."""
WAITING = 2
LOOKS = timedelta(hours=1)
NAME = 80
DAWN = 6
"""Hour of the 1st from which the month before can be told: its last day has been by then."""

Post = Callable[[Paper], None]


class Papers:
    """Takes orders and has them made.

    Args:
        config: the file's; what was set on the page covers it in the child.
        post: takes a paper that was made to the street.
        shown: what is said at this moment.
    """

    def __init__(
        self, config: Config, places: Places, clock: Clock, post: Post, shown: Callable[[], Verdict | None]
    ) -> None:
        self._shown = shown
        self._config = config
        self._places = places
        self._clock = clock
        self._post = post
        self._orders: queue.Queue[Order] = queue.Queue(WAITING)
        self.state = ""
        """`making`, `failed` (the last one), or empty: for the page."""
        for left in places.papers.glob(f"{BEGUN}*") if places.papers.is_dir() else ():
            left.unlink(missing_ok=True)  # a child was ended, or the power went
        threading.Thread(target=self._work, name="papers", daemon=True).start()

    # -- orders ----------------------------------------------------------------------------------------------

    def take(self, request: Request) -> Reply:
        """An order from the page or the console; from the street's thread, so nothing here is slow.

        Returns:
            BUSY while others wait, or after too many in one day; NOT_ALLOWED: a month that has not begun, or a
            certificate without the word that every machine is on, or of what is not known.
        """
        try:
            order = _understood(request)
        except (ValueError, NotReadable):
            return Reply.NOT_UNDERSTOOD
        reply = self._may(order, request)
        if reply is not Reply.DONE:
            return reply
        return self._put(order)

    def _may(self, order: Order, request: Request) -> Reply:
        now = self._clock().wall
        if order.kind is PaperKind.MONTH and month_of(order.month) > now.astimezone(self._zone).date():
            return Reply.NOT_ALLOWED
        if order.kind is PaperKind.CERTIFICATE and request.section != EVERY_MACHINE_ON:
            return Reply.NOT_ALLOWED
        with opened(self._places.store) as reader:
            if order.kind is PaperKind.CERTIFICATE and not _can_be_certified(self._shown(), reader):
                return Reply.NOT_ALLOWED
            if len(reader.holdings.papers_since(now - timedelta(days=1))) >= A_DAY:
                return Reply.BUSY
            known = not order.incident or _is_known(reader, order.incident)
        return Reply.DONE if known else Reply.NOT_FOUND

    def _put(self, order: Order) -> Reply:
        try:
            self._orders.put_nowait(order)
        except queue.Full:
            return Reply.BUSY
        self.state = "making"
        return Reply.DONE

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(effective(self._config, self._places).practice.time_zone)

    # -- the calendar ----------------------------------------------------------------------------------------

    def jobs(self) -> list[Periodic]:
        """What the timetable does for papers."""
        return [Periodic(name="monthly page", every=LOOKS, work=self.monthly)]

    def monthly(self) -> Iterable[Paper]:
        """On the 1st, or as soon as it can be: the page of the month before, once."""
        now, zone = self._clock().wall, self._zone
        local = now.astimezone(zone)
        this = local.date().replace(day=1)
        last = (this - timedelta(days=1)).replace(day=1)
        if (local.day > 1 or local.hour >= DAWN) and self._is_wanted(last, this, zone):
            self._put(Order(kind=PaperKind.MONTH, month=f"{last:%Y-%m}"))
        return ()

    def _is_wanted(self, last: date, this: date, zone: ZoneInfo) -> bool:
        begun = (
            self._clock()
            .wall.astimezone(zone)
            .replace(year=this.year, month=this.month, day=1, hour=0, minute=0, second=0, microsecond=0)
        )
        with opened(self._places.store) as reader:
            installed = reader.holdings.installed()
            made = reader.holdings.papers_since(begun, PaperKind.MONTH)
        was_there = installed is not None and installed < begun
        return was_there and not any(each.name.startswith(f"mois-{last:%Y-%m}") for each in made)

    # -- the worker's thread ---------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            order = self._orders.get()
            self.state = "making"
            try:
                made = self._child(order)
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                log.error("the %s could not be made: %s", order.kind.value, error)
                self.state = "failed"
                continue
            log.info("%s was made", made.name)
            self._post(
                Paper(
                    kind=order.kind,
                    name=made.name,
                    sha256=made.sha256,
                    incident=order.incident,
                    who=order.who,
                    at=self._clock(),
                )
            )
            self.state = "" if self._orders.empty() else "making"

    def _child(self, order: Order) -> Made:
        job = Job(
            order=order,
            config=self._config,
            lasting=str(self._places.lasting.absolute()),
            passing=str(self._places.passing.absolute()),
            now=self._clock().wall,
        )
        done = subprocess.run(
            [sys.executable, "-m", "sentinel.programs.drawing"],
            input=codec.encode(job),
            capture_output=True,
            timeout=LASTS,
            check=False,
            env={name: os.environ[name] for name in KEPT if name in os.environ},
        )
        if done.returncode:
            raise OSError(done.stderr.decode(errors="replace").strip()[-200:] or f"exit {done.returncode}")
        return codec.decode(done.stdout[:SAID], Made)


def _understood(request: Request) -> Order:
    """An order from a request.

    Raises:
        ValueError: there is no such paper or language, or a dossier of no incident.
        NotReadable: it is no month.
    """
    order = Order(kind=PaperKind(request.kind), who=" ".join(request.who.split())[:NAME], language=request.value)
    if order.language and order.language not in LANGUAGES:
        raise ValueError(order.language)
    if order.kind is PaperKind.DOSSIER:
        if request.incident < 1:
            raise ValueError("a dossier is about an incident")
        return replace(order, incident=request.incident)
    if order.kind is PaperKind.MONTH:
        if not re.fullmatch(r"\d{4}-\d{2}", request.when):
            raise NotReadable("no month")
        month_of(request.when)
        return replace(order, month=request.when)
    return order


def _can_be_certified(shown: Verdict | None, reader: Reader) -> bool:
    """« Contrôlé » and « surveillé » are signed by hand: only once it is so, and every part knows."""
    unsure = shown is None or Level.UNSURE in (shown.level, *(each.level for each in shown.reasons))
    return not unsure and bool(reader.holdings.last_complete())


def _is_known(reader: Reader, number: int) -> bool:
    """In the log, or in the register that outlives it."""
    return reader.incident(number) is not None or reader.tallies.kept(number) is not None
