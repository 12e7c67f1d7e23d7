"""What each verdict looks like on a lamp: told by rhythm first, by colour second, so that one plain LED is enough.

IEC 60073 colours. Never above 3 flashes a second (WCAG 2.3.1). Lit, with a short dip, means proved: a dark lamp
can only mean that nothing is watched.
"""

from sentinel.model.finding import Level

Colour = tuple[int, int, int]
"""Red, green, blue: 0 or 1."""

DARK: Colour = (0, 0, 0)
COLOURS: dict[Level, tuple[str, Colour]] = {
    Level.CALM: ("green", (0, 1, 0)),
    Level.ATTENTION: ("yellow", (1, 1, 0)),
    Level.ALARM: ("red", (1, 0, 0)),
    Level.UNSURE: ("blue", (0, 0, 1)),
}


def is_lit(level: Level, seconds: float) -> bool:
    """Whether the lamp is lit at this point of the boot clock."""
    if level is Level.CALM:
        return seconds % 5 < 4.8
    if level is Level.ATTENTION:
        return seconds % 2 < 1
    if level is Level.ALARM:
        return seconds % 0.5 < 0.25
    return seconds % 2 < 0.15 or 0.3 <= seconds % 2 < 0.45
