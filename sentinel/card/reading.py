"""From the bytes an editor saved to a document, or a refusal that repeats nothing of it."""

import codecs
import re
import tomllib
from typing import Any

from sentinel.card.refusal import NotTaken, Refused, Why

DEEPEST = 6
"""Levels of a document; ours has three."""

Tables = dict[str, Any]


def text(raw: bytes, name: str) -> tuple[str, str]:
    """What an editor saved, and its codec: UTF-8 with or without its mark, UTF-16, or Windows' western one.

    Raises:
        NotTaken: it is no text.
    """
    for codec in _codecs(raw):
        try:
            found = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" not in found:
            return found, codec
    raise NotTaken(Refused(file=name, why=Why.BINARY))


def _codecs(raw: bytes) -> tuple[str, ...]:
    if raw.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return ("utf-8", "cp1252")  # what is no UTF-8 is Notepad's « ANSI » in a French practice


def tables(words: str, name: str) -> Tables:
    """The document in a text.

    Raises:
        NotTaken: it is no TOML; told by line and column, for the line itself may be a password.
    """
    try:
        found = tomllib.loads(words.replace("\r\n", "\n").replace("\r", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise NotTaken(Refused(file=name, why=Why.SYNTAX, detail=_place(str(error), words))) from None
    except (RecursionError, ValueError):  # ValueError: a number of five thousand digits
        raise NotTaken(Refused(file=name, why=Why.SYNTAX, detail="?")) from None
    if _is_deep(found):
        raise NotTaken(Refused(file=name, why=Why.SYNTAX, detail="?"))
    return found


def _is_deep(found: Tables) -> bool:
    level: list[Any] = [found]
    for _ in range(DEEPEST):
        below = [
            each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)
        ]
        level = [value for values in below for value in values]
    return any(isinstance(each, dict | list) for each in level)


def _place(error: str, words: str) -> str:
    """`line 3, column 8` of tomllib's sentence as 3:8; it says that of the end in other words."""
    told = re.search(r"line (\d+), column (\d+)", error)
    lines = words.splitlines() or [""]
    return f"{told[1]}:{told[2]}" if told else f"{len(lines)}:{len(lines[-1]) + 1}"


def reads(raw: bytes) -> bool:
    """Whether it is a document at all."""
    try:
        tables(text(raw, "")[0], "")
    except NotTaken:
        return False
    return True
