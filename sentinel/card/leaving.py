"""What may not stay on the FAT of a claimed card, beside the two files whose secrets `cleaning` takes out.

A refused file, or a copy under another name, may hold secrets anywhere: its bytes are kept on the data partition,
root's alone, and what stood on the card is written over. So nothing is lost, and a cut anywhere is made good by
the next time. Drafts, an editor's copies and what fsck salvaged go without a copy.
"""

import os
import shutil
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from sentinel.card.handed import COVER, Handed
from sentinel.card.reading import tables, text
from sentinel.card.refusal import NotTaken, Refused, Why
from sentinel.secret import write_secret

LEFT = ("code-sentinelle.txt", ".*.new", ".trash*", "*.toml~", "*.toml.bak", "fsck*.rec")
"""The code, and what a cut, a file manager, an editor or fsck leaves; in lower case, as FAT compares."""
LARGEST = 16 << 20
"""Bytes of a refused file that are kept; one that is larger is no settings file, and goes without a copy."""
ASIDE = ".refused"
_PIECE = 64 << 10


def left(fat: Path) -> list[Path]:
    """What nobody needs any more."""
    return [each for each in fat.iterdir() if any(fnmatch(each.name.lower(), pattern) for pattern in LEFT)]


def copies(handed: Handed) -> list[Path]:
    """The file under other names: `sentinel (1).toml`, `sentinel - Copie.toml`, `sentinel.toml.txt`."""
    own, gone = handed.file.name, left(handed.file.parent)
    pattern = f"*{handed.file.stem}*.toml*"
    found = [each for each in handed.file.parent.iterdir() if fnmatch(each.name.lower(), pattern)]
    return sorted(each for each in found if each.name.lower() != own and each not in gone and each.is_file())


def erase(path: Path) -> None:
    """Write over it, down to the card, then remove it; a folder with all it holds.

    Raises:
        OSError: the card cannot be written.
    """
    if path.is_dir() and not path.is_symlink():
        for each in path.rglob("*"):
            if each.is_file():
                _over(each, _zeros(each.stat().st_size))
        shutil.rmtree(path)
        return
    _over(path, _zeros(path.stat().st_size))
    path.unlink()


def take_copy(path: Path, handed: Handed) -> None:
    """Erase a copy; where it says something else than what is in force, its bytes are kept before.

    Raises:
        OSError: the card or the data partition cannot be written.
    """
    raw = _raw(path)
    if raw and not _is_same(raw, handed):
        _keep(raw, aside(handed, path.name))
    erase(path)


def cover(handed: Handed) -> None:
    """Write over a file that was refused: of its length, one comment. It is kept before, and told from then on.

    Raises:
        OSError: the card or the data partition cannot be written.
    """
    raw, place = _raw(handed.file), aside(handed, handed.file.name)
    if raw is None:
        erase(handed.file)
        return
    covered = _covered(len(raw))
    before = place.read_bytes() if place.exists() else b""
    if not _is_half(raw, before, covered):
        _keep(raw, place)
    handed.put_seal(covered)
    _over(handed.file, iter([covered]))


def aside(handed: Handed, name: str) -> Path:
    """Where a refused file of that name is kept."""
    return handed.kept.with_name(f"{name}{ASIDE}")


def kept_aside(handed: Handed) -> list[Path]:
    """All that are."""
    return sorted(handed.kept.parent.glob(f"*{handed.file.stem}*{ASIDE}"))


def told(handed: Handed) -> list[Refused]:
    """One for each, until a good file has come."""
    found = kept_aside(handed)
    return [Refused(file=each.name.removesuffix(ASIDE), why=Why.ASIDE, detail=str(each)) for each in found]


def forget(handed: Handed) -> None:
    """A good file has come."""
    for each in kept_aside(handed):
        each.unlink()


def _raw(path: Path) -> bytes | None:
    """Its bytes; none of a file that is no settings file by its size."""
    with path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    return raw if len(raw) <= LARGEST else None


def _is_same(raw: bytes, handed: Handed) -> bool:
    try:
        return tables(text(raw, "")[0], "") == handed.stored()
    except NotTaken:
        return False


def _keep(raw: bytes, place: Path) -> None:
    write_secret(place, raw)


def _covered(length: int) -> bytes:
    room = length - 1
    return ((COVER if room >= len(COVER) else "#" * min(room, 1)).ljust(room) + "\n").encode() if length else b""


def _is_half(raw: bytes, before: bytes, covered: bytes) -> bool:
    """Whether it is the file that is kept already, covered in part: the power went meanwhile."""
    if len(raw) != len(before):
        return False
    return all(one in pair for one, *pair in zip(raw, before, covered, strict=True))


def _zeros(size: int) -> Iterator[bytes]:
    while size > 0:
        yield bytes(min(size, _PIECE))
        size -= _PIECE


def _over(path: Path, pieces: Iterator[bytes]) -> None:
    held = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        place = 0
        for piece in pieces:
            end = place + len(piece)
            while place < end:
                place += os.pwrite(held, piece[place - end :], place)
        os.fsync(held)
    finally:
        os.close(held)
