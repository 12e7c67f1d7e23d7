"""An update goes into the system that is not running; only when all of it was read back is that one chosen.

In this order: the update is whole in its slot; it was read again from the card and is what was signed; the trial
is counted; the choice is changed. Whatever stops it before the last step leaves a card that starts as before.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Final

from sentinel.card.bundle import Bundle
from sentinel.card.manifest import Part
from sentinel.card.slots import Card, Slot
from sentinel.card.tape import CHUNK, Tape, reader
from sentinel.card.writable import writable
from sentinel.errors import MissingDevice, NotReadable

NEEDED: Final = ("vmlinuz", "initrd.img", "cmdline.txt")
"""Without these no system starts; nor without the board's device tree (`_needed`)."""
SETTLED: Final = 8
"""Pieces between two waits for the card: memory stays small, and `watch` is never behind a long queue."""

_BOOT = re.compile(r"vmlinuz|initrd\.img|cmdline\.txt|[A-Za-z0-9][A-Za-z0-9._-]*\.dtb")
_CMDLINE = 4096

Tell = Callable[[str], object]


def refuse_unless_idle(card: Card) -> Slot:
    """The system an update may be written over.

    Raises:
        MissingDevice: this machine is no card, or has no second system.
        NotReadable: a trial is under way, the card does not say what it starts, or the system is another card's.
    """
    running = card.running()
    if card.chosen() is not running or card.trial() is not None:
        raise NotReadable("an update is being tried already: it ends by itself, or at the next start")
    if not card.is_beside(running.other):
        raise NotReadable("a second card of ours is in this machine, and would be written: take it out first")
    return running.other


def install(bundle: Bundle, card: Card, tell: Tell) -> None:
    """Write it, read it back, choose it; the next start tries it.

    Raises:
        NotReadable: the update is not what was signed, does not fit, or the card does not keep what it is given.
        MissingDevice: this machine is no card.
        OSError: the card cannot be written.
    """
    slot = refuse_unless_idle(card)
    _refuse_unless_it_fits(bundle, card, slot)
    tell(f"writing version {bundle.manifest.version} into system {slot}")
    with writable(card.firmware):
        files = _write_boot(bundle, card, slot)
    _write_root(bundle, card, card.roots[slot], tell)
    bundle.end()
    tell("reading it back from the card")
    _read_back(card, slot, files, bundle.manifest.root)
    with writable(card.firmware):
        card.begin_trial(slot)
    tell(f"version {bundle.manifest.version} is tried at the next start")


def _refuse_unless_it_fits(bundle: Bundle, card: Card, slot: Slot) -> None:
    root, boot = bundle.manifest.root.size, bundle.manifest.boot.size
    device, folder = card.roots[slot], card.firmware / slot
    try:
        with device.open("rb") as file:
            room = file.seek(0, os.SEEK_END)
        about = os.statvfs(card.firmware)
        room_there = about.f_bavail * about.f_frsize + sum(each.stat().st_size for each in _files(folder))
    except OSError as error:
        raise MissingDevice(f"the card's other system cannot be reached: {error}") from None
    if root > room:
        raise NotReadable(f"the update's system has {root} bytes, and there is room for {room}")
    if boot > room_there:
        raise NotReadable(f"the update's boot files have {boot} bytes, and there is room for {room_there}")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _write_boot(bundle: Bundle, card: Card, slot: Slot) -> dict[Path, str]:
    """The files of its folder; each with the hash of what was written."""
    folder, written = card.firmware / slot, {}
    for old in _files(folder):
        card.pen.remove(old)
    card.pen.make(folder)
    with closing(bundle.boot()) as plain:
        tape = Tape(reader(plain), "boot.tar")
        while member := tape.member():
            name = member[0]
            if not _BOOT.fullmatch(name) or folder / name in written:
                raise NotReadable(f"boot.tar holds {name:.40}, which starts nothing")
            pieces = iter([_cmdline(tape.whole(_CMDLINE), slot)]) if name == "cmdline.txt" else tape.content()
            written[folder / name] = _write(card, folder / name, pieces)
    card.pen.settle(folder)
    if missing := [name for name in _needed(card, slot) if folder / name not in written]:
        raise NotReadable(f"boot.tar holds no {missing[0]}")
    return written


def _needed(card: Card, slot: Slot) -> list[str]:
    """What the new system must bring: the firmware takes no folder without kernel and this board's tree."""
    trees = [each.name for each in _files(card.firmware / slot.other) if each.suffix == ".dtb"]
    return [*NEEDED, *trees]


def _write(card: Card, path: Path, pieces: Iterator[bytes]) -> str:
    digest, place = sha256(), 0
    with card.pen.holding(path):
        for piece in pieces:
            card.pen.put(path, piece, place)
            digest.update(piece)
            place += len(piece)
        card.pen.settle(path)
    return digest.hexdigest()


def _cmdline(template: bytes, slot: Slot) -> bytes:
    """The kernel's words, with this slot's root and name.

    Raises:
        NotReadable: the template does not name one root and one slot on one line.
    """
    own = {"root": f"root=PARTUUID={slot.partuuid}", "sentinel.slot": f"sentinel.slot={slot}"}
    words = template.decode("ascii", errors="replace").split()
    named = [word.partition("=")[0] for word in words]
    if any(named.count(name) != 1 for name in own) or template.strip().count(b"\n"):
        raise NotReadable("the update's cmdline.txt does not name one root and one system")
    return (" ".join(own.get(name, word) for name, word in zip(named, words, strict=True)) + "\n").encode()


def _write_root(bundle: Bundle, card: Card, device: Path, tell: Tell) -> None:
    """What stands there already is not written again: most of a root is empty, and a card wears out by writing."""
    size, place = bundle.manifest.root.size, 0
    with closing(bundle.root()) as plain, device.open("rb", buffering=0) as before, card.pen.holding(device):
        for number, piece in enumerate(_pieces(reader(plain)), 1):
            if os.pread(before.fileno(), len(piece), place) != piece:
                card.pen.put(device, piece, place)
            if number % SETTLED == 0:
                card.pen.settle(device)
            place += len(piece)
            if place * 10 // size > (place - len(piece)) * 10 // size:
                tell(f"{place * 100 // size} %")
        card.pen.settle(device)


def _pieces(take: Callable[[int], bytes]) -> Iterator[bytes]:
    """Of `CHUNK` each, however the stream comes."""
    held = bytearray()
    while piece := take(CHUNK - len(held)):
        held += piece
        if len(held) == CHUNK:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def _read_back(card: Card, slot: Slot, files: dict[Path, str], root: Part) -> None:
    kept = {path: _digest(path, path.stat().st_size) == digest for path, digest in files.items()}
    kept[card.roots[slot]] = _digest(card.roots[slot], root.size) == root.sha256
    if lost := [path.name for path, same in kept.items() if not same]:
        raise NotReadable(f"the card does not keep what is written on it ({lost[0]}): replace it")


def _digest(path: Path, size: int) -> str:
    digest = sha256()
    with path.open("rb", buffering=0) as file:
        while size and (piece := file.read(min(CHUNK, size))):
            digest.update(piece)
            size -= len(piece)
    return digest.hexdigest()
