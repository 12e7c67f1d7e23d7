"""A configuration as TOML: what `tomllib` read, written so that it reads the same again."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")


def document(tables: Mapping[str, Any]) -> str:
    """A whole document: values that stand in no section first, then each section."""
    lone = {name: value for name, value in tables.items() if not _is_section(value)}
    lines = [f"{key(name)} = {written(value)}" for name, value in lone.items()]
    for name, value in tables.items():
        if name not in lone:
            lines += ["", *_sections(name, value)]
    return "\n".join(lines).strip() + "\n"


def section(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    """The lines of one section."""
    yield f"[{key(name)}]"
    yield from _values(table)


def key(name: str) -> str:
    """A key, in quotes where it needs them: a MAC address does."""
    return name if BARE.fullmatch(name) else _text(name)


def written(value: Any) -> str:
    """One value. JSON's strings, numbers and truths are TOML's; times are written bare."""
    match value:
        case str():
            return _text(value)
        case float() if not math.isfinite(value):
            return str(value)
        case date() | time():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            return f"{{{', '.join(_values(value))}}}"
    return json.dumps(value)


def _is_section(value: Any) -> bool:
    return isinstance(value, dict) or _is_series(value)


def _is_series(value: Any) -> bool:
    """A list of sections, as `[[expected]]`."""
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _sections(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from section(name, value)
        return
    for each in value:
        yield f"[[{key(name)}]]"
        yield from _values(each)


def _values(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        yield f"{key(name)} = {written(value)}"


def _text(words: str) -> str:
    return json.dumps(words, ensure_ascii=False).replace("\x7f", r"\u007F")
