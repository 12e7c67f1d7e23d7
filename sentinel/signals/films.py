"""What the lamp plays for whoever stands at its button: short, 3 flashes a second at most, and then the verdict.

A film says nothing of the practice. It begins dark, so that it is not taken for what was shown before; it ends by
the clock, so that the green of a lamp test cannot stay.
"""

from dataclasses import dataclass
from enum import Enum

from sentinel.model.finding import Level


class Frame(Enum):
    """What is no verdict's colour."""

    DARK = "dark"
    EVERY = "white"
    """Every lamp there is."""


@dataclass(frozen=True, slots=True)
class Film:
    """Pictures, each with how many seconds it is shown."""

    pictures: tuple[tuple[float, Level | Frame], ...]

    @property
    def lasts(self) -> float:
        """Seconds."""
        return sum(seconds for seconds, _ in self.pictures)

    def at(self, seconds: float) -> Level | Frame | None:
        """What is shown so long after its beginning; None once it is over."""
        for lasts, picture in self.pictures:
            if seconds < lasts:
                return picture
            seconds -= lasts
        return None


ORDER = (Level.ALARM, Level.ATTENTION, Level.CALM, Level.UNSURE)
"""Of the lamp test: from the top of a traffic light downwards, then what it has no lamp for."""

TEST = Film(((0.4, Frame.DARK), *(each for level in ORDER for each in ((0.7, level), (0.3, Frame.DARK)))))
"""Each colour once."""
ENOUGH = Film(((0.4, Frame.DARK),))
"""One dip: let go now."""
_BURST = ((0.15, Frame.EVERY), (0.15, Frame.DARK))
WARNING = Film(((0.4, Frame.DARK), *((*_BURST, *_BURST, *_BURST, (0.6, Frame.DARK)) * 3)))
"""Bursts of three of every lamp at once, as nothing else: keep holding, and the password is forgotten."""
SEEN = Film(((0.4, Frame.DARK),))
"""One dip: something was read."""
DONE = Film(((3.0, Frame.DARK),))
"""Dark for a moment: it is."""
CALLED_OFF = Film(((0.6, Frame.DARK),))
"""The warning is over, and so is everything."""
NOTHING = Film(())
"""Back to the verdict at once."""
