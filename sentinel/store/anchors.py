"""Countersigned heads in a file beside the store: an old copy of the store put back does not bring them back."""

import contextlib
import json
from pathlib import Path

from sentinel.model.ledger import Signed
from sentinel.secret import write_secret

LAST = 100
"""So many are kept as they came; before them one a day, and after two months one a month."""
DAYS = 62
MOST = 400
"""Lines after which the file is thinned out; a line has about 16 kB."""


class Anchors:
    """Appends to one file; in the street's thread, and without waiting for the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = read(path)
        self._lines = len(lines)
        self._last: tuple[str, str] | None = None
        """Head and day of the last one."""

    def add(self, signed: Signed) -> None:
        """Keep it if it says something new: another head, or that ours is still the head on another day.

        Raises:
            OSError: the file cannot be written.
        """
        told = (signed.head, signed.at.wall.date().isoformat())
        if not signed.head or told == self._last:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(signed.line + "\n")
        self._path.chmod(0o640)
        self._last, self._lines = told, self._lines + 1
        if self._lines > MOST:
            self._thin()

    def _thin(self) -> None:
        kept = thinned(read(self._path))
        write_secret(self._path, "".join(f"{line}\n" for line in kept).encode())
        self._path.chmod(0o640)
        self._lines = len(kept)


def read(path: Path) -> list[str]:
    """Every line of the file; none where there is no file yet."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [line for line in text.splitlines() if line.strip()]


def thinned(lines: list[str]) -> list[str]:
    """The last hundred, before them the first of each of 62 days, before those the first of each month."""
    older, last = lines[:-LAST], lines[-LAST:]
    days: dict[str, str] = {}
    for line in older:
        days.setdefault(_day(line), line)
    kept: dict[str, str] = {}
    for place, (day, line) in enumerate(days.items()):
        kept.setdefault(day if place >= len(days) - DAYS else day[:7], line)
    return [*kept.values(), *last]


def _day(line: str) -> str:
    with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
        return str(json.loads(line)["asked_at"])[:10]
    return ""
