"""From the fields of a form to one section of the settings, and back: what cannot be is said field by field."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict

from sentinel import codec
from sentinel.config import Config
from sentinel.settings import SECTIONS, mistakes
from web.scene import surroundings

Form = MultiDict[str, str]
FIELDS = {
    "practice": ("name", "practitioner", "contact", "phone", "substitute", "substitute_phone", "time_zone"),
    "notices": ("drill_weekday", "drill_at"),
    "reading": ("language", "months"),
    "update": (),
}
"""The fields of each section that are one line of text; the others are lists."""
MAIL = ("mailto", "mailtos")
HOUR = re.compile(r"[0-9]{2}:[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """One section as somebody filled it in."""

    section: str
    fields: Mapping[str, Any]
    """What its form shows."""
    value: str = ""
    """JSON of the section; empty while something is wrong."""
    wrong: frozenset[str] = field(default_factory=frozenset)
    """Names of the fields that cannot be kept."""


def shown(config: Config, section: str) -> dict[str, Any]:
    """A section as its form shows it; no address of a notice among it."""
    if section == "reading":
        page = config.page
        return {"language": page.language, "months": config.store.months, "page_from": "\n".join(page.page_from)}
    if section == "notices":
        told = config.notices
        return {"drill": told.drill, "drill_weekday": told.drill_weekday, "drill_at": f"{told.drill_at:%H:%M}"}
    if section == "update":
        night = config.update
        hours = {"opens": f"{night.opens:%H:%M}", "closes": f"{night.closes:%H:%M}"}
        return {"automatic": night.automatic, **hours}
    held = asdict(config.practice)
    return {
        **held,
        "opens": f"{config.practice.opens:%H:%M}",
        "closes": f"{config.practice.closes:%H:%M}",
        "holidays": [period(each) for each in config.practice.holidays],
    }


def filled(config: Config, section: str, form: Form) -> Filled:
    """What somebody sent, understood as far as it can be."""
    given: dict[str, Any] = {name: " ".join(form.get(name, "").split()) for name in FIELDS[section]}
    given |= _LISTS[section](config, form)
    values, wrong = _converted(section, given)
    if not wrong:
        value = codec.encode(SECTIONS[section](**values)).decode()
        wrong = {_field(each) for each in mistakes(config, section, value)}
    return Filled(
        section=section,
        fields=_again(config, section, given),
        value="" if wrong else value,
        wrong=frozenset(wrong),
    )


def _again(config: Config, section: str, given: dict[str, Any]) -> dict[str, Any]:
    """What was sent, as the form shows it once more; addresses of notices are typed anew."""
    known = shown(config, section)
    fields = {**known, **{name: value for name, value in given.items() if name in known}}
    if section == "practice":
        fields["holidays"] = [period(each) for each in given["holidays"]]
    if section == "reading":
        fields["page_from"] = "\n".join(given["page_from"])
    return fields


def _practice(_: Config, form: Form) -> dict[str, Any]:
    ends = zip(form.getlist("holiday_from"), form.getlist("holiday_to"), strict=False)
    return {
        "opens": _hour(form.get("opens", "")),
        "closes": _hour(form.get("closes", "")),
        "days": [_whole(each) for each in form.getlist("day")],
        "holidays": [f"{first[:10]}/{(last or first)[:10]}" for first, last in ends if first or last],
    }


def _notices(config: Config, form: Form) -> dict[str, Any]:
    """Addresses that nobody took out, and the new one: a page never sends back a password it was not given."""
    given: dict[str, Any] = {
        "drill": "drill" in form,
        "drill_at": _hour(form.get("drill_at", "")),
        "drill_weekday": _whole(form.get("drill_weekday", "")),
    }
    out = set(form.getlist("remove"))
    for name, kept in (("practice", config.notices.practice), ("technician", config.notices.technician)):
        new = form.get(f"{name}_new", "").strip()
        given[name] = [each for each in kept if mark(each) not in out] + [new] * bool(new)
    return given


def _reading(_: Config, form: Form) -> dict[str, Any]:
    networks = re.split(r"[\s,;]+", form.get("page_from", ""))
    return {"months": _whole(form.get("months", "")), "page_from": [each for each in networks if each]}


def _update(_: Config, form: Form) -> dict[str, Any]:
    hours = {name: _hour(form.get(name, "")) for name in ("opens", "closes")}
    return {"automatic": "automatic" in form, **hours}


_LISTS = {"practice": _practice, "notices": _notices, "reading": _reading, "update": _update}


def _converted(section: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
    hints = get_type_hints(SECTIONS[section])
    values, wrong = {}, set()
    for name, raw in given.items():
        try:
            values[name] = codec.convert(raw, hints[name])
        except ValueError:
            wrong.add(name)
    return values, wrong


def _field(mistake: str) -> str:
    """The field a mistake is about: « practice.holidays = … », « notices.practice[0]: … »."""
    found = re.match(r"[a-z]+\.([a-z_]+)", mistake)
    return found[1] if found else "section"


def _hour(text: str) -> str:
    return f"{text}:00" if HOUR.fullmatch(text) else "?"


def _whole(text: str) -> int | str:
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) else text


def period(text: str) -> tuple[str, str]:
    """First and last day of a holiday."""
    first, _, last = text.partition("/")
    return first, last


def mark(url: str) -> str:
    """A name of an address in a form, from which nobody learns it."""
    return blake2b(url.encode(), key=surroundings().secret, digest_size=8).hexdigest()


def masked(urls: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each address by its mark, and what may be shown of it: its kind, the server where that is no secret."""
    for url in urls:
        scheme = url.partition("://")[0]
        yield mark(url), f"{scheme}://…{_server(url)}"


def _server(url: str) -> str:
    """The mail server behind a name and a password; of any other service each word may be the secret itself."""
    try:
        parts = urlsplit(url)
        is_mail = parts.scheme in MAIL and "@" in parts.netloc
        return f"@{parts.hostname}" if is_mail and parts.hostname else ""
    except ValueError:
        return ""
