"""A desk for tests: whoever asks is answered at once, where the real one asks the street first."""

import socket
from collections.abc import Callable

from sentinel.wire.requests import Answer, Request, take_one


def answer_one(line: socket.socket, respond: Callable[[Request], Answer], allowed: frozenset[int]) -> None:
    """Accept one caller and answer its one request.

    Raises:
        OSError: nobody can be accepted any more.
    """
    call = take_one(line, allowed)
    if call:
        call.answer(respond(call.request))
