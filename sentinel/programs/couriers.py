"""The threads that put notices into words and have them delivered, one for each recipient.

A server that is slow for the one does not delay the other, and neither delays the lamp: they exchange values with
the street through queues, and share nothing with it.
"""

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sentinel.clock import Clock
from sentinel.config import Config
from sentinel.model.acting import NoticeOutcome
from sentinel.model.notice import Message, Recipient
from sentinel.signals import hours
from sentinel.signals.courier import Parcel
from sentinel.signals.sending import Sent
from sentinel.text.letters import Written, callers, write
from sentinel.text.points import Audience

log = logging.getLogger(__name__)

MOST = 50
"""Messages that wait; far more than may be sent in a day."""

Send = Callable[[Parcel], Sent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One message to deliver, and the settings of this moment."""

    message: Message
    config: Config


def addresses(config: Config, recipient: Recipient) -> tuple[str, ...]:
    """Where one recipient is reached."""
    notices = config.notices
    return notices.practice if recipient is Recipient.PRACTICE else notices.technician


def worded(errand: Errand) -> Written:
    """The message in the practice's language."""
    message, practice = errand.message, errand.config.practice
    called = callers(practice, holiday=hours.on_holiday(practice, message.at.wall))
    audience = Audience(
        language=errand.config.page.language.value,
        named=True,
        now=message.at.wall,
        zone=ZoneInfo(practice.time_zone),
        contact=called.first,
        labels=errand.config.labels,
    )
    return write(message, audience, called, practice.name)


class Courier:
    """One recipient's thread."""

    def __init__(self, name: str, post: Callable[[NoticeOutcome], object], send: Send, clock: Clock) -> None:
        self._post = post
        self._send = send
        self._clock = clock
        self._waiting: queue.Queue[Errand | None] = queue.Queue(MOST)
        self._taken: dict[int, set[str]] = {}
        """Of a message that some addresses have taken and others not: those that have."""
        threading.Thread(target=self._work, name=f"notices to the {name}", daemon=True).start()

    def take(self, errand: Errand) -> bool:
        """Deliver it as soon as may be; False where too much waits already."""
        try:
            self._waiting.put_nowait(errand)
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """Begin nothing more; a message on its way is not waited for."""
        while self._waiting.qsize():
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                break
        self._waiting.put_nowait(None)

    def _work(self) -> None:
        while (errand := self._waiting.get()) is not None:
            try:
                outcome = self._deliver(errand)
            except Exception:  # the edge of this thread: a message that cannot be written was not delivered
                log.exception("a notice could not be put into words")
                outcome = self._outcome(errand.message, arrived=False, detail="it could not be put into words")
            self._post(outcome)

    def _deliver(self, errand: Errand) -> NoticeOutcome:
        message, words = errand.message, worded(errand)
        taken = self._taken.pop(message.notice, set())
        wanted = addresses(errand.config, message.recipient)
        left = tuple(each for each in wanted if each not in taken)
        if not wanted:
            return self._outcome(message, arrived=False, detail="there is no address any more")
        sent = (
            self._send(Parcel(addresses=left, subject=words.subject, body=words.body)) if left else Sent(taken=())
        )
        taken |= {each for each, well in zip(left, sent.taken, strict=False) if well}
        arrived = taken >= set(wanted)
        if not arrived:
            self._remember(message.notice, taken)
        return self._outcome(message, arrived=arrived, detail="" if arrived else sent.detail)

    def _remember(self, notice: int, taken: set[str]) -> None:
        """Who has it is not sent it again."""
        self._taken[notice] = taken
        while len(self._taken) > MOST:
            del self._taken[next(iter(self._taken))]

    def _outcome(self, message: Message, *, arrived: bool, detail: str) -> NoticeOutcome:
        return NoticeOutcome(notice=message.notice, arrived=arrived, detail=detail, at=self._clock())


Couriers = Mapping[Recipient, Courier]


def couriers(post: Callable[[NoticeOutcome], object], send: Send, clock: Clock) -> Couriers:
    """One for each recipient."""
    return {each: Courier(each.value, post, send, clock) for each in Recipient}
