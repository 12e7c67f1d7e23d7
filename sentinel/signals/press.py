"""What a press on the lamp's button means, by its length alone. Pure: time comes with each call.

    let go before 3 s    lamp test
    let go from 3 to 6 s « J'ai vu »
    let go from 6 to 10 s nothing: the lamp has warned since 6 s
    10 s, still held     the page's password is forgotten

The longest one takes four seconds of warning, however late the clock's calls come; where no lamp can show the
warning nothing is forgotten (`programs.pressing`). A button that is held when the sentinel starts, or a wire that
touches ground, means nothing until it is let go once. A line that changes more often than a finger has a reason
to is a loose contact: by chance it stays down for three seconds, too, and means nothing until it has been still.

What changes faster than the kernel's debouncing (`button`) is no change at all: the line stays what it last was.
"""

from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sentinel.model.moment import Moment

LONG = timedelta(seconds=3)
WARNS = timedelta(seconds=6)
WARNING_LASTS = timedelta(seconds=4)
MANY, WITHIN = 10, timedelta(seconds=20)
"""So many changes within so long a time, five presses, are nobody's who wants something."""
STILL = timedelta(seconds=10)
"""Let go for so long, such a line is believed again."""


class Sign(StrEnum):
    """What a press has come to."""

    TEST = "test"
    """Short, and over: show that every lamp works."""
    ENOUGH = "enough"
    """Held for three seconds: let go now, and it is « J'ai vu »."""
    READ = "read"
    """Long, and over."""
    WARNING = "warning"
    """Held for six seconds: four more, and the password is forgotten."""
    CALLED_OFF = "called_off"
    """Let go in time."""
    FORGET = "forget"
    """Held to the end."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a press has come to, and when."""

    sign: Sign
    down: Moment
    """When it began: whoever pressed can have meant nothing that was shown later."""
    at: Moment


@dataclass(slots=True)
class _Held:
    since: timedelta
    enough: bool = False
    warned: timedelta | None = None
    done: bool = False


class Press:
    """One button. Times are of the boot clock. Its calls must not overlap."""

    def __init__(self) -> None:
        self.restless = False
        """It changes as no finger does: nothing it does means anything."""
        self._held: _Held | None = None
        self._changes: deque[timedelta] = deque(maxlen=MANY)

    def down(self, at: timedelta) -> None:
        """It is pressed."""
        if self._changes and at - self._changes[-1] >= STILL:
            self.restless = False
            self._changes.clear()
        self._note(at)
        self._held = None if self.restless else _Held(at)

    def still(self, at: timedelta) -> Sign | None:
        """It is held; to be called several times a second."""
        held = self._held
        if held is None or held.done:
            return None
        if held.warned is not None:
            held.done = at - held.warned >= WARNING_LASTS
            return Sign.FORGET if held.done else None
        if at - held.since >= WARNS:
            held.warned = at
            return Sign.WARNING
        if at - held.since >= LONG and not held.enough:
            held.enough = True
            return Sign.ENOUGH
        return None

    def up(self, at: timedelta) -> Sign | None:
        """It is let go."""
        held, self._held = self._held, None
        self._note(at)
        if held is None or held.done:
            return None
        if held.warned is not None or at - held.since >= WARNS:
            return Sign.CALLED_OFF
        if self.restless:
            return None
        return Sign.READ if at - held.since >= LONG else Sign.TEST

    def _note(self, at: timedelta) -> None:
        self._changes.append(at)
        if len(self._changes) == MANY and at - self._changes[0] <= WITHIN:
            self.restless = True
