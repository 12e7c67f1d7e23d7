"""A file that the flasher put on the FAT partition, as any editor may have saved it, and its copy.

The FAT's file is the flasher's word until its secrets have been taken out (`cleaning`); from then on the copy on
the data partition stands for it, until somebody writes another file. Such a new file may leave out what was taken
from the old one, for its writer cannot know it any more: those secrets are carried over.
"""

import codecs
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sentinel import written
from sentinel.card.refusal import NotTaken, Refused, Why
from sentinel.secret import write_secret

LARGEST = 256 << 10
"""Bytes: a thousand labels are a fifth of it."""

Tables = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """One file of the FAT, and its copy."""

    file: Path
    kept: Path
    """On the data partition, root's alone."""
    secrets: Sequence[str]
    """Dotted keys that leave the FAT once the sentinel is claimed."""

    @property
    def seal(self) -> Path:
        """Holds the hash of the FAT's file as `cleaning` left it."""
        return self.kept.with_name(f"{self.kept.name}.cleaned")

    def given(self) -> Tables | None:
        """What the flasher says; None where there is no file, or it is the one we have cleaned.

        Raises:
            NotTaken: it cannot be used.
        """
        raw = self.raw()
        if raw is None or (self.is_sealed(raw) and self.kept.exists()):
            return None
        found = tables(text(raw, self.file.name)[0], self.file.name)
        return _carried(found, self.stored(), self.secrets) if self.seal.exists() else found

    def raw(self) -> bytes | None:
        """The FAT's file as it is; None where there is none.

        Raises:
            NotTaken: it is too large, or cannot be read.
        """
        try:
            with self.file.open("rb") as file:
                raw = file.read(LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NotTaken(Refused(file=self.file.name, why=Why.UNREADABLE, detail=_reason(error))) from None
        if len(raw) > LARGEST:
            raise NotTaken(Refused(file=self.file.name, why=Why.LARGE, detail=f"{LARGEST >> 10}"))
        return raw

    def is_sealed(self, raw: bytes) -> bool:
        """Whether this is the file as `cleaning` left it."""
        return self.seal.exists() and self.seal.read_text(encoding="ascii").strip() == sha256(raw).hexdigest()

    def stored(self) -> Tables:
        """The copy; empty where there is none, or a failing card spoilt it."""
        try:
            return tables(self.kept.read_text(encoding="utf-8"), self.kept.name)
        except (OSError, ValueError, NotTaken):
            return {}

    def keep(self, given: Tables) -> None:
        """Keep a copy, whole or not at all; not written again where it is the same, which spares the card.

        Raises:
            OSError: it cannot be written.
        """
        if self.kept.exists() and self.stored() == given:
            return
        write_secret(self.kept, written.document(given).encode())

    def sealed(self, raw: bytes) -> None:
        """Remember the FAT's file as the one whose secrets are gone."""
        write_secret(self.seal, sha256(raw).hexdigest().encode())


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
        return tomllib.loads(words.replace("\r\n", "\n").replace("\r", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise NotTaken(Refused(file=name, why=Why.SYNTAX, detail=_place(str(error)))) from None
    except (RecursionError, ValueError, OverflowError):
        raise NotTaken(Refused(file=name, why=Why.SYNTAX, detail="?")) from None


def _place(error: str) -> str:
    """`line 3, column 8` of tomllib's sentence as 3:8."""
    digits = [word.strip(",)") for word in error.rpartition("(at line ")[2].split() if word.strip(",)").isdigit()]
    return ":".join(digits) if digits else "?"


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> Tables:
    """One document over another: key by key within a section, else as a whole."""
    whole = deepcopy(dict(under))
    for name, value in over.items():
        below = whole.get(name)
        is_section = isinstance(below, dict) and isinstance(value, dict)
        whole[name] = deepcopy({**(below or {}), **value} if is_section else value)
    return whole


def looked_up(found: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted key; None where nothing does."""
    value: Any = found
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value


def _carried(given: Tables, before: Mapping[str, Any], secrets: Sequence[str]) -> Tables:
    """With the secrets of the copy where the new file does not speak of them."""
    whole = deepcopy(given)
    for path in secrets:
        section, _, name = path.partition(".")
        value, table = looked_up(before, path), whole.setdefault(section, {})
        if value is not None and isinstance(table, dict):
            table.setdefault(name, value)
    return {name: value for name, value in whole.items() if value != {} or name in given}
