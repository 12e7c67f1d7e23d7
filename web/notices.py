"""`/notices`: what was told to whom and whether it arrived, a test, and the monthly drill.

Recipients stand here by kind only: an address may hold a password.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from sentinel.config import Config
from sentinel.model.incident import Incident
from sentinel.model.notice import Notice, NoticeKind, Recipient
from sentinel.signals.exercise import next_drill
from sentinel.signals.sending import is_installed
from sentinel.store import reading
from sentinel.wire.requests import Request, Verb
from web.guard import behind_code
from web.scene import Scene, surroundings
from web.wishes import act, who

pages = Blueprint("notices", __name__)

MOST = 50
LATEST = 20
"""Notices among which the last word on each recipient is looked for."""
KINDS = {"mailto": "mail", "mailtos": "mail", "json": "JSON", "jsons": "JSON", "ntfy": "ntfy", "ntfys": "ntfy"}
"""What a scheme is called; another is called by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One recipient, without a single address."""

    recipient: Recipient
    count: int
    kinds: str


@pages.get("/notices")
@behind_code
def notices() -> ResponseReturnValue:
    """The last messages, newest first."""
    scene: Scene = g.scene
    with reading.opened(surroundings().places.store) as reader:
        told, drill = reader.notices(most=MOST), reader.last_drill()
    return render_template(
        "notices.html",
        told=[(each, state(each), incident_of(each)) for each in told],
        reached=reached(scene.config),
        installed=is_installed(),
        drill=drill,
        next_drill=_next(scene, drill),
    )


@pages.post("/notices/test")
@behind_code
def test() -> ResponseReturnValue:
    """One message to everybody, by the path a real one takes."""
    return act(Request(verb=Verb.TEST_NOTICE, session=g.scene.session), "/notices")


@pages.post("/notices/drill")
@behind_code
def drill() -> ResponseReturnValue:
    """An exercise, now."""
    return act(Request(verb=Verb.DRILL, session=g.scene.session, who=who()), "/notices")


@pages.app_template_global()
def undelivered() -> list[Recipient]:
    """Whom the last message did not reach; nobody where the store cannot be asked, which is told elsewhere."""
    try:
        with reading.opened(surroundings().places.store) as reader:
            tried = [each for each in reader.notices(most=LATEST) if each.tries]
    except OSError:
        return []
    last = {each.recipient: each for each in reversed(tried)}
    return [recipient for recipient, each in last.items() if each.arrived is None]


def state(notice: Notice) -> str:
    """How its delivery stands, as the catalogues call it."""
    if notice.arrived:
        return "arrived"
    if notice.over:
        return "lost"
    return "failed" if notice.tries else "sent"


def incident_of(notice: Notice) -> int:
    """The incident it leads to: the first it is about; 0 where it is about none."""
    about = [each.about for each in notice.told if each.about.isdecimal()]
    return int(about[0]) if about and notice.kind is not NoticeKind.TEST else 0


def reached(config: Config) -> list[Reached]:
    """Each recipient by kind: « 2 adresses (mail, ntfy) »."""
    lists = {Recipient.PRACTICE: config.notices.practice, Recipient.TECHNICIAN: config.notices.technician}
    return [
        Reached(recipient=recipient, count=len(urls), kinds=", ".join(dict.fromkeys(map(_kind, urls))))
        for recipient, urls in lists.items()
    ]


def _kind(url: str) -> str:
    scheme = url.partition("://")[0].lower()[:20]
    return KINDS.get(scheme, scheme)


def _next(scene: Scene, last: Incident | None) -> datetime | None:
    config = scene.config
    return next_drill(
        config.notices, config.practice, scene.audience.now, last.first.wall if last is not None else None
    )
