"""`sentinel paper wall-card`: the card beside the lamp, as SVG and PDF, with the practice's own contact.

It is drawn from the same rhythms that drive the pins, and nothing of the store is on it but who is called.
"""

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from sentinel.config import Config
from sentinel.errors import NotReadable
from sentinel.evidence.wallcard import Rhythm, WallCard, as_pdf, as_svg
from sentinel.model.finding import Level
from sentinel.places import Places
from sentinel.programs.effective import effective
from sentinel.signals.lights import POSITIONS
from sentinel.signals.rhythm import COLOURS, is_lit
from sentinel.text import say

SHOWS, LOOKS = 5.0, 100
"""Seconds of a rhythm on the card, and how many times in one it is looked at."""


def card(language: str, contact: str = "", phone: str = "") -> WallCard:
    """The card, with whom to call, or with a line to write on."""
    return WallCard(
        language=language,
        contact=contact,
        phone=phone,
        rhythms={level: lit(level) for level in COLOURS},
        places=POSITIONS,
    )


def lit(level: Level) -> Rhythm:
    """From when to when it is lit, in shares of five seconds."""
    looks = range(int(SHOWS * LOOKS))
    runs = [list(run) for shines, run in groupby(looks, lambda look: is_lit(level, look / LOOKS)) if shines]
    return [(run[0] / len(looks), (run[-1] + 1) / len(looks)) for run in runs]


def wall_card(
    config: Config, places: Places, folder: Path, tell: Callable[[str], None], language: str = ""
) -> None:
    """Put both files into this folder, and tell where they lie.

    Raises:
        NotReadable: they cannot be written there.
    """
    held = effective(config, places)
    spoken = language or held.page.language.value
    drawn = card(spoken, held.practice.contact, held.practice.phone)
    name = say(spoken, "wallcard.file")
    for path, content in (
        (folder / f"{name}.svg", as_svg(drawn).encode()),
        (folder / f"{name}.pdf", as_pdf(drawn)),
    ):
        try:
            path.write_bytes(content)
        except OSError as error:
            raise NotReadable(f"{path} cannot be written: {error.strerror}") from None
        tell(str(path))
