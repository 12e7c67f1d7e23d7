"""Sending one message, in a short-lived child: apprise and its habits on the network stay out of `watch`.

The child is given the message on stdin, so that no address is ever in a list of processes; it is ended after half
a minute. Whatever goes wrong in there is « not taken », with a reason that names no address.
"""

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from subprocess import DEVNULL, PIPE, Popen
from threading import Timer

from sentinel import codec
from sentinel.signals.courier import LASTS, REFUSED, TAKEN, UNKNOWN, Parcel

SAID = 4096
"""Bytes of the child's answer that are read: a word for each address."""
KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
MISSING = "apprise is not installed: pip install 'cabinet-sentinel[notify]'"
COMMAND = (sys.executable, "-m", "sentinel", "notify")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How it went."""

    taken: tuple[bool, ...]
    """Of each address, whether its server took the message."""
    detail: str = ""
    """Why not, where one did not; plain English, and no address."""


def is_installed() -> bool:
    """Whether messages can be sent at all here."""
    return find_spec("apprise") is not None


def send(parcel: Parcel, *, lasts: float = LASTS, command: tuple[str, ...] = COMMAND) -> Sent:
    """Send; half a minute at most, and never an exception."""
    given = {name: os.environ[name] for name in KEPT if name in os.environ}
    try:
        with Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=given) as child:
            said, code, late = _talk(child, codec.encode(parcel), lasts)
    except OSError as error:
        return _none(parcel, f"the sender cannot be started: {error.strerror}")
    if code == 69:
        return _none(parcel, MISSING)
    words = [*said.decode("ascii", "replace").split(), *[""] * len(parcel.addresses)][: len(parcel.addresses)]
    return Sent(taken=tuple(word == TAKEN for word in words), detail=_why(words, late=late))


def _talk(child: "Popen[bytes]", asked: bytes, lasts: float) -> tuple[bytes, int, bool]:
    """What the child says in its time, how it ended, and whether it had to be ended."""
    end = Timer(lasts, child.kill)
    end.start()
    said = b""
    try:
        if child.stdin and child.stdout:
            with suppress(BrokenPipeError):  # it ended before it had read: its exit code says why
                child.stdin.write(asked)
                child.stdin.close()
            said = child.stdout.read(SAID)
        code = child.wait()
    finally:
        end.cancel()
    return said, code, code < 0


def _none(parcel: Parcel, why: str) -> Sent:
    return Sent(taken=(False,) * len(parcel.addresses), detail=why)


def _why(words: list[str], *, late: bool) -> str:
    """What became of those who did not take it."""
    refused, unknown = words.count(REFUSED), words.count(UNKNOWN)
    unheard = len(words) - refused - unknown - words.count(TAKEN)
    parts = [
        f"{refused} of {len(words)} refused or did not answer" if refused else "",
        f"{unknown} of {len(words)} is an address nobody knows" if unknown else "",
        (f"{unheard} of {len(words)} not within {LASTS} s" if late else f"{unheard} of {len(words)} failed")
        if unheard
        else "",
    ]
    return "; ".join(part for part in parts if part)
