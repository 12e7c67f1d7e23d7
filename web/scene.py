"""What every page knows before it is written: is the sentinel alive, what does it say, who is reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Request, current_app

from sentinel.clock import Clock
from sentinel.config import Config, Practice
from sentinel.model.finding import Code, Level
from sentinel.model.moment import Moment
from sentinel.model.verdict import Verdict
from sentinel.places import Places
from sentinel.settings import covered, steps
from sentinel.signals import pulse as pulse_file
from sentinel.signals.pulse import Pulse
from sentinel.store import reading
from sentinel.text import LANGUAGES
from sentinel.text.points import Audience

SESSION_COOKIE = "sentinel_session"
LANGUAGE_COOKIE = "sentinel_language"
DARK = "dark"
PARTICULAR = {
    (Level.ALARM.word, Code.DRILL): "lamp.alarm.drill",
    (Level.ATTENTION.word, Code.ALARM_READ): "lamp.attention.read",
}
"""Words of the lamp that depend on why it shows this colour: its colour and the first reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stays the same for the life of the process."""

    config: Config
    places: Places
    clock: Clock
    boot: str
    """The kernel's name for this boot."""
    secret: bytes
    """Of this process alone: signs forms, keys the pages' tags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One request's knowledge, gathered once, before the page is made."""

    now: Moment
    pulse: Pulse | None
    alive: bool
    readable: bool
    """The store can be opened and asked."""
    session: str
    """The browser's token, where it stands for a login; else empty."""
    audience: Audience
    config: Config
    """The file's, covered by what was set on the page; the file's alone while the store cannot be read."""
    steps: Mapping[str, str]
    """How far the first hour has come."""
    claimed: bool = False
    """A password opens the sentinel, and the claim code no more."""

    @property
    def today(self) -> date:
        """The practice's own day."""
        return self.audience.now.astimezone(self.audience.zone).date()

    @property
    def named(self) -> bool:
        """Whether machines may be named."""
        return bool(self.session)

    @property
    def verdict(self) -> Verdict | None:
        """What the street says now; nothing when it does not live."""
        return self.pulse.verdict if self.pulse and self.alive else None

    @property
    def lamp(self) -> str:
        """What the page's lamp shows: never a level the page could not stand behind."""
        if self.verdict is None:
            return DARK
        level = max(self.verdict.level, Level.CALM)
        return level.word if self.readable else max(level, Level.UNSURE).word

    @property
    def lamp_word(self) -> str:
        """The key of the lamp's word: an exercise asks nobody to call, and what was read is not for this week."""
        first = self.verdict.reasons[0].code if self.verdict and self.verdict.reasons else None
        plain = f"lamp.{self.lamp}.word"
        return PARTICULAR.get((self.lamp, first), plain) if first else plain

    @property
    def stopped(self) -> datetime | None:
        """When a sentinel that does not run was last heard."""
        return self.pulse.at.wall if self.pulse and not self.alive else None


def surroundings() -> Surroundings:
    """What `create_app` was given."""
    around: Surroundings = current_app.extensions["sentinel"]
    return around


def is_private(request: Request, config: Config) -> bool:
    """Whether a login may be given and used here: by TLS, or where the page has one port alone (a laptop)."""
    return request.is_secure or not config.page.https_port


def session_cookie(config: Config) -> str:
    """Its name; with TLS one that no plain page, of ours or of another machine of that name, can set."""
    return f"__Host-{SESSION_COOKIE}" if config.page.https_port else SESSION_COOKIE


def look(request: Request, around: Surroundings) -> Scene:
    """Gather what is known at this moment; a store that cannot be read is part of the answer."""
    now = around.clock()
    pulse = pulse_file.read(around.places.pulse)
    alive = pulse_file.is_alive(pulse, now, around.boot)
    token = request.cookies.get(session_cookie(around.config), "") if is_private(request, around.config) else ""
    session, kept, claimed = _kept(token, around, now)
    config = covered(around.config, kept or {})
    shown = pulse.verdict.at.wall if pulse and alive else now.wall  # a played day has its own « today »
    return Scene(
        now=now,
        pulse=pulse,
        alive=alive,
        readable=kept is not None,
        session=session,
        audience=_audience(config, language(request, config), bool(session), shown),
        config=config,
        steps=steps(kept or {}),
        claimed=claimed,
    )


def _kept(token: str, around: Surroundings, now: Moment) -> tuple[str, dict[str, str] | None, bool]:
    """The token if it is a login's, what was set on the page, and whether a password is; None for what was set
    where the store could not be asked."""
    try:
        with reading.opened(around.places.store) as reader:
            reader.incidents(most=1)
            valid = bool(token) and reader.has_session(token, now.wall)
            kept, claimed = reader.settings(), reader.accounts.is_claimed
    except OSError:
        return "", None, False
    return (token if valid else ""), kept, claimed


def _audience(config: Config, language: str, named: bool, now: datetime) -> Audience:
    zone = ZoneInfo(config.practice.time_zone)
    return Audience(
        language=language,
        named=named,
        now=now,
        zone=zone,
        contact=contact(config.practice, now.astimezone(zone).date()),
        labels=config.labels,
    )


def contact(practice: Practice, today: date) -> str:
    """Name and phone of the person to call today, as far as they are known."""
    name, phone = practice.to_call(today)
    return f"{name} ({phone})" if name and phone else name or phone


def language(request: Request, config: Config) -> str:
    """What this reader reads: the one asked for, the one remembered, the browser's, the practice's."""
    for wanted in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    return request.accept_languages.best_match(LANGUAGES) or config.page.language.value
