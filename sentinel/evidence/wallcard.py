"""The card beside the lamp: four rows and a dark one, for whoever passes by. One A4, without a word of the trade.

Each row shows its lamp, where it is on a traffic light, and five seconds of its rhythm, so that it is found by
people who see no colours, and on a lamp that has only one. It says nothing of the practice but whom to call.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten

from sentinel.evidence import strokes
from sentinel.evidence.ink import printable
from sentinel.evidence.strokes import POINT, Box, Disc, Shape, Words, wrapped
from sentinel.model.finding import Level
from sentinel.text import say

SIZE = (210.0, 297.0)
EDGE, RIGHT = 16.0, 194.0
TEXT = 74.0
"""Where sentences begin, in millimetres from the left."""
FIRST, ROW = 39.0, 41.0
"""Where the rows begin, and how high each is."""
NAME = 40
"""Characters of a name in a sentence."""
INK, SOFT, LINE, GROUND = "#1c2126", "#59636f", "#d5dae0", "#f4f6f8"
LAMPS = {Level.CALM: "#1f9a4d", Level.ATTENTION: "#f2c230", Level.ALARM: "#d0261e", Level.UNSURE: "#1d5fd0"}
HALOES = {Level.CALM: "#d8f0e0", Level.ATTENTION: "#fcf0c9", Level.ALARM: "#f9d9d7", Level.UNSURE: "#d6e3fa"}
PLACES = (LAMPS[Level.ALARM], LAMPS[Level.ATTENTION], LAMPS[Level.CALM])
"""Of a traffic light, from the top."""
ROWS = (Level.CALM, Level.ATTENTION, Level.ALARM, Level.UNSURE, None)
"""As they are met; None: dark."""

Rhythm = Sequence[tuple[float, float]]
"""From when to when it is lit, in shares of five seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WallCard:
    """What is on it."""

    language: str
    contact: str = ""
    """Whom to call; empty: a line to write on."""
    phone: str = ""
    address: str = "http://sentinel.local"
    """Of the page."""
    rhythms: Mapping[Level, Rhythm]
    places: Mapping[Level, tuple[int, ...]]
    """Which of the three lamps of a traffic light is lit."""


def as_svg(card: WallCard) -> str:
    """For the screen."""
    told = " ".join(f"{_sentence(card, row)} {_gesture(card, row)}" for row in ROWS)
    return strokes.svg(list(_drawn(card)), SIZE, say(card.language, "wallcard.title"), told)


def as_pdf(card: WallCard) -> bytes:
    """For the printer."""
    return strokes.pdf(list(_drawn(card)), SIZE, say(card.language, "wallcard.title"))


def _drawn(card: WallCard) -> Iterator[Shape]:
    yield Box(x=0, y=0, width=SIZE[0], height=SIZE[1], fill="#ffffff")
    yield Words(x=EDGE, y=23, text=_say(card, "title"), size=25, colour=INK, bold=True)
    yield Words(x=EDGE, y=31.5, text=_say(card, "lead"), size=12, colour=SOFT)
    for number, row in enumerate(ROWS):
        yield from _row(card, row, FIRST + number * ROW)
    yield from _foot(card, FIRST + len(ROWS) * ROW + 2)


def _row(card: WallCard, row: Level | None, top: float) -> Iterator[Shape]:
    yield Box(x=EDGE, y=top, width=RIGHT - EDGE, height=0.3, fill=LINE)
    yield from _lamp(row, EDGE + 14, top + 20)
    yield from _traffic(card, row, EDGE + 38, top + 7.4)
    y = top + 10.5
    for line in wrapped(_sentence(card, row), 18, RIGHT - TEXT, bold=True):
        yield Words(x=TEXT, y=y, text=line, size=18, colour=INK, bold=True)
        y += 7.0
    for line in wrapped(_gesture(card, row), 11.5, RIGHT - TEXT):
        yield Words(x=TEXT, y=y - 0.6, text=line, size=11.5, colour=INK)
        y += 5.2
    yield from _film(card, row, top + ROW - 6.6)


def _lamp(row: Level | None, x: float, y: float) -> Iterator[Shape]:
    if row is None:
        yield Disc(x=x, y=y, radius=11, fill="#ffffff", line=SOFT, dashed=True)
        return
    yield Disc(x=x, y=y, radius=14, fill=HALOES[row])
    yield Disc(x=x, y=y, radius=10.5, fill=LAMPS[row])


def _traffic(card: WallCard, row: Level | None, x: float, y: float) -> Iterator[Shape]:
    """The same on three lamps, for who has those."""
    lit = card.places[row] if row is not None else (0, 0, 0)
    yield Box(x=x, y=y, width=9.4, height=25.6, fill="#3a424b", round=2.4)
    for number, colour in enumerate(PLACES):
        fill = colour if lit[number] else "#59636f"
        yield Disc(x=x + 4.7, y=y + 5 + number * 7.8, radius=3.1, fill=fill)


def _film(card: WallCard, row: Level | None, y: float) -> Iterator[Shape]:
    """Five seconds of it."""
    wide = RIGHT - TEXT - 9
    yield Box(x=TEXT, y=y, width=wide, height=3, fill="#ffffff", line=LINE)
    for begins, ends in card.rhythms[row] if row is not None else ():
        colour = LAMPS[row] if row is not None else INK
        yield Box(x=TEXT + begins * wide, y=y, width=(ends - begins) * wide, height=3, fill=colour)
    yield Words(x=TEXT + wide + 2.6, y=y + 2.6, text=_say(card, "lasts"), size=9, colour=SOFT)


def _foot(card: WallCard, top: float) -> Iterator[Shape]:
    """Whom to call, what the button does, where the page is."""
    yield Box(x=EDGE, y=top, width=RIGHT - EDGE, height=23, fill=GROUND, round=2)
    for x, key, value in ((EDGE + 5, "contact", card.contact), (EDGE + 98, "phone", card.phone)):
        yield Words(x=x, y=top + 7.5, text=_say(card, key), size=10, colour=SOFT)
        if value:
            yield from _fitting(printable(value), x, top + 16.5, 88 if key == "contact" else 74)
        else:
            yield Box(x=x, y=top + 17, width=86 if key == "contact" else 70, height=0.3, fill=SOFT)
    y = top + 30.5
    for text in (_say(card, "button"), _say(card, "page", address=card.address)):
        for line in wrapped(text, 9.5, RIGHT - EDGE):
            yield Words(x=EDGE, y=y, text=line, size=9.5, colour=SOFT)
            y += 4.4


def _fitting(text: str, x: float, y: float, width: float) -> Iterator[Shape]:
    """As large as it fits on one line, cut where it fits not at all."""
    size = next((each for each in (16, 13, 10.5, 9) if len(wrapped(text, each, width, bold=True)) == 1), 9)
    yield Words(x=x, y=y, text=text[: int(width / (size * POINT * 0.45))], size=size, colour=INK, bold=True)


def _sentence(card: WallCard, row: Level | None) -> str:
    return _say(card, f"{_word(row)}.sentence", contact=_contact(card))


def _gesture(card: WallCard, row: Level | None) -> str:
    return _say(card, f"{_word(row)}.gesture", contact=_contact(card))


def _word(row: Level | None) -> str:
    return row.word if row is not None else "dark"


def _contact(card: WallCard) -> str:
    """A name, and no novel: the rows have their height."""
    return shorten(card.contact, NAME, placeholder="…") or _say(card, "blank")


def _say(card: WallCard, key: str, **blanks: str) -> str:
    return printable(say(card.language, f"wallcard.{key}", **blanks))
