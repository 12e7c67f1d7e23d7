"""How many rare frames are read in a second, so that nobody who talks much keeps the others from being heard."""

from collections import Counter

from sentinel.model.moment import Moment

A_SECOND, OF_ONE = 20, 5
"""Frames read in one second: of all machines, and of one of them."""


class Budget:
    """How much of one second is used up."""

    def __init__(self) -> None:
        self._second = -1
        self._used: Counter[bytes] = Counter()

    def takes(self, sender: bytes, at: Moment) -> bool:
        """Whether one more frame of this sender is read; if so it is counted."""
        second = int(at.boot.total_seconds())
        if second != self._second:
            self._second = second
            self._used.clear()
        if self._used.total() >= A_SECOND or self._used[sender] >= OF_ONE:
            return False
        self._used[sender] += 1
        return True
