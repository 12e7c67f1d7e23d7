"""What somebody set on the page covers what `sentinel.toml` says, one whole section at a time.

The file is the flasher's: it is read at start. The page's sections lie in the store, and whoever shows or sends
something reads them anew. Nothing that judgement rests on is among them: doors and networks that are accepted have
facts of their own.

Labels and steps are told one by one, so that two people who name machines do not undo each other, and so that the
names of two thousand machines need not fit into one request; what is kept is always the whole section.
"""

import re
from collections.abc import Mapping, Sized
from dataclasses import dataclass, replace
from datetime import time
from ipaddress import ip_network
from typing import Any, Final

from sentinel import codec
from sentinel.config import Config, Language, Notices, Practice
from sentinel.mistakes import MAC, contradictions
from sentinel.model.networks import ALWAYS_INSIDE, SHARED, is_part


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Who may read the page, in which language, and for how long the log is kept."""

    language: Language = Language.FR
    page_from: tuple[str, ...] = ()
    months: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """Whether updates come by themselves, and when at night; where from only the file says."""

    automatic: bool = False
    opens: time = time(2, 0)
    closes: time = time(5, 0)


SECTIONS: Final[Mapping[str, Any]] = {
    "practice": Practice,
    "labels": dict[str, str],
    "notices": Notices,
    "reading": Reading,
    "update": Night,
    "steps": dict[str, str],
}
"""The sections the page may set, and what each holds; `steps` is how far the first hour has come."""
ONE_BY_ONE: Final = ("labels", "steps")
"""Sections of which a request holds only what changes; an empty word takes its entry out."""

NAME: Final = 80
"""Characters of a name, a phone number, a label."""
ADDRESS: Final = 500
"""Characters of an address of a notice."""
STEP: Final = re.compile(r"[a-z_]{1,20}")
MOST: Final[Mapping[str, int]] = {"labels": 2000, "steps": 20, "holidays": 40, "recipients": 5, "page_from": 10}
"""Entries of each list: a hole in the page must not fill the card."""


def understood(section: str, value: str) -> Any:
    """The value of one section.

    Raises:
        ValueError: there is no such section, or the JSON does not hold it.
    """
    if section not in SECTIONS:
        raise ValueError(f"no section {section!r:.40}")
    return codec.decode(value.encode(), SECTIONS[section])


def covered(config: Config, kept: Mapping[str, str]) -> Config:
    """The file's configuration with the page's sections over it; one that cannot be read covers nothing, nor does
    one with a mistake: a store from elsewhere may name a time zone that this machine does not know."""
    for section, value in kept.items():
        try:
            changed = _with(config, section, understood(section, value))
        except ValueError:
            continue
        config = config if contradictions(changed) else changed
    return config


def mistakes(config: Config, section: str, value: str) -> list[str]:
    """What a person would have to put right before this section can be kept; none when it is good."""
    try:
        given = understood(section, value)
        changed = _with(config, section, given)
    except ValueError as error:
        return [str(error)]
    return [*contradictions(changed), *_beyond(section, given)]


def merged(config: Config, kept: Mapping[str, str], section: str, value: str) -> str:
    """The whole section as it is to be kept, where a request holds only a part of it; else what was asked.

    Raises:
        ValueError: there is no such section, or the JSON does not hold it.
    """
    given = understood(section, value)
    if section not in ONE_BY_ONE:
        return value
    before = covered(config, kept).labels if section == "labels" else steps(kept)
    now = {name: word for name, word in {**before, **given}.items() if word}
    return codec.encode(now).decode()


def steps(kept: Mapping[str, str]) -> dict[str, str]:
    """How far the first hour has come: step to how it ended; nothing where it never began."""
    try:
        done: dict[str, str] = understood("steps", kept["steps"])
    except (KeyError, ValueError):
        return {}
    return done


def _with(config: Config, section: str, value: Any) -> Config:
    if section == "steps":
        return config
    if section == "update":
        night = replace(config.update, automatic=value.automatic, opens=value.opens, closes=value.closes)
        return replace(config, update=night)
    if section != "reading":
        return replace(config, **{section: value})
    page = replace(config.page, language=value.language, page_from=value.page_from)
    return replace(config, page=page, store=replace(config.store, months=value.months))


def _beyond(section: str, value: Any) -> list[str]:
    """What is too long or too much, and hours that never come; the file's writer is trusted with both."""
    match section:
        case "practice":
            names = ("name", "practitioner", "contact", "phone", "substitute", "substitute_phone")
            found = [_long(f"practice.{name}", getattr(value, name), NAME) for name in names]
            found.append(_many("practice.holidays", value.holidays, MOST["holidays"]))
            if not value.days:
                found.append("practice.days: expected one at least")
            if value.closes <= value.opens:
                found.append(f"practice.closes = {value.closes}: expected later than {value.opens}")
        case "notices":
            urls = [("notices.practice", value.practice), ("notices.technician", value.technician)]
            found = [_many(path, each, MOST["recipients"]) for path, each in urls]
            found += [_long(path, url, ADDRESS, secret=True) for path, each in urls for url in each]
            found += [
                f"{path}: printable ASCII only" for path, each in urls for url in each if not _printable(url)
            ]
        case "reading":
            found = [_many("reading.page_from", value.page_from, MOST["page_from"])]
            found += [f"reading.page_from = {text:.50}: public" for text in value.page_from if not _private(text)]
        case "update":
            found = []
        case _:
            found = [_many(section, value, MOST[section])]
            found += [_long(f"{section}.{name:.40}", text, NAME) for name, text in value.items()]
            wanted = MAC if section == "labels" else STEP
            found += [f"{section}.{name:.40}: no such name" for name in value if not wanted.fullmatch(name)]
    return [each for each in found if each]


def _printable(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


def _private(text: str) -> bool:
    """Whether a network is private: no page opens itself to the internet. What is no network is said elsewhere."""
    try:
        network = ip_network(text)
    except ValueError:
        return True
    return any(is_part(network, each) for each in (*ALWAYS_INSIDE, SHARED))


def _long(path: str, text: str, most: int, *, secret: bool = False) -> str:
    shown = "" if secret else f" = {text:.20}…"
    return f"{path}{shown}: {len(text)} characters, {most} at most" if len(text) > most else ""


def _many(path: str, entries: Sized, most: int) -> str:
    return f"{path}: {len(entries)} entries, {most} at most" if len(entries) > most else ""
