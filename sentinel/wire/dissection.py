"""Rare frames on their way to `dissect`, and what they told on its way back: one answer a question, in order.

A question is two bytes of length, two clocks in microseconds, and so much of a frame; it is smaller than what a
pipe takes whole or not at all (PIPE_BUF, 4096 bytes). An answer is two bytes of length, then JSON of `Answer`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final

from sentinel import codec
from sentinel.model.machine import Portrait, Uplink
from sentinel.model.moment import Moment
from sentinel.wire.framing import Unframed, framed

LARGEST_FRAME: Final = 400
LARGEST_ANSWER: Final = 4096
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
_question = struct.Struct("!Hqq")
_length = struct.Struct("!H")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one frame told; nothing, where it told nothing that may be kept."""

    portraits: tuple[Portrait, ...] = ()
    uplinks: tuple[Uplink, ...] = ()
    unread: bool = False
    """The frame did not hold together."""

    @property
    def facts(self) -> tuple[Portrait | Uplink, ...]:
        """All of it."""
        return (*self.uplinks, *self.portraits)


def question(frame: bytes, at: Moment) -> bytes:
    """One frame, cut to LARGEST_FRAME, with its moment."""
    kept = frame[:LARGEST_FRAME]
    return _question.pack(len(kept), (at.wall - EPOCH) // MICROSECOND, at.boot // MICROSECOND) + kept


def questions(pipe: BinaryIO) -> Iterator[tuple[bytes, Moment]]:
    """The frames of a pipe, each waited for, until it is closed."""
    while len(head := pipe.read(_question.size)) == _question.size:
        size, wall, boot = _question.unpack(head)
        yield pipe.read(size), Moment(wall=EPOCH + wall * MICROSECOND, boot=boot * MICROSECOND)


def answer(said: Answer) -> bytes:
    """One answer as it is written."""
    return framed(_length, codec.encode(said))


class Answers:
    """Bytes of the pipe back to whole answers."""

    def __init__(self) -> None:
        self._bodies = Unframed(_length, LARGEST_ANSWER)

    def take(self, data: bytes) -> Iterator[Answer]:
        """The answers completed by these bytes.

        Raises:
            ValueError: what comes is no answer; whoever writes it is not to be believed any more.
        """
        return (codec.decode(body, Answer) for body in self._bodies.take(data))
