"""What the page and the command line may ask `watch` to do: typed, small, answered within seconds.

The socket lies in the run directory; `watch` answers only its own user, root and the page's user (SO_PEERCRED),
and it alone checks codes and sessions, so that a hole in the page cannot write to the store.
"""

import os
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from sentinel import codec

LARGEST: Final = 8192
WAIT: Final = 3.0
"""Seconds: an answer comes when its row is on the card, and a busy one takes longer than a second."""
WAIT_LONGER: Final = 15.0
"""For a password, which is slow to compare on purpose, behind four others at the most."""
SILENCE: Final = 1.0
"""So long `watch` waits for the words of a caller: meanwhile it hears nobody else."""


EVERY_MACHINE_ON: Final = "every_machine_on"
"""`section` of a request for a certificate: somebody has declared that no machine was off, and hid a door."""


class Verb(StrEnum):
    """The things that can be asked."""

    LOGIN = "login"
    LOGOUT = "logout"
    CHECK = "check"
    """Ask the echo now: everything, or with an incident's number only whether its door was closed."""
    READ = "read"
    """« J'ai vu »; without an incident, on every alarm that is shown."""
    NETWORK = "network"
    """Whether a private network is ours."""
    MEASURE = "measure"
    """An interim measure was taken."""
    FALSE_ALARM = "false_alarm"
    ACCEPT = "accept"
    """A door is accepted, or a maintenance window opened."""
    WITHDRAW = "withdraw"
    """An acceptance holds no more."""
    PASSWORD = "password"  # noqa: S105 - the name of a verb
    """Set or change the password of the page."""
    FORGET = "forget"
    """No password opens the page any more, and a new code claims it: for whoever stands at the device alone."""
    SETTING = "setting"
    DRILL = "drill"
    TEST_NOTICE = "test_notice"
    """Send one message to every recipient, by the path a real one takes."""
    PAPER = "paper"
    """Make a document."""


SLOW: Final = frozenset({Verb.LOGIN, Verb.PASSWORD})


class Reply(StrEnum):
    """How `watch` answered."""

    DONE = "done"
    WRONG_CODE = "wrong_code"
    TOO_MANY = "too_many"
    """Five wrong codes within fifteen minutes."""
    NO_SESSION = "no_session"
    NO_ECHO = "no_echo"
    BUSY = "busy"
    """A check is already running, or the echo asked us to wait."""
    NOT_FOUND = "not_found"
    NOT_UNDERSTOOD = "not_understood"
    NOT_ALLOWED = "not_allowed"
    """Understood and refused: an end at a week-end, a window too long, a password too short."""
    NOT_RUNNING = "not_running"
    """`watch` could not be asked at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question; only the fields its verb needs are filled."""

    verb: Verb
    session: str = ""
    """The token a login gave; the command line, run by the same user, needs none."""
    code: str = ""
    client: str = ""
    """The browser's address, for the throttle."""
    incident: int = 0
    who: str = ""
    network: str = ""
    ours: bool = False
    kind: str = ""
    """Of a measure or a paper."""
    when: str = ""
    """ISO 8601: when a measure was done, or until when a door is accepted; a month as 2026-11."""
    why: str = ""
    """A reason or a remark."""
    machine: str = ""
    port: int = 0
    source: str = ""
    """Who may come: a network; empty: anybody."""
    window: bool = False
    number: int = 0
    """Of an acceptance."""
    section: str = ""
    value: str = ""
    """JSON of one section of the settings."""
    password: str = ""
    """The new one; the present one is in `code`. With LOGOUT, `kind` "all" ends every session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of it."""

    reply: Reply
    session: str = ""
    wait_seconds: int = 0
    checks: int = 0
    """How many outcomes a CHECK will bring: one for each family."""


def ask(path: Path, request: Request) -> Answer:
    """Put one request to `watch`; NOT_RUNNING when nobody answers in three seconds, or more for a password."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
            line.settimeout(WAIT_LONGER if request.verb in SLOW else WAIT)
            line.connect(str(path))
            line.send(codec.encode(request))
            return codec.decode(line.recv(LARGEST), Answer)
    except (OSError, ValueError):
        return Answer(reply=Reply.NOT_RUNNING)


def listen_at(path: Path) -> socket.socket:
    """The socket on which `watch` answers; its own user and group may connect."""
    path.unlink(missing_ok=True)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.bind(str(path))
    path.chmod(0o660)
    line.listen(16)
    return line


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody who may ask, and waits for the answer."""

    request: Request
    user: int
    """By the kernel's word."""
    _line: socket.socket

    def answer(self, answer: Answer) -> None:
        """Say it and hang up; a caller that has left is none of our business."""
        with self._line, suppress(OSError):
            self._line.send(codec.encode(answer))


def take_one(line: socket.socket, allowed: frozenset[int]) -> Call | None:
    """Accept one caller and hear what it asks; whoever is not allowed is hung up on before a byte is read.

    Raises:
        OSError: nobody can be accepted any more.
    """
    caller, _ = line.accept()
    call = None
    try:
        caller.settimeout(SILENCE)
        user = peer_uid(caller)
        if user in allowed:
            call = _heard(caller, user)
    except OSError:
        pass  # the caller left, or said nothing
    finally:
        if call is None:
            caller.close()
    return call


def _heard(caller: socket.socket, user: int) -> Call | None:
    asked = caller.recv(LARGEST + 1)
    try:
        request = codec.decode(asked, Request)
    except ValueError:
        request = None
    if request is None or len(asked) > LARGEST:
        caller.send(codec.encode(Answer(reply=Reply.NOT_UNDERSTOOD)))
        return None
    return Call(request, user, caller)


def peer_uid(caller: socket.socket) -> int:
    """The user at the other end of a unix socket, by the kernel's word."""
    _, uid, _ = struct.unpack("3i", caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(uid)


def own_user() -> frozenset[int]:
    """Ourselves and root, who need no session on the command line."""
    return frozenset({os.getuid(), 0})
