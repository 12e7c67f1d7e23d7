"""The only hand that writes on the card: each step is one call, so a test can cut the power after any of them."""

import os
from pathlib import Path


class Pen:
    """Writes in place, and makes sure of it."""

    def put(self, path: Path, piece: bytes, place: int) -> None:
        """`piece` at `place` (bytes from the beginning); a file that is not there is made.

        A device somebody else uses, such as a mounted root, is refused by the kernel (O_EXCL).

        Raises:
            OSError: it cannot be written.
        """
        flags = os.O_WRONLY | (os.O_EXCL if path.is_block_device() else os.O_CREAT)
        device = os.open(path, flags, 0o644)
        try:
            while piece:
                done = os.pwrite(device, piece, place)
                piece, place = piece[done:], place + done
        finally:
            os.close(device)

    def settle(self, path: Path) -> None:
        """All of a file, a folder or a device is on the card, and what is read next comes from there.

        Raises:
            OSError: it cannot be.
        """
        device = os.open(path, os.O_RDONLY)
        try:
            os.fsync(device)
            os.posix_fadvise(device, 0, 0, os.POSIX_FADV_DONTNEED)
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
