"""Frames from a recorded file: pcap or pcapng, plain or gzipped, whatever the link, in bounded memory.

Anybody may have written such a file: a record is kept whole or not at all, and lengths that no frame has end it.
"""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from sentinel.capture.links import SHAPES, link_name
from sentinel.capture.pcap import ORDERS, Pcap
from sentinel.capture.pcapng import MAGIC, PcapNg
from sentinel.capture.ring import Frame
from sentinel.capture.slices import Slices
from sentinel.errors import NotReadable

NAMED, OTHERS = 8, "other link types"
"""So many are told by name: a hostile file has thousands."""


class Recording:
    """One recorded file. Its frames are read once, in the order of the file; `close` gives it back.

    Raises:
        NotReadable: it cannot be opened, is no capture, or nothing in it was recorded on a link that is read;
            of a pcapng the last is known when it has been read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._slices = Slices(path)
        try:
            self._reader = _reader(path, self._slices)
        except BaseException:
            self._slices.close()
            raise

    def __iter__(self) -> Iterator[Frame]:
        frames = iter(self._reader)
        first = next(frames, None)
        if first is not None:
            yield first
            yield from frames  # at half the price of a loop
        elif self.left_out:
            raise _unreadable(self.path, *self.left_out)

    @property
    def left_out(self) -> dict[str, int]:
        """Frames of links that are not read, so far, by what they were recorded on; the commonest have a name."""
        counted = self._reader.left_out.most_common()
        others = sum(count for _, count in counted[NAMED:])
        return {link_name(link): count for link, count in counted[:NAMED]} | ({OTHERS: others} if others else {})

    @property
    def cut(self) -> bool:
        """The file ended, or stopped making sense, inside a record; true only once that was met."""
        return self._slices.is_cut

    def close(self) -> None:
        """Give the file back."""
        self._slices.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _reader(path: Path, slices: Slices) -> Pcap | PcapNg:
    magic = slices.first[:4]
    if magic not in (MAGIC, *ORDERS):
        raise NotReadable(f"{path} is neither pcap nor pcapng")
    try:
        if magic == MAGIC:
            return PcapNg(slices)
        reader = Pcap(slices)
    except EOFError:
        raise NotReadable(f"{path} is cut or damaged within its first header") from None
    if reader.link not in SHAPES:
        raise _unreadable(path, link_name(reader.link))
    return reader


def _unreadable(path: Path, *links: str) -> NotReadable:
    return NotReadable(
        f"{path} was recorded on {' and '.join(links)}, which is not read: record on the network card itself"
    )
