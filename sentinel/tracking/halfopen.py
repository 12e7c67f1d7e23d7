"""Connection attempts that nothing has answered yet: what a stranger can send at will, so an entry is small.

An attempt is known by its way (addresses and ports), and remembered until it is answered, refused, or has waited.
A hundred thousand may come within a second: those of one block of the ring share one `Half`, and where there is
no more room the oldest are told early instead of being forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Final

from sentinel.model.moment import Address, Moment

UNANSWERED = timedelta(seconds=20)
"""After this an attempt is told as one; a client's own retries have mostly ended."""
MOST = 6_144


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """What is known of an attempt beyond its way; shared by those that came together."""

    at: Moment
    macs: bytes
    """Of the target and of the source, 6 bytes each."""
    vlan: int | None = None
    first: int | None = None
    """Sequence number of its first byte; None where many came at once."""
    hairpin: Address | None = None
    """The public address an inside machine called, where the box turned that very call back."""
    serial: int = 0
    """0 where many came at once: they are numbered when they are told."""
    is_refused: bool = False
    """It was told as such; kept for its retries and late copies."""


Attempt = tuple[bytes, Half]
"""The way of its SYN, and the rest."""


class HalfOpen:
    """Attempts in the order they came."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._waiting: Final[dict[bytes, Half]] = {}
        self.find: Final = self._waiting.get
        """The attempt that went this way, or None; asked for nearly every frame."""
        self.ways: Final = self._waiting.keys()
        """Of those that wait, whenever it is looked at."""

    def add(self, way: bytes, half: Half) -> None:
        """One that is none of those that wait."""
        self._waiting[way] = half

    def add_many(self, new: dict[bytes, Half]) -> None:
        """As many as a block of the ring holds; a retry of one that waits changes nothing."""
        for way in new.keys() & self._waiting.keys():
            del new[way]
        self._waiting.update(new)

    def take(self, way: bytes) -> None:
        """It was answered: it is a connection."""
        self._waiting.pop(way, None)

    def refuse(self, way: bytes, serial: int) -> None:
        """It was told under this serial as refused."""
        self._waiting[way] = replace(self._waiting[way], serial=serial, is_refused=True)

    def overdue(self, now: Moment) -> list[Attempt]:
        """What has waited too long, or has to make room, and was not told as refused; oldest first."""
        oldest = self._oldest(now)
        for way, _ in oldest:
            del self._waiting[way]
        return [each for each in oldest if not each[1].is_refused]

    def _oldest(self, now: Moment) -> list[Attempt]:
        oldest = [*islice(self._waiting.items(), max(0, len(self._waiting) - self._most))]
        for each in islice(self._waiting.items(), len(oldest), None):
            if now.since(each[1].at) < UNANSWERED:
                break
            oldest.append(each)
        return oldest

    def flush(self) -> list[Attempt]:
        """Whatever still waits, at the end of a recorded file."""
        left = [each for each in self._waiting.items() if not each[1].is_refused]
        self._waiting.clear()
        return left

    @property
    def is_crowded(self) -> bool:
        """The oldest have to make room when `overdue` is asked next."""
        return len(self._waiting) > self._most

    @property
    def is_full(self) -> bool:
        """There are so many more than there is room for that `overdue` is to be asked now."""
        return len(self._waiting) > self._most + self._most // 8

    def __iter__(self) -> Iterator[bytes]:
        """Their ways, as of now."""
        return iter([*self._waiting])

    def __len__(self) -> int:
        return len(self._waiting)
