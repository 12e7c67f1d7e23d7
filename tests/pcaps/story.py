"""How a story of a few frames is told, and what is true of it.

A story says by itself how it ended and how many bytes its ends sent, for whoever reads the file: the tests ask
our reader, and tshark where it is installed. A pause before a frame is written as a number of seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.builders import Talk, Word


class Cut(NamedTuple):
    """A frame of which only the beginning was kept."""

    kept: bytes
    length: int


Part = bytes | Cut | float
"""A frame, or seconds of silence before the next one."""


@dataclass(frozen=True)
class Ending:
    """What is true of one connection."""

    port: int
    """The client's."""
    state: str
    bytes_in: int
    bytes_out: int


@dataclass
class Story:
    """Talks from one stranger's ports, one after another, and their endings."""

    parts: list[Part] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    port: int = 40_000

    def talk(self, **how: object) -> Talk:
        """The next one, from a port of its own."""
        self.port += 1
        return Talk(client_port=self.port, **how)  # type: ignore[arg-type]

    def tell(self, talk: Talk, words: Iterable[Word | float], **shape: object) -> None:
        for word in words:
            self.parts.append(talk.frame(word, **shape) if isinstance(word, Word) else word)

    def ends(self, talk: Talk, state: str, bytes_in: int = 0, bytes_out: int = 0) -> None:
        self.endings.append(Ending(talk.client_port, state, bytes_in, bytes_out))


def exchange(talk: Talk) -> list[Word]:
    """A question of 3 bytes, an answer of 6, the end."""
    return [talk.asks(b"ask"), talk.answers(b"answer"), *talk.goodbye()]
