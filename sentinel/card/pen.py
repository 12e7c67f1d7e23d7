"""The only hand that writes on the card: each step is one call, so a test can cut the power after any of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Pen:
    """Writes in place, and makes sure of it."""

    def __init__(self) -> None:
        self._held: dict[Path, int] = {}

    @contextmanager
    def holding(self, path: Path) -> Iterator[None]:
        """Opened once for all that is put there meanwhile: each end of writing has udev read a device anew.

        A file that is not there is made. A device somebody else uses, such as a mounted root, is refused by the
        kernel (O_EXCL).

        Raises:
            OSError: it cannot be written.
        """
        flags = os.O_WRONLY | (os.O_EXCL if path.is_block_device() else os.O_CREAT)
        self._held[path] = os.open(path, flags, 0o644)
        try:
            yield
        finally:
            os.close(self._held.pop(path))

    def put(self, path: Path, piece: bytes, place: int) -> None:
        """`piece` at `place` (bytes from the beginning), as in `holding`.

        Raises:
            OSError: it cannot be written.
        """
        if path not in self._held:
            with self.holding(path):
                _write(self._held[path], piece, place)
        else:
            _write(self._held[path], piece, place)

    def settle(self, path: Path) -> None:
        """All of a file, a folder or a device is on the card, and what is read next comes from there.

        Raises:
            OSError: it cannot be.
        """
        if path in self._held:
            _settle(self._held[path])
            return
        device = os.open(path, os.O_RDONLY)
        try:
            _settle(device)
        finally:
            os.close(device)

    def make(self, folder: Path) -> None:
        """A folder is there.

        Raises:
            OSError: it cannot be made.
        """
        folder.mkdir(exist_ok=True)

    def remove(self, path: Path) -> None:
        """A file no longer is.

        Raises:
            OSError: it cannot be removed.
        """
        path.unlink()


def _write(device: int, piece: bytes, place: int) -> None:
    while piece:
        done = os.pwrite(device, piece, place)
        piece, place = piece[done:], place + done


def _settle(device: int) -> None:
    os.fsync(device)
    os.posix_fadvise(device, 0, 0, os.POSIX_FADV_DONTNEED)
