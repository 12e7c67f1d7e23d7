"""A tar archive read strictly from front to back: plain files under plain names, and not a byte that is neither.

The library's reader follows links, long names and extended headers of any size, and an update is read before it
can be trusted. Of the format (POSIX.1-1988, ustar) this takes what our own writer makes, and refuses the rest.
"""

import re
from collections.abc import Callable, Iterator

from sentinel.errors import NotReadable

CHUNK = 1 << 20
"""The most that is held in memory at once. Bytes."""
BLOCK = 512
TRAILING = 64 * 1024
"""More zeros than this after the last file are no padding."""

Read = Callable[[int], bytes]
"""At most so many bytes of a stream; none at its end."""

_NAME = re.compile(rb"([A-Za-z0-9][A-Za-z0-9._-]*)\0*")
_OCTAL = re.compile(rb"([0-7]{1,12})[ \0]*")


class Tape:
    """The files of one archive, each read whole before the next."""

    def __init__(self, read: Read, what: str) -> None:
        self._read = read
        self._what = what
        self._left = 0

    def member(self) -> tuple[str, int] | None:
        """Name and size of the next file; none when the archive has ended as it should.

        Raises:
            NotReadable: what follows is no plain file under a plain name.
        """
        header = self._exactly(BLOCK)
        if not any(header):
            self._end()
            return None
        name, self._left = self._understood(header)
        return name, self._left

    def content(self) -> Iterator[bytes]:
        """The file's bytes, in pieces of at most `CHUNK`.

        Raises:
            NotReadable: the archive ends before the file does.
        """
        padding = -self._left % BLOCK
        while self._left:
            piece = self._exactly(min(CHUNK, self._left))
            self._left -= len(piece)
            yield piece
        if any(self._exactly(padding)):
            raise self._wrong("holds bytes that belong to no file")

    def whole(self, most: int) -> bytes:
        """A small file at once.

        Raises:
            NotReadable: it is larger than `most`, or cut.
        """
        if self._left > most:
            raise self._wrong(f"holds a file of {self._left} bytes where {most} are the most")
        return b"".join(self.content())

    def _understood(self, header: bytes) -> tuple[str, int]:
        size, told = _OCTAL.fullmatch(header[124:136]), _OCTAL.fullmatch(header[148:156])
        summed = sum(header[:148]) + sum(header[156:]) + 8 * ord(" ")  # its own field counts as spaces
        if header[257:262] != b"ustar" or not size or not told or int(told[1], 8) != summed:
            raise self._wrong("is no tar archive, or is damaged")
        name = _NAME.fullmatch(header[:100])
        if not name or any(header[345:500]):
            raise self._wrong("names a file as no file of an update is named")
        if header[156:157] not in b"0\0" or any(header[157:257]):
            raise self._wrong(f"holds {name[1].decode()}, which is no plain file")
        return name[1].decode(), int(size[1], 8)

    def _end(self) -> None:
        """One more empty block, then zeros that fill the last record, then nothing."""
        rest = bytearray()
        while piece := self._read(TRAILING):
            rest += piece
            if any(piece) or len(rest) > TRAILING:
                raise self._wrong("goes on after its end")
        if len(rest) < BLOCK:
            raise self._wrong("ends too early")

    def _exactly(self, size: int) -> bytes:
        pieces, missing = [], size
        while missing:
            piece = self._read(missing)
            if not piece:
                raise self._wrong("ends too early")
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _wrong(self, how: str) -> NotReadable:
        return NotReadable(f"{self._what} {how}")


def reader(chunks: Iterator[bytes]) -> Read:
    """A stream that comes in pieces, read as a file is."""
    held = memoryview(b"")

    def read(size: int) -> bytes:
        nonlocal held
        while not held:
            try:
                held = memoryview(next(chunks))
            except StopIteration:
                return b""
        piece, held = bytes(held[:size]), held[size:]
        return piece

    return read
