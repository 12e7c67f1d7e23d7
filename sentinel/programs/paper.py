"""`sentinel paper`: has the running sentinel make a document; without one, makes it here from the store."""

import time
from collections.abc import Callable
from contextlib import suppress

from sentinel.clock import Clock, now
from sentinel.config import Config
from sentinel.errors import NotReadable
from sentinel.model.acting import PaperKind
from sentinel.places import Places
from sentinel.programs.ordering import Order
from sentinel.signals import pulse
from sentinel.store.reading import opened
from sentinel.text import say
from sentinel.wire.requests import EVERY_MACHINE_ON, Reply, Request, Verb, ask

MADE, NOT_MADE = 0, 1
PATIENCE = 130.0
"""Seconds: a child has 120."""
LOOK = 0.2

Say = Callable[[str], None]


def wish(kind: str, about: str, *, language: str, who: str, every_machine_on: bool) -> Request:
    """What is asked of `watch`.

    Raises:
        NotReadable: a dossier is about an incident's number.
    """
    is_dossier = kind == PaperKind.DOSSIER
    if is_dossier and not about.isdecimal():
        raise NotReadable("a dossier is about one incident: sentinel paper dossier 12")
    return Request(
        verb=Verb.PAPER,
        kind=kind,
        incident=int(about) if is_dossier else 0,
        when="" if is_dossier else about,
        value=language,
        who=who,
        section=EVERY_MACHINE_ON if every_machine_on else "",
    )


def paper(config: Config, places: Places, asked: Request, tell: Say, clock: Clock = now) -> int:
    """Ask, wait, say where it lies.

    Returns:
        0: it was made; 1: it was not, and why was said.
    """
    language = config.page.language.value
    before = _newest(places)
    answer = ask(places.requests, asked)
    if answer.reply is Reply.NOT_RUNNING:
        return _here(config, places, asked, tell, clock)
    if answer.reply is not Reply.DONE:
        tell(_refusal(language, asked, answer.reply))
        return NOT_MADE
    name = _wait(places, before)
    tell(str(places.papers / name) if name else say(language, "paper.failed"))
    return MADE if name else NOT_MADE


def _here(config: Config, places: Places, asked: Request, tell: Say, clock: Clock) -> int:
    """Nobody runs who could write it down: the file alone, and that is said; nor who could vouch for anything."""
    from sentinel.programs.drawing import draw

    language = config.page.language.value
    if asked.kind == PaperKind.CERTIFICATE:
        tell(_refusal(language, asked, Reply.NOT_ALLOWED))
        return NOT_MADE
    order = Order(
        kind=PaperKind(asked.kind),
        incident=asked.incident,
        month=asked.when,
        language=asked.value,
        who=asked.who,
    )
    try:
        made = draw(order, config, places, clock().wall)
    except OSError as error:
        raise NotReadable(f"the paper cannot be made: {error}") from None
    tell(str(places.papers / made.name))
    tell(say(language, "paper.unlisted", sha256=made.sha256))
    return MADE


def _refusal(language: str, asked: Request, reply: Reply) -> str:
    """Why not; a certificate has its own reasons."""
    if asked.kind == PaperKind.CERTIFICATE and reply is Reply.NOT_ALLOWED:
        return say(language, "reply.certificate.not_allowed")
    return say(language, f"reply.paper.{reply.value}")


def _newest(places: Places) -> int:
    with suppress(OSError), opened(places.store) as reader:
        return max((each.number for each in reader.holdings.papers(most=1)), default=0)
    return 0


def _wait(places: Places, before: int) -> str:
    """The name of the next paper; empty where it could not be made, or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        time.sleep(LOOK)
        with suppress(OSError), opened(places.store) as reader:
            newer = reader.holdings.papers(most=1, after=before)
            if newer:
                return newer[0].name
        beat = pulse.read(places.pulse)
        if beat and beat.paper == "failed":
            return ""
    return ""
