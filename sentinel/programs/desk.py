"""Requests from the page and the command line, answered by the street between two facts."""

import ipaddress
import math
import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sentinel.clock import Clock
from sentinel.config import Practice
from sentinel.model.networks import ALWAYS_INSIDE, SHARED, is_part
from sentinel.model.passing import NetworkAnswer, Read
from sentinel.pipeline import Street
from sentinel.programs.deeds import VERBS, Asks, Deeds
from sentinel.store.sessions import Sessions
from sentinel.wire.requests import WAIT, Answer, Reply, Request, Verb, answer_one

COMMAND_LINE = ""
"""The session of the command line: it runs as the same user, who can read the store anyway."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request on its way through the street's queue, and the slot for its answer."""

    request: Request
    slot: queue.SimpleQueue[Answer] = field(default_factory=queue.SimpleQueue)


class Desk:
    """What each verb does. Lives in the street's thread."""

    def __init__(
        self,
        street: Street,
        sessions: Sessions,
        asking: Asks,
        clock: Clock,
        practice: Practice | None = None,
    ) -> None:
        self._street = street
        self._sessions = sessions
        self._asking = asking
        self._clock = clock
        self._deeds = Deeds(street, asking, clock, practice or Practice())

    def answer(self, request: Request) -> Answer:
        """One request; a store that cannot be written lets nobody in."""
        try:
            if request.verb is Verb.LOGIN:
                return self._login(request)
            if not self._may(request):
                return Answer(reply=Reply.NO_SESSION)
            if request.verb is Verb.CHECK:
                return self._check(request)
            return Answer(reply=self._deeds.do(request) if request.verb in VERBS else self._act(request))
        except OSError:
            return Answer(reply=Reply.BUSY)

    def _check(self, request: Request) -> Answer:
        """Everything, or of one story only whether its doors are closed; a door whose public port nobody
        learnt is looked for with everything."""
        promised = None
        if request.incident:
            told = [each for each in self._street.casebook.told() if each.number == request.incident]
            if not told:
                return Answer(reply=Reply.NOT_FOUND)
            doors = self._street.judge.outside.public_ports(told[0].story)
            promised = self._asking.retest(told[0].story.family, doors) if doors else None
        promised = promised or self._asking.soon()
        if promised.wait is not None:
            return Answer(reply=Reply.BUSY, wait_seconds=math.ceil(promised.wait.total_seconds()))
        return Answer(reply=Reply.DONE if promised.checks else Reply.NO_ECHO, checks=promised.checks)

    def _login(self, request: Request) -> Answer:
        entry = self._sessions.enter(request.code, request.client, self._clock().wall)
        if entry.token:
            return Answer(reply=Reply.DONE, session=entry.token)
        wait = math.ceil(entry.wait.total_seconds())
        return Answer(reply=Reply.TOO_MANY if wait else Reply.WRONG_CODE, wait_seconds=wait)

    def _may(self, request: Request) -> bool:
        if not request.client and request.session == COMMAND_LINE:
            return True
        return self._sessions.knows(request.session, self._clock().wall)

    def _act(self, request: Request) -> Reply:
        at = self._clock()
        if request.verb is Verb.LOGOUT:
            self._sessions.leave(request.session)
        elif request.verb is Verb.READ:
            if request.incident not in {each.number for each in self._street.casebook.told()}:
                return Reply.NOT_FOUND
            self._street.walk(Read(incident=request.incident, who=request.who[:80], at=at))
        elif request.verb is Verb.NETWORK:
            network = _network(request.network)
            if network is None:
                return Reply.NOT_UNDERSTOOD
            self._street.walk(NetworkAnswer(network=network, ours=request.ours, who=request.who[:80], at=at))
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
    """Take callers one after the other, in a thread of their own; a street that hangs answers nobody."""

    def respond(request: Request) -> Answer:
        asked = Asked(request)
        post(asked)
        try:
            return asked.slot.get(timeout=WAIT)
        except queue.Empty:
            return Answer(reply=Reply.NOT_RUNNING)

    def take() -> None:
        while True:
            try:
                answer_one(line, respond, allowed)
            except OSError:
                return  # the socket was closed: we are stopping

    thread = threading.Thread(target=take, name="requests", daemon=True)
    thread.start()
    return thread
