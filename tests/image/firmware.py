"""Plays the Pi's firmware: reads config.txt off the FAT partition of a card and fetches what it names.

A wrong config.txt, a kernel missing on the card or one that the Pi could not load fails here as it would there.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.image.disk import get, names, partition

IMAGE_MAGIC = b"ARM\x64"
"""At byte 56 of a kernel the Pi can load: Documentation/arch/arm64/booting.rst."""

ANY_BOARD = "bcm2711-rpi-4-b.dtb"
"""A tree that every card has, for boards the Pi's firmware does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What the firmware would have put into memory."""

    slot: str
    kernel: Path
    initrd: Path
    tree: Path | None
    cmdline: str


def settings(config: str, model: str = "none") -> dict[str, str]:
    """What config.txt says for this model: later lines win, sections for other models are passed over."""
    said: dict[str, str] = {}
    ours = True
    for line in (each.partition("#")[0].strip() for each in config.splitlines()):
        if line.startswith("["):
            ours = line in {"[all]", f"[{model}]"}
        elif ours and line.startswith("initramfs "):
            said["initramfs"] = line.split()[1]
        elif ours and "=" in line:
            key, _, value = line.partition("=")
            said[key] = value
    return said


def start(card: Path, into: Path, tree: str = "") -> Started:
    """What the firmware would start from this card, fetched into the folder; `tree` names the device tree.

    Raises:
        FileNotFoundError: nothing; a Pi passes over a prefix that lacks the kernel or the board's tree, too.
    """
    fat = partition(card, 1, into)
    said = settings(get(fat, "config.txt", 0).decode())
    prefix = said.get("os_prefix", "")
    if not {said["kernel"], tree or ANY_BOARD} <= names(fat, prefix, 0):
        prefix = ""
    for name in filter(None, (said["kernel"], said["initramfs"], tree)):
        (into / name).write_bytes(get(fat, prefix + name, 0))
    with (into / said["kernel"]).open("rb") as kernel:
        head = kernel.read(64)
    assert head[56:60] == IMAGE_MAGIC, "the Pi's firmware loads nothing but a bare Image"
    return Started(
        slot=prefix.rstrip("/"),
        kernel=into / said["kernel"],
        initrd=into / said["initramfs"],
        tree=into / tree if tree else None,
        cmdline=get(fat, prefix + "cmdline.txt", 0).decode().strip(),
    )
