"""Frames from a recorded file: pcap or pcapng, plain or gzipped, by scapy's raw readers, in bounded memory.

Anybody may have written such a file. The readers see it through a `_Stream` that gives whole reads or none, so
that a record is kept whole or not at all, and that refuses lengths no frame has. Scapy is imported when a file
is opened, not before: it takes a fifth of a second, and only the programs that read files pay it.
"""

import gzip
import logging
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sentinel.capture.ring import Frame
from sentinel.errors import NotReadable

PCAP = (b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1")
SECTION = b"\x0a\x0d\x0d\x0a"  # a pcapng section header; the same in both byte orders
MAGICS = {*PCAP, SECTION}
GZIP = b"\x1f\x8b"
BLOCKS = (1, 2, 3, 6)
"""The pcapng blocks that are read: interfaces and packets. Names, statistics and TLS secrets are stepped over."""

MOST_READ = 1 << 22
"""Bytes of the longest block: 16 of the largest frames."""
MOST_INTERFACES = 4_096
LATEST = 253_402_300_799_999_999_999  # the end of the year 9999 in nanoseconds: no calendar goes further

ETHERNET = 1
LINKS = {
    0: "loopback of BSD",
    101: "bare IP",
    105: "Wi-Fi",
    113: 'Linux "any"',
    127: "Wi-Fi with radiotap",
    228: "bare IPv4",
    229: "bare IPv6",
    276: 'Linux "any", version 2',
}
"""The other link types people meet (tcpdump.org/linktypes.html)."""


class Recording:
    """One recorded file. Its frames are read once, in the order of the file; `close` gives it back.

    Raises:
        NotReadable: it cannot be opened, or is no capture; while it is read, that a frame is not Ethernet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cut = False
        """The file ended, or stopped making sense, inside a record; true only once that was met."""
        file = _open(path)
        try:
            self._ng = _magic(path, file) == SECTION
            self._stream = _Stream(file)
            self._reader = _reader(path, self._stream, ng=self._ng)
        except BaseException:
            file.close()
            raise
        self._last = 0

    def __iter__(self) -> Iterator[Frame]:
        while (record := self._next()) is not None:
            kept, about = record
            self._check_link(about.linktype if self._ng else self._reader.linktype & 0xFFFF)
            yield Frame(self._nanoseconds(about), kept, about.wirelen, None)

    def _next(self) -> tuple[bytes, Any] | None:
        """The next packet; None at the end of what can be read."""
        read = self._reader._read_block if self._ng else self._reader._read_packet
        try:
            while True:
                self._stream.begin()
                record = read()
                if record is not None:
                    return record  # type: ignore[no-any-return]  # scapy says nothing of its types
                self._section()
        except (EOFError, OSError, OverflowError, zlib.error):  # the last three from a damaged .gz
            self.cut = self._stream.is_inside
            return None

    def _section(self) -> None:
        """After a block without a packet: a new section numbers its interfaces anew, which scapy does not."""
        if self._stream.first == SECTION:
            self._reader.interfaces.clear()
        if len(self._reader.interfaces) > MOST_INTERFACES:
            raise EOFError

    def _check_link(self, link: int) -> None:
        if link != ETHERNET:
            name = f"link type {link}" + (f" ({LINKS[link]})" if link in LINKS else "")
            raise NotReadable(
                f"{self.path} was recorded on {name}; only Ethernet is read: record on the card itself"
            )

    def _nanoseconds(self, about: Any) -> int:
        """Wall clock since 1970. A simple packet block has no stamp: it takes the one before."""
        if not self._ng:
            self._last = about.sec * 1_000_000_000 + about.usec * (1 if self._reader.nano else 1_000)
        elif about.tshigh is not None:
            self._last = min((about.tshigh << 32 | about.tslow) * 1_000_000_000 // about.tsresol, LATEST)
        return self._last

    def close(self) -> None:
        """Give the file back."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Stream:
    """What scapy reads from: whole reads only, none of them absurd, and a mark at each record's beginning."""

    def __init__(self, file: BufferedReader | gzip.GzipFile) -> None:
        self._file = file
        self.first = b""
        """The first read of this record."""
        self.is_inside = False
        """Something of this record was read, or could not be."""

    def begin(self) -> None:
        self.is_inside = False

    def read(self, size: int) -> bytes:
        if size == 0:
            return b""
        if size > MOST_READ:
            self.is_inside = True
            raise EOFError
        at_start, self.is_inside = not self.is_inside, True
        data = self._file.read(size)
        if at_start:
            self.first, self.is_inside = data, bool(data)
        if len(data) < size and self.is_inside:
            raise EOFError
        return data

    def close(self) -> None:
        self._file.close()


def _open(path: Path) -> BufferedReader | gzip.GzipFile:
    try:
        file = path.open("rb")
        if file.peek(2)[:2] != GZIP:
            return file
        file.close()
        return gzip.open(path)
    except OSError as error:
        raise NotReadable(f"{path} cannot be read: {error.strerror or error}") from None


def _magic(path: Path, file: BufferedReader | gzip.GzipFile) -> bytes:
    try:
        magic = file.peek(4)[:4]
    except (EOFError, OSError, zlib.error):
        raise NotReadable(f"{path} is a damaged gzip file") from None
    if not magic:
        raise NotReadable(f"{path} is empty")
    if magic not in MAGICS:
        raise NotReadable(f"{path} is neither pcap nor pcapng")
    return magic


def _reader(path: Path, stream: _Stream, *, ng: bool) -> Any:
    """Scapy's own reader, on its way past the file's first header."""
    from scapy.error import Scapy_Exception
    from scapy.utils import RawPcapNgReader, RawPcapReader

    kind: Any = RawPcapNgReader if ng else RawPcapReader  # typed for paths, but open to any stream
    logging.getLogger("scapy").setLevel(logging.CRITICAL)  # what is wrong with the file is ours to say
    try:
        reader = kind(stream)
    except (Scapy_Exception, EOFError, OSError, zlib.error):
        raise NotReadable(f"{path} is cut or damaged within its first header") from None
    if ng:
        reader.blocktypes = {number: reader.blocktypes[number] for number in BLOCKS}
    return reader
