"""Reading `sentinel.toml`: every mistake at once, with the key's path, its value and what was expected.

A key nobody knows is answered with the nearest one that exists. What may hold a password is named by its place
alone: these sentences go to the console and to the journal of the system.
"""

import tomllib
from dataclasses import MISSING, fields
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_type_hints

from sentinel import codec
from sentinel.config import SECTIONS, Config, Expected
from sentinel.errors import ConfigurationError
from sentinel.mistakes import MAC, acceptance, contradictions
from sentinel.model.networks import Network

SECRET = ("notices", "page", "page.code", "echo", "echo.invitation", "echo.invitations")
"""Keys whose value is never repeated; a whole section where it holds one of them."""


def load(path: Path) -> Config:
    """The configuration in `path`; all defaults when there is no such file.

    Raises:
        ConfigurationError: with every mistake of the file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{path}: cannot be read: {error}"]) from None
    return parse(text)


def parse(text: str) -> Config:
    """The configuration in `text`.

    Raises:
        ConfigurationError: with every mistake of the text.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"not TOML: {error}"]) from None
    except RecursionError:
        raise ConfigurationError(["not TOML: nested too deeply"]) from None
    mistakes: list[str] = []
    config = _read(document, mistakes)
    mistakes.extend(contradictions(config))
    if mistakes:
        raise ConfigurationError(mistakes)
    return config


def _read(document: dict[str, Any], mistakes: list[str]) -> Config:
    known = [*SECTIONS, "labels", "expected"]
    mistakes.extend(_unknown(key, known, "") for key in document if key not in known)
    sections = {name: _section(document.get(name, {}), kind, name, mistakes) for name, kind in SECTIONS.items()}
    return Config(
        **sections,
        labels=_labels(document.get("labels", {}), mistakes),
        expected=_all_expected(document.get("expected", []), mistakes),
    )


def _section(table: Any, kind: type, path: str, mistakes: list[str]) -> Any:
    """One section; where a key is wrong its mistake is noted and the default stands in."""
    if not isinstance(table, dict):
        mistakes.append(f"{_told(path, table)}: expected a section [{path}]")
        return None if _required(kind) else kind()
    names = [each.name for each in fields(kind)]
    mistakes.extend(_unknown(key, names, f"{path}.") for key in table if key not in names)
    hints = get_type_hints(kind)
    values = {}
    for name in names:
        if name not in table:
            continue
        try:
            values[name] = codec.convert(table[name], hints[name])
        except ValueError as error:
            mistakes.append(f"{_told(f'{path}.{name}', table[name])}: {_sentence(error, hints[name])}")
    missing = [name for name in _required(kind) if name not in table]
    mistakes.extend(f"{path}.{name}: missing" for name in missing)
    return kind(**values) if all(name in values for name in _required(kind)) else None


def _told(path: str, value: Any) -> str:
    """A key and its value, or where that may be a secret the key alone."""
    is_secret = path in SECRET or path.startswith("notices.")
    return path if is_secret else f"{path} = {value!r}"


def _required(kind: type) -> list[str]:
    return [each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING]


def _unknown(key: str, known: list[str], prefix: str) -> str:
    from difflib import get_close_matches  # for a mistake alone

    near = get_close_matches(key, known, n=1)
    hint = f"; did you mean {prefix}{near[0]}?" if near else f"; known here: {', '.join(known)}"
    return f"{prefix}{key}: no such key{hint}"


def _sentence(error: ValueError, wanted: Any) -> str:
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return f"expected one of {', '.join(wanted)}"
    return str(error).replace("Expected", "expected")


def _labels(table: Any, mistakes: list[str]) -> dict[str, str]:
    if not isinstance(table, dict):
        mistakes.append(f"labels = {table!r}: expected a section [labels]")
        return {}
    for mac, label in table.items():
        if not MAC.fullmatch(mac.lower()):
            mistakes.append(f"labels.{mac!r}: expected a MAC address such as 00:11:22:33:44:55")
        if not isinstance(label, str):
            mistakes.append(f"labels.{mac!r} = {label!r}: expected a name in quotes")
    return {mac.lower(): str(label) for mac, label in table.items()}


def _all_expected(tables: Any, mistakes: list[str]) -> tuple[Expected, ...]:
    if not isinstance(tables, list):
        mistakes.append(f"expected = {tables!r}: expected a list of sections [[expected]]")
        return ()
    read = {n: _section(table, Expected, f"expected[{n}]", mistakes) for n, table in enumerate(tables)}
    whole = {n: each for n, each in read.items() if each is not None}
    mistakes.extend(mistake for n, each in whole.items() for mistake in acceptance(f"expected[{n}]", each))
    return tuple(whole.values())


def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Prefixes already checked by `parse`, as values."""
    return tuple(ip_network(text) for text in texts)
