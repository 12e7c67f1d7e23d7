"""The texts a sentinel leaves on its card, in both languages, for whoever puts it into a computer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sentinel.card.refusal import Refused
from sentinel.secret import write_secret
from sentinel.text import LANGUAGES, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What tells one sentinel from another on a network."""

    name: str
    serial: str = ""
    macs: tuple[str, ...] = ()


def board(root: Path, name: str) -> Board:
    """The board's serial number and the addresses of its network cards; what cannot be read is left out."""
    cards = sorted((root / "sys/class/net").glob("*/address"))
    macs = [_line(each) for each in cards if (each.parent / "device").exists()]
    serial = _line(root / "proc/device-tree/serial-number")
    return Board(name=name, serial=serial, macs=tuple(mac for mac in macs if mac))


def code_note(code: str, of: Board) -> str:
    """The code, the address to type, and how to find this very sentinel among the box's devices."""
    blanks = {"code": code, "name": of.name, "serial": of.serial or "?", "macs": ", ".join(of.macs) or "?"}
    keys = ("title", "code", "page", "find", "number", "warning", "gone")
    return _both([[say(language, f"card.code.{key}", **blanks) for key in keys] for language in LANGUAGES])


def mistakes_note(refused: Sequence[Refused]) -> str:
    """What of the flasher's files was not used."""
    return _both([[say(language, "card.mistakes"), *told(refused, language)] for language in LANGUAGES])


def told(refused: Sequence[Refused], language: str) -> list[str]:
    """One line each."""
    return [f"- {each.told(language)}" for each in refused]


def is_new(note: str, path: Path) -> bool:
    """Whether something else stands there, or nothing."""
    return not path.exists() or path.read_bytes() != _saved(note)


def saved(path: Path) -> str:
    """The note that stands there; empty where none does."""
    return path.read_bytes().decode("utf-8-sig", errors="replace").replace("\r\n", "\n") if path.exists() else ""


def put(note: str, path: Path) -> None:
    """Write a note, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    write_secret(path, _saved(note))


def _saved(note: str) -> bytes:
    """As Windows' oldest editor reads it: a mark in front, and its own line ends."""
    return note.replace("\n", "\r\n").encode("utf-8-sig")


def _both(parts: list[list[str]]) -> str:
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip("\0\n ")
    except OSError:
        return ""
