"""`sentinel password`: a new password for the page, for whoever may use the device's own command line."""

from collections.abc import Callable

from sentinel.places import Places
from sentinel.store.password import SHORTEST
from sentinel.wire.requests import Reply, Request, Verb, ask

SAID = {
    Reply.DONE: "The password is changed; every browser has to log in again.",
    Reply.NOT_ALLOWED: f"Not changed: {SHORTEST} characters at least, no first guess, not the practice's name.",
    Reply.NO_SESSION: "Not changed: run this as root, or as the sentinel's own user.",
    Reply.BUSY: "Not changed: the store cannot be written at the moment.",
    Reply.NOT_RUNNING: "Not changed: the sentinel is not running here, or this user may not ask it.",
}


def password(places: Places, given: str, tell: Callable[[str], None]) -> int:
    """Ask `watch` to set it.

    Returns:
        0 when it is set, else 1.
    """
    reply = ask(places.requests, Request(verb=Verb.PASSWORD, password=given)).reply
    tell(SAID.get(reply, f"Not changed: {reply.value}."))
    return 0 if reply is Reply.DONE else 1
