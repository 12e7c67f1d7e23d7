"""Who may ask for what: logins, the password, sessions; and the row that each act leaves.

Comparing a password takes a third of a second and 32 MiB. The street does not wait for it: it counts the try,
hands the work to the desk's own thread (`Slow`), and goes on when the outcome comes back through its queue.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sentinel.clock import Clock
from sentinel.config import Page
from sentinel.programs.users import user
from sentinel.store import password
from sentinel.store.audit import Act
from sentinel.store.sessions import Sessions
from sentinel.wire.requests import Answer, Reply, Request, own_user

COMMAND_LINE = ""
"""The session of the command line: it runs as the same user or as root, who can read the store anyway."""
EVERYBODY = "all"
CHEAP = frozenset({Reply.TOO_MANY, Reply.NO_SESSION, Reply.NOT_UNDERSTOOD, Reply.BUSY})
"""Refusals that anybody may provoke."""
ABOUT = ("incident", "network", "ours", "kind", "when", "machine", "port", "source", "window", "number", "section")
"""What a row tells of a request: never a code, a password, a session, a reason or a setting's value."""


@dataclass(frozen=True, slots=True)
class Slow:
    """What the street does not wait for, and how it goes on with what came of it."""

    work: Callable[[], Any]
    then: Callable[[Any], Answer]

    def done(self) -> Callable[[], Answer]:
        """Do the work, in the thread that calls; what is left is for the street's."""
        return partial(self.then, self.work())


class Entrance:
    """Logins and sessions, as requests ask for them. Lives in the street's thread."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def may(self, request: Request, user: int) -> bool:
        """Whether this caller may ask for anything but a login: by a session, or at the console."""
        return _is_console(request, user) or self._sessions.knows(request.session, self._clock().wall)

    def login(self, request: Request) -> Answer | Slow:
        """By the code while the sentinel is not claimed, then by the password."""
        at = self._clock().wall
        kept = self._sessions.password
        if not kept:
            entry = self._sessions.enter(request.code, request.client, at)
            wrong = _too_many(entry.wait.total_seconds()) if entry.wait else Answer(reply=Reply.WRONG_CODE)
            return Answer(reply=Reply.DONE, session=entry.token) if entry.token else wrong
        wait = self._sessions.attempt(request.client, at)
        if wait:
            return _too_many(wait.total_seconds())

        def then(is_right: bool) -> Answer:
            if not is_right or self._sessions.password != kept:  # it was changed while this one was compared
                return Answer(reply=Reply.WRONG_CODE)
            self._sessions.forgive(request.client, at)
            return Answer(reply=Reply.DONE, session=self._sessions.begin(request.client, at))

        return Slow(partial(password.matches, kept, request.code), then)

    def logout(self, request: Request) -> Answer:
        """End this session, or every one."""
        if request.kind == EVERYBODY:
            self._sessions.leave_all()
        else:
            self._sessions.leave(request.session)
        return Answer(reply=Reply.DONE)

    def change(self, request: Request, user: int) -> Answer | Slow:
        """Set the first password, or another for who knows the present one; at the console for who stands there.

        Every session ends, and the browser that asked gets a new one.
        """
        if password.is_weak(request.password, *self._sessions.names):
            return Answer(reply=Reply.NOT_ALLOWED)
        at, at_console = self._clock().wall, _is_console(request, user)
        present = "" if at_console else self._sessions.password
        wait = self._sessions.attempt(request.client, at) if present else None
        if wait:
            return _too_many(wait.total_seconds())

        def work() -> str:
            known = not present or password.matches(present, request.code)
            return password.kept(request.password) if known else ""

        def then(hashed: str) -> Answer:
            if not hashed:
                return Answer(reply=Reply.WRONG_CODE)
            self._sessions.forgive(request.client, at)
            self._sessions.set_password(hashed, at)
            return Answer(reply=Reply.DONE, session="" if at_console else self._sessions.begin(request.client, at))

        return Slow(work, then)

    def forget(self, request: Request, user: int) -> Answer:
        """Whoever stands at the device may have the password forgotten; no browser may."""
        if not _is_console(request, user):
            return Answer(reply=Reply.NOT_ALLOWED)
        if not self._sessions.password:
            return Answer(reply=Reply.NOT_FOUND)
        self._sessions.forget_password(self._clock(), request.who)
        return Answer(reply=Reply.DONE)

    def note(self, request: Request, answer: Answer) -> None:
        """Leave the row of one act."""
        told = {name: getattr(request, name) for name in ABOUT}
        act = Act(
            at=self._clock().wall,
            client=request.client[:64],
            verb=request.verb.value,
            who=request.who[:80],
            detail=" ".join(f"{name}={value}" for name, value in told.items() if value)[:200],
            reply=answer.reply.value,
        )
        self._sessions.audit.note(act, cheap=answer.reply in CHEAP)


def allowed(page: Page) -> frozenset[int]:
    """The users that may put requests: root, our own, and the page's where it has one.

    Raises:
        ConfigurationError: there is no such user on this machine.
    """
    return own_user() | ({user("page.user", page.user).pw_uid} if page.user else set())


def _is_console(request: Request, user: int) -> bool:
    """The command line of root or our own user: it has no client, and the page always has one."""
    return user in own_user() and not request.client and request.session == COMMAND_LINE


def _too_many(seconds: float) -> Answer:
    return Answer(reply=Reply.TOO_MANY, wait_seconds=math.ceil(seconds))
