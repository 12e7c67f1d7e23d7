"""What the stories of the outside have in common: patience with quotas, the words on the page, and liars."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from subprocess import Popen

from sentinel.model.finding import Level
from sentinel.model.incident import Incident
from sentinel.text import say
from tests.lab.host import end
from tests.story.sentinel import ECHO_PORT, EchoHost, Sentinel


def forget_quota(echo: EchoHost) -> None:
    """A story asks more often than any practice does."""
    with closing(sqlite3.connect(echo.folder / "echo.db")) as book, book:
        book.execute("DELETE FROM checks")


def calm(sentinel: Sentinel) -> None:
    sentinel.wait(lambda: sentinel.level() is Level.CALM, "calm", 25)


def told(sentinel: Sentinel, key: str, **blanks: object) -> bool:
    """Whether the first page, as anybody may read it, holds what comes before and after a sentence's time."""
    page = sentinel.page()[1]
    sentence = say("fr", key, **{"since": "|", "at": "|", "contact": "|", "machine": "|", **blanks})
    return all(part.replace("'", "&#39;") in page for part in sentence.split("|"))


def door_of(sentinel: Sentinel, outside: int, family: int = 4) -> Incident:
    """The story of a public port."""
    [found] = [
        each for each in sentinel.incidents() if each.outside_port == outside and each.story.family == family
    ]
    return found


@contextmanager
def liar(kind: str, echo: EchoHost) -> Iterator[Popen[str]]:
    """Another echo in the place of the first, with its key and its book."""
    echo.stop()
    host = echo.host
    words = [kind, str(echo.folder), host.role, f"{host.v4}:{ECHO_PORT}", f"[{host.v6}]:{ECHO_PORT}"]
    running = host.start(
        [sys.executable, "-m", "tests.lab.liar", *words], ready=(ECHO_PORT,), patience=timedelta(seconds=20)
    )
    try:
        yield running
    finally:
        end(running)
