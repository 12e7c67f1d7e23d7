"""A memory card to wear out: a loop device with the file system of a real one, whose sectors the kernel counts."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

SIZE = 256 << 20
"""Bytes. The journal of ext4 is a part of them, and no larger on a card of 32 GB than it needs to be here."""
SECTOR = 512
"""Bytes, whatever the device calls its own: Documentation/block/stat.rst."""
WRITES, SECTORS_WRITTEN = 4, 6
"""Fields of `/sys/block/NAME/stat`."""


class NoCardError(Exception):
    """No loop device can be had or mounted here; the text says what the tool said."""


class Card:
    """A mounted file system, and what has been written to its device."""

    def __init__(self, device: str, folder: Path) -> None:
        self.folder = folder
        """Where it is mounted."""
        self._stat = Path("/sys/block", Path(device).name, "stat")

    def written(self) -> tuple[int, int]:
        """Bytes and requests the device has taken so far, with everything that still waited in memory."""
        here = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(here)
        finally:
            os.close(here)
        subprocess.run(["sync", "--file-system", str(self.folder)], check=True, timeout=60)
        fields = [int(field) for field in self._stat.read_text().split()]
        return fields[SECTORS_WRITTEN] * SECTOR, fields[WRITES]


@contextmanager
def inserted(folder: Path) -> Iterator[Card]:
    """A fresh card, mounted in that folder as the data partition is; taken out and thrown away with the context.

    Raises:
        NoCardError: this machine gives none.
    """
    image, place = folder / "card.img", folder / "card"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE)
    # Everything is laid out at once: what the kernel would do by and by is none of the sentinel's.
    _run(
        "mke2fs",
        "-q",
        "-t",
        "ext4",
        "-b",
        "4096",
        "-m",
        "1",
        "-E",
        "lazy_itable_init=0,lazy_journal_init=0",
        image,
    )
    with ExitStack() as given_back:
        device = _run("losetup", "--find", "--show", image).strip()
        given_back.callback(_run, "losetup", "--detach", device)
        _run("mount", "-o", "noatime,lazytime,commit=5", device, place)
        given_back.callback(_run, "umount", place)
        yield Card(device, place)


def _run(*command: str | Path) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise NoCardError(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout
