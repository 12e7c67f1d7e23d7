"""Requests from the page and the command line, answered by the street between two facts."""

import ipaddress
import logging
import math
import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sentinel.clock import Clock
from sentinel.config import Config
from sentinel.model.finding import Level
from sentinel.model.moment import Moment
from sentinel.model.networks import ALWAYS_INSIDE, SHARED, is_part
from sentinel.model.passing import NetworkAnswer, Read
from sentinel.pipeline import Street
from sentinel.programs.changing import change
from sentinel.programs.deeds import VERBS, Asks, Deeds
from sentinel.programs.entrance import Entrance, Slow
from sentinel.programs.seen import Seen
from sentinel.programs.telling import Telling
from sentinel.signals.press import Pressed
from sentinel.store.sessions import Sessions
from sentinel.wire.requests import WAIT, Answer, Call, Reply, Request, Verb, take_one

log = logging.getLogger(__name__)

STALE = timedelta(seconds=10)
"""A press on the button that had to wait for longer is dropped: whoever pressed has seen that nothing happened."""
HASHES = 4
"""Passwords that may wait to be compared, one after the other."""
NOBODY = -1
"""A caller the kernel did not name may do what a browser without a session may."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request on its way through the street's queue, and the slot for its answer."""

    request: Request
    user: int = NOBODY
    rest: Callable[[], Answer] | None = None
    """How to go on, where something slow was done meanwhile."""
    slot: queue.SimpleQueue[Answer | Slow] = field(default_factory=queue.SimpleQueue)
    pressed: Pressed | None = None
    """The press it comes from, where somebody pressed the button beside the lamp."""
    then: Callable[[Answer], None] = lambda _: None
    """Told the answer as well; must not wait."""
    put: float = field(default_factory=time.monotonic)
    """When, in seconds of the monotonic clock."""

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits for the answer any more: the page has said that nothing was done."""
        return not self.pressed and time.monotonic() > self.put + WAIT


class Desk:
    """What each verb does. Lives in the street's thread."""

    def __init__(
        self,
        street: Street,
        sessions: Sessions,
        asking: Asks,
        clock: Clock,
        config: Config | None = None,
        *,
        telling: Telling | None = None,
        paper: Callable[[Request], Reply] = lambda _: Reply.NOT_ALLOWED,
        seen: Seen | None = None,
    ) -> None:
        self._street = street
        self._entrance = Entrance(sessions, clock)
        self._asking = asking
        self._clock = clock
        self._config = config or Config()
        self._telling = telling
        self._deeds = Deeds(street, asking, clock, self._config)
        self._seen = seen or Seen()
        self._paper = paper
        """Takes the order for a document."""

    def take(self, asked: Asked) -> Answer | Slow:
        """One request, or what is left of it after something slow; its outcome is a row of the audit."""
        if asked.is_given_up:
            log.warning("a request had to wait for too long, and was dropped")
            return Answer(reply=Reply.NOT_RUNNING)
        try:
            answer = asked.rest() if asked.rest else self._first(asked)
        except OSError:  # a store that cannot be written lets nobody in
            answer = Answer(reply=Reply.BUSY)
        except Exception:  # somebody's odd words are no loss of the street's
            log.exception("one request could not be answered")
            answer = Answer(reply=Reply.NOT_UNDERSTOOD)
        if isinstance(answer, Answer):
            self._entrance.note(asked.request, answer)
            asked.then(answer)
        return answer

    def _first(self, asked: Asked) -> Answer | Slow:
        if asked.pressed and self._clock().since(asked.pressed.at) > STALE:
            log.warning("a press on the button was dropped: it had to wait for too long")
            return Answer(reply=Reply.BUSY)
        return self.answer(asked.request, asked.user, asked.pressed)

    def answer(self, request: Request, user: int = NOBODY, pressed: Pressed | None = None) -> Answer | Slow:
        """What comes of one request.

        Raises:
            OSError: the store cannot be written.
        """
        if request.verb is Verb.LOGIN:
            return self._entrance.login(request)
        if not self._entrance.may(request, user):
            return Answer(reply=Reply.NO_SESSION)
        if request.verb is Verb.LOGOUT:
            return self._entrance.logout(request)
        if request.verb in (Verb.PASSWORD, Verb.FORGET):
            act = self._entrance.change if request.verb is Verb.PASSWORD else self._entrance.forget
            return act(request, user)
        if request.verb is Verb.CHECK:
            return self._check(request)
        return Answer(reply=self._deeds.do(request) if request.verb in VERBS else self._act(request, pressed))

    def _check(self, request: Request) -> Answer:
        """Everything, or of one story only whether its doors are closed; a door whose public port nobody
        learnt is looked for with everything."""
        promised = None
        if request.incident:
            told = self._street.casebook.find(request.incident)
            if told is None:
                return Answer(reply=Reply.NOT_FOUND)
            doors = self._street.judge.outside.public_ports(told.story)
            promised = self._asking.retest(told.story.family, doors) if doors else None
        promised = promised or self._asking.soon()
        if promised.wait is not None:
            return Answer(reply=Reply.BUSY, wait_seconds=math.ceil(promised.wait.total_seconds()))
        return Answer(reply=Reply.DONE if promised.checks else Reply.NO_ECHO, checks=promised.checks)

    def _act(self, request: Request, pressed: Pressed | None) -> Reply:  # noqa: PLR0911 - one line a verb is the clearest
        at, who = self._clock(), request.who[:80]
        match request.verb:
            case Verb.READ:
                if request.incident:
                    return self._read(request.incident, who, at)
                return self._read_shown(who, at, pressed)
            case Verb.NETWORK:
                return self._answer_network(request, who, at)
            case Verb.SETTING:
                return change(request, self._config, self._street, at)
            case Verb.PAPER:
                return self._paper(request)
            case Verb.DRILL if self._telling:
                return self._telling.drilling.ask(who, at)
            case Verb.TEST_NOTICE if self._telling:
                return self._telling.test(at)
        return Reply.NOT_UNDERSTOOD

    def _read(self, incident: int, who: str, at: Moment) -> Reply:
        if self._street.casebook.recall(incident) is None:
            return Reply.NOT_FOUND
        self._street.walk(Read(incident=incident, who=who, at=at))
        return Reply.DONE

    def _read_shown(self, who: str, at: Moment, pressed: Pressed | None) -> Reply:
        """Every alarm that is shown now; of a press, that was shown before it."""
        reasons = self._street.verdict(at).reasons
        shown = [each.incident for each in reasons if each.level is Level.ALARM and each.incident]
        if pressed:
            shown = [number for number in shown if self._seen.before(pressed.down, number)]
        for number in shown:
            self._street.walk(Read(incident=number, who=who, at=at))
        return Reply.DONE if shown else Reply.NOT_FOUND

    def _answer_network(self, request: Request, who: str, at: Moment) -> Reply:
        network = _network(request.network)
        if network is None:
            return Reply.NOT_UNDERSTOOD
        self._street.walk(NetworkAnswer(network=network, ours=request.ours, who=who, at=at))
        return Reply.DONE


def _network(text: str) -> str | None:
    """A private network as text; a public one can never be declared ours from the page."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return None
    is_private = any(is_part(network, each) for each in (*ALWAYS_INSIDE, SHARED))
    return str(network) if is_private else None


def serve(line: socket.socket, post: Callable[[Asked], None], allowed: frozenset[int]) -> threading.Thread:
    """Take callers one after the other, in a thread of their own; a street that hangs answers nobody.

    A second thread compares passwords, one at a time: whoever asks for something else does not wait for it.
    """
    slow: queue.Queue[tuple[Call, Slow]] = queue.Queue(HASHES)

    def put(asked: Asked) -> Answer | Slow:
        post(asked)
        try:
            return asked.slot.get(timeout=WAIT)
        except queue.Empty:
            return Answer(reply=Reply.NOT_RUNNING)

    def hand_on(call: Call, answer: Answer | Slow) -> None:
        if isinstance(answer, Answer):
            return call.answer(answer)
        try:
            slow.put_nowait((call, answer))
        except queue.Full:
            call.answer(Answer(reply=Reply.BUSY))

    def take() -> None:
        while True:
            try:
                call = take_one(line, allowed)
            except OSError:
                return  # the socket was closed: we are stopping
            if call:
                hand_on(call, put(Asked(call.request, call.user)))

    def work() -> None:
        while True:
            call, task = slow.get()
            try:
                rest = task.done()
            except MemoryError:  # scrypt asks for 32 MB; the next one may find them
                call.answer(Answer(reply=Reply.BUSY))
            else:
                hand_on(call, put(Asked(call.request, call.user, rest)))

    threading.Thread(target=work, name="passwords", daemon=True).start()
    thread = threading.Thread(target=take, name="requests", daemon=True)
    thread.start()
    return thread
