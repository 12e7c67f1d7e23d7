"""A card as its partitions: files of the FAT, and whole partitions of an image, raw or qcow2, without a mount."""

import struct
import subprocess
from pathlib import Path

FAT = 8 << 20
"""Where partition 1 begins on the card, in bytes."""


def put(fat: Path, name: str, content: bytes, at: int = FAT) -> None:
    """A file onto the FAT partition, as a card reader does it; `at` 0 for a bare partition."""
    subprocess.run(["mcopy", "-o", "-i", f"{fat}@@{at}", "-", f"::{name}"], input=content, check=True)


def get(fat: Path, name: str, at: int = FAT) -> bytes:
    """A file of the FAT partition.

    Raises:
        FileNotFoundError: it is not there.
    """
    done = subprocess.run(["mtype", "-i", f"{fat}@@{at}", f"::{name}"], capture_output=True, check=False)
    if done.returncode:
        raise FileNotFoundError(f"{name} on the card: {done.stderr.decode().strip()}")
    return done.stdout


def names(fat: Path, folder: str, at: int = FAT) -> set[str]:
    """What lies in a folder of the FAT partition."""
    listed = ["mdir", "-b", "-i", f"{fat}@@{at}", f"::{folder}"]
    done = subprocess.run(listed, capture_output=True, text=True, check=False)
    return {Path(line).name for line in done.stdout.splitlines()}


def partition(card: Path, number: int, into: Path) -> Path:
    """One partition of a card, as a file of its own; where it lies is read from the card's table."""
    table = _window(card, 0, 512, into / "table").read_bytes()
    entry = table[446 + 16 * (number - 1) :]
    start, sectors = struct.unpack_from("<II", entry, 8)
    return _window(card, start * 512, sectors * 512, into / f"part{number}.img")


def _window(card: Path, offset: int, size: int, to: Path) -> Path:
    layers = "driver=raw,file.driver=file,file.filename={0}"
    if card.suffix == ".qcow2":
        layers = "driver=raw,offset={1},size={2},file.driver=qcow2,file.file.driver=file,file.file.filename={0}"
    else:
        layers += ",offset={1},size={2}"
    source = layers.format(card, offset, size)
    subprocess.run(["qemu-img", "convert", "-U", "-O", "raw", "--image-opts", source, str(to)], check=True)
    return to
