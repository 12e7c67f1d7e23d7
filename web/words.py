"""How templates speak: catalogue words, times and sizes in the reader's language, every blank escaped."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from flask import Flask, g, request
from markupsafe import Markup, escape

from sentinel import text
from sentinel.config import Practice
from sentinel.model.finding import Code
from sentinel.services import DOOR_TEST_PORT, service
from sentinel.text import catalogue, outside, points, times
from sentinel.text.points import Phrase
from web.checking import checking, minutes_left, renews_in
from web.matrix import MARKS


def _language() -> str:
    return str(g.scene.audience.language)


def html(language: str, key: str, blanks: Mapping[str, object]) -> Markup:
    """A sentence as HTML: its own characters and every blank escaped, unless a blank is markup already."""
    count = blanks.get("count")
    sentence = text.pattern(language, key, count if isinstance(count, int) else None)
    return Markup(escape(sentence)).format(**catalogue.filled(language, dict(blanks)))  # noqa: S704 - escaped first


def t(key: str, **blanks: object) -> Markup:
    """The words of `key`."""
    return html(_language(), key, blanks)


def word(prefix: str, value: object) -> Markup:
    """The word for one value of a list; the value itself where the catalogues do not know it."""
    key = f"{prefix}.{value}"
    return t(key) if text.has(_language(), key) else escape(value)


def phone_link(practice: Practice, today: date) -> Markup | None:
    """The person to call today as a link that dials; nothing without a phone."""
    name, phone = practice.to_call(today)
    dialled = "".join(each for each in phone if each.isdigit() or each == "+")
    if not dialled:
        return None
    whole = phone.replace(" ", "\u00a0")
    return Markup('<a href="tel:{}">{}</a>').format(dialled, f"{name} ({whole})" if name else whole)


def is_dated(said: Phrase) -> bool:
    """Whether a sentence tells its time itself."""
    sentence = text.pattern(_language(), said.key)
    return any(blank in sentence for blank in ("{at}", "{since}", "{read_at}", "{until}"))


def tells_contact(said: Phrase) -> bool:
    """Whether a sentence names the person to call itself."""
    return "{contact}" in text.pattern(_language(), said.key)


def stamp(when: datetime) -> Markup:
    """A moment in a table."""
    audience = g.scene.audience
    shown = times.stamp(audience.language, when, audience.zone)
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(timespec="seconds"), shown)


def tick(when: datetime, hours: bool = False) -> str:
    """A moment under a picture: its day, with the hour where the picture is short."""
    audience = g.scene.audience
    return times.tick(audience.language, when, audience.zone, hours=hours)


def at(when: datetime) -> str:
    """A moment in a sentence."""
    audience = g.scene.audience
    return times.at(audience.language, when, audience.now, audience.zone)


def hour(when: datetime) -> str:
    """The time of day."""
    audience = g.scene.audience
    return times.hour(audience.language, when, audience.zone)


def day(when: date) -> str:
    """A date in full."""
    return times.whole_day(_language(), when)


def since(when: datetime) -> str:
    """A moment after « depuis »."""
    audience = g.scene.audience
    return times.since(audience.language, when, audience.now, audience.zone)


def ago(when: datetime) -> str:
    """How long ago, counted from what the page calls now."""
    return times.ago(_language(), max(g.scene.audience.now - when, timedelta(0)))


def size(count: int) -> str:
    """Bytes, short."""
    return times.size(_language(), count)


def number(value: float) -> str:
    """A number with this language's separators."""
    return catalogue.number(_language(), value)


def label(mac: str | None, address: object = None) -> str:
    """What the practice calls a machine; empty when it gave no name."""
    return str(g.scene.audience.labels.get((mac or "").lower(), "")) if address or mac else ""


def old(when: datetime) -> str:
    """The age of an answer that is too old: « 5 heures »."""
    return times.lasting(_language(), max(g.scene.audience.now - when, timedelta(0)))


def port(number: int | None) -> str:
    """A port with the name of its service."""
    known = service(number) if number else None
    return f"{number} ({known.name})" if known else str(number or "")


def capital(words: str) -> str:
    """The same words, beginning with a capital."""
    return words[:1].upper() + words[1:]


def here(**changes: object) -> str:
    """This page's address with some of its questions changed."""
    asked = {**request.args.to_dict(), **{name: str(value) for name, value in changes.items()}}
    return "?" + urlencode({name: value for name, value in asked.items() if value})


def made() -> Markup:
    """When this page was made; remembered, so that the page's tag can leave it out."""
    shown = stamp(g.scene.now.wall)
    g.made = str(shown)
    return shown


def teach(app: Flask) -> None:
    """Give the templates their words."""

    def phrase(said: Phrase) -> Markup:
        link = phone_link(g.scene.config.practice, g.scene.today)
        blanks = {**said.blanks, "contact": link} if link and "contact" in said.blanks else said.blanks
        return html(_language(), said.key, blanks)

    app.jinja_env.filters.update(
        phrase=phrase,
        stamp=stamp,
        tick=tick,
        at=at,
        hour=hour,
        day=day,
        since=since,
        ago=ago,
        size=size,
        port=port,
        number=number,
        capital=capital,
        old=old,
        answered=lambda app: outside.answered(_language(), app),
    )
    app.jinja_env.globals.update(
        t=t,
        word=word,
        label=label,
        here=here,
        made=made,
        finding_title=lambda code: t(points.title(Code(code)).key),
        checking=checking,
        minutes_left=minutes_left,
        renews_in=renews_in,
        endpoint=outside.endpoint,
        door_test_port=DOOR_TEST_PORT,
        marks=MARKS,
        day=timedelta(days=1),
    )
    app.jinja_env.tests["dated"] = is_dated
    app.jinja_env.tests["telling"] = tells_contact
