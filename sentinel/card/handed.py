"""A file that the flasher put on the FAT partition, as any editor may have saved it, and its copy.

The FAT's file is the flasher's word until its secrets have been taken out (`cleaning`); from then on the copy on
the data partition stands for it, until somebody writes another file. Such a new file may leave out what was taken
from the old one, for its writer cannot know it any more: those secrets are carried over.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentinel import written
from sentinel.card.reading import Tables, reads, tables, text
from sentinel.card.refusal import NotTaken, Refused, Why
from sentinel.secret import write_secret

LARGEST = 256 << 10
"""Bytes: a thousand labels are a fifth of it."""
COVER = "# retire - removed"
"""What stands where a secret stood, where there is room for it; else its mark alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """One file of the FAT, and its copy."""

    file: Path
    kept: Path
    """On the data partition, root's alone."""
    secrets: Sequence[str]
    """Dotted keys that leave the FAT once the sentinel is claimed."""
    unused: Sequence[str] = ()
    """Those of them that nothing here needs: they are not even kept."""

    @property
    def seal(self) -> Path:
        """The FAT's file as `cleaning` leaves it, written before it is: a cut in between changes nothing."""
        return self.kept.with_name(f"{self.kept.name}.cleaned")

    def given(self) -> Tables | None:
        """What the flasher says; None where there is no file, or a blank one, or it is the one we have cleaned.

        Raises:
            NotTaken: it cannot be used.
        """
        raw = self.raw()
        misnamed = self.file.with_name(f"{self.file.name}.txt")
        if raw is None and misnamed.exists():
            raise NotTaken(Refused(file=self.file.name, why=Why.NAMED, detail=misnamed.name))
        if not raw or not raw.strip() or _is_cover(raw) or (self.stored() and self._is_ours(raw)):
            return None
        found = without(tables(text(raw, self.file.name)[0], self.file.name), self.unused)
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
        return self.seal.exists() and raw == self.sealed()

    def is_half_cleaned(self, raw: bytes) -> bool:
        """Whether it differs from its cleaned form in covered lines alone, as where the power went meanwhile."""
        lines, place = self.sealed().split(b"\n"), 0
        if not self.seal.exists() or len(raw) != sum(map(len, lines)) + len(lines) - 1:
            return False
        for line in lines:
            if raw[place : place + len(line)] != line and not _is_cover(line):
                return False
            place += len(line) + 1
        return True

    def _is_ours(self, raw: bytes) -> bool:
        return self.is_sealed(raw) or (self.is_half_cleaned(raw) and not reads(raw))

    def sealed(self) -> bytes:
        """The bytes of the seal; none where there is none."""
        return self.seal.read_bytes() if self.seal.exists() else b""

    def put_seal(self, cleaned: bytes) -> None:
        """Say which file is the cleaned one, before it is written.

        Raises:
            OSError: it cannot be written.
        """
        if not self.is_sealed(cleaned):
            write_secret(self.seal, cleaned)

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
        if not self.kept.exists() or self.stored() != given:
            write_secret(self.kept, written.document(given).encode())


def _is_cover(line: bytes) -> bool:
    return line.replace(b"\0", b"").strip() in (COVER.encode(), b"#")


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


def without(found: Tables, paths: Sequence[str]) -> Tables:
    """A document without some keys of its sections."""
    whole = deepcopy(found)
    for path in paths:
        section, _, name = path.partition(".")
        if isinstance(whole.get(section), dict):
            whole[section].pop(name, None)
    return whole


def _carried(given: Tables, before: Mapping[str, Any], secrets: Sequence[str]) -> Tables:
    """With the secrets of the copy where the new file does not speak of them."""
    whole = deepcopy(given)
    for path in secrets:
        section, _, name = path.partition(".")
        value, table = looked_up(before, path), whole.setdefault(section, {})
        if value is not None and isinstance(table, dict):
            table.setdefault(name, value)
    return {name: value for name, value in whole.items() if value != {} or name in given}
