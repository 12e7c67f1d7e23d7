"""A file of anybody's, plain or gzipped, in slices: whatever it says, one record and one slice are in memory."""

import gzip
import zlib
from io import BufferedReader
from pathlib import Path

from sentinel.errors import NotReadable

SLICE = 1 << 18
GZIP = b"\x1f\x8b"


class Slices:
    """One open file, also a pipe; `close` gives it back.

    Raises:
        NotReadable: it cannot be opened, is empty, or is gzipped and damaged from its first byte on.
    """

    def __init__(self, path: Path) -> None:
        self.is_cut = False
        """The file ended, or stopped making sense, inside a record; true only once that was met."""
        self._raw = _opened(path)
        self._file = gzip.GzipFile(fileobj=self._raw) if self._raw.peek(2)[:2] == GZIP else self._raw
        self.first = self.after(b"", 4)
        """The beginning, of four bytes at least if the file has them; the reader goes on behind it."""
        if not self.first:
            self.close()
            raise NotReadable(f"{path} is a damaged gzip file" if self.is_cut else f"{path} is empty")

    def after(self, rest: bytes, needed: int) -> bytes:
        """What was left of the last slice, and more behind it.

        Args:
            rest: what was not read yet.
            needed: bytes there should be in all; there are fewer only at the end of the file.
        """
        pieces, size = [rest], len(rest)
        while size < needed and (piece := self._piece()):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)

    def _piece(self) -> bytes:
        """The next bytes; none at the end, which a damaged gzip or disk may bring too early."""
        try:
            return self._file.read1(SLICE)
        except (EOFError, OSError, zlib.error):
            self.is_cut = True
            return b""

    def close(self) -> None:
        """Give the file back."""
        self._file.close()
        self._raw.close()


def _opened(path: Path) -> BufferedReader:
    """Open, and read from once: what is no file may open and still give nothing."""
    file = None
    try:
        file = path.open("rb")
        file.peek(2)
    except OSError as error:
        if file is not None:
            file.close()
        raise NotReadable(f"{path} cannot be read: {error.strerror or error}") from None
    return file
