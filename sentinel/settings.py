"""What somebody set on the page covers what `sentinel.toml` says, one whole section at a time.

The file is the flasher's: it is read at start. The page's sections lie in the store, and whoever shows or sends
something reads them anew. Nothing that judgement rests on is among them: doors and networks that are accepted have
facts of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sentinel import codec
from sentinel.config import Config, Language, Notices, Practice
from sentinel.mistakes import contradictions


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Who may read the page, in which language, and for how long the log is kept."""

    language: Language = Language.FR
    page_from: tuple[str, ...] = ()
    months: int = 6


SECTIONS: Final[Mapping[str, Any]] = {
    "practice": Practice,
    "labels": dict[str, str],
    "notices": Notices,
    "reading": Reading,
}
"""The sections the page may set, and what each holds."""


def understood(section: str, value: str) -> Any:
    """The value of one section.

    Raises:
        ValueError: there is no such section, or the JSON does not hold it.
    """
    if section not in SECTIONS:
        raise ValueError(f"no section {section!r:.40}")
    return codec.decode(value.encode(), SECTIONS[section])


def covered(config: Config, kept: Mapping[str, str]) -> Config:
    """The file's configuration with the page's sections over it; one that cannot be read covers nothing."""
    for section, value in kept.items():
        try:
            config = _with(config, section, understood(section, value))
        except ValueError:
            continue
    return config


def mistakes(config: Config, section: str, value: str) -> list[str]:
    """What a person would have to put right before this section can be kept; none when it is good."""
    try:
        changed = _with(config, section, understood(section, value))
    except ValueError as error:
        return [str(error)]
    return contradictions(changed)


def _with(config: Config, section: str, value: Any) -> Config:
    if section != "reading":
        return replace(config, **{section: value})
    page = replace(config.page, language=value.language, page_from=value.page_from)
    return replace(config, page=page, store=replace(config.store, months=value.months))
