"""Messages one behind the other in a stream: each behind its own length, big-endian."""

from collections.abc import Iterator
from struct import Struct


def framed(length: Struct, body: bytes) -> bytes:
    """One message as it is written."""
    return length.pack(len(body)) + body


class Unframed:
    """Bytes of a stream back to whole messages.

    Args:
        length: how a length is written.
        largest: bytes of a message; a longer one is none.
    """

    def __init__(self, length: Struct, largest: int) -> None:
        self._length = length
        self._largest = largest
        self._buffer = bytearray()

    def take(self, data: bytes) -> Iterator[bytes]:
        """The messages completed by these bytes.

        Raises:
            ValueError: a message is announced that cannot be one; the stream must be closed.
        """
        self._buffer += data
        while len(self._buffer) >= self._length.size:
            (size,) = self._length.unpack_from(self._buffer)
            if size > self._largest:
                raise ValueError(f"a message of {size} bytes is announced")
            end = self._length.size + size
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[self._length.size : end])
            del self._buffer[:end]
            yield body
