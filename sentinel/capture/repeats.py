"""Machines that say the same again, word for word, within a second: it tells nothing new and is read no further.

Some ask ten times a second for who is not there, and a loop of cables repeats it for ever.
"""

from sentinel.capture.ring import SECOND, Frame

MOST = 1_024
"""Words remembered; a neighbour may invent as many as he likes."""


class Repeats:
    """What was said of late, by its bytes and its tag."""

    def __init__(self) -> None:
        self.known = 0
        """Frames that said nothing new. The kernel has counted them among those it handed over."""
        self._said: dict[tuple[bytes, int | None], int] = {}

    def news(self, frames: list[Frame]) -> list[Frame]:
        """Those that say something, in their order."""
        return [frame for frame in frames if self._is_news(frame)]

    def _is_news(self, frame: Frame) -> bool:
        nanoseconds, kept, _, vlan = frame
        last = self._said.get((kept, vlan))
        if last is not None and 0 <= nanoseconds - last < SECOND:
            self.known += 1
            return False
        if len(self._said) >= MOST:
            self._said.clear()
        self._said[kept, vlan] = nanoseconds
        return True
