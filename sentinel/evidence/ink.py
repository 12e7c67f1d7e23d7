"""Colours, sizes and letters of every paper, and the one way a text becomes a paragraph.

Every text of a paper goes through `plain`, which escapes it: reportlab's paragraphs would take a stranger's
`<img src=…>` or `<font color=…>` for markup. Styles are chosen by name, so no sentence needs markup of its own.
Helvetica is the reader's own: no font is shipped, and a dossier of ten pages stays below 100 kB.
"""

import unicodedata
from enum import Enum
from typing import Any
from xml.sax.saxutils import escape

from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph

from sentinel.model.finding import Level

rl_config.trustedSchemes = []  # nothing is ever fetched for a paper
rl_config.trustedHosts = []

MARGIN = 20 * mm
WIDTH = A4[0] - 2 * MARGIN
BODY = A4[1] - 42 * mm
INK, SOFT, LINE, GROUND = HexColor("#1c2126"), HexColor("#59636f"), HexColor("#d5dae0"), HexColor("#f4f6f8")
LONGEST = 2000
"""Characters of one text on paper; a reason has 400."""


class Accent(Enum):
    """The one colour of a paper: what it is about."""

    CALM = HexColor("#1f7a43")
    ATTENTION = HexColor("#9a7200")
    UNSURE = HexColor("#1d4fa3")
    ALARM = HexColor("#b3201a")

    @classmethod
    def of(cls, level: Level) -> "Accent":
        """The colour of a level; what has none is blue."""
        return {Level.CALM: cls.CALM, Level.ATTENTION: cls.ATTENTION, Level.ALARM: cls.ALARM}.get(
            level, cls.UNSURE
        )


def _style(name: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    facts = {"fontName": "Helvetica", "textColor": INK, "allowWidows": 0, "allowOrphans": 0, "splitLongWords": 1}
    return ParagraphStyle(name, fontSize=size, leading=leading, **{**facts, **more})


BOLD = "Helvetica-Bold"
STYLES = {
    "title": _style("title", 19, 23, fontName=BOLD, spaceAfter=2.5 * mm),
    "lead": _style("lead", 11.5, 17, spaceAfter=3 * mm),
    "section": _style(
        "section", 11.5, 15, fontName=BOLD, spaceBefore=4.5 * mm, spaceAfter=1.6 * mm, keepWithNext=1
    ),
    "text": _style("text", 9.5, 13.6, spaceAfter=1.6 * mm),
    "small": _style("small", 8, 11, textColor=SOFT, spaceAfter=1.2 * mm),
    "cell": _style("cell", 8.6, 11.4),
    "bold": _style("bold", 8.6, 11.4, fontName=BOLD),
    "label": _style("label", 8.6, 11.4, textColor=SOFT),
    "head": _style("head", 7.8, 10, textColor=SOFT),
    "item": _style("item", 9.5, 13.6, leftIndent=4.5 * mm, bulletIndent=0.8 * mm, spaceAfter=0.8 * mm),
    "callout": _style("callout", 10, 14.4),
}


def printable(text: str) -> str:
    """A text as Helvetica can print it: no control or direction marks, one kind of no-break space."""
    kept = (each for each in text[:LONGEST].replace("\u202f", "\u00a0") if each == "\u00a0" or _is_shown(each))
    return unicodedata.normalize("NFC", "".join(kept))


def _is_shown(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def plain(text: str, style: str = "text", **more: Any) -> Paragraph:
    """A paragraph of exactly these characters."""
    return Paragraph(escape(printable(text)), STYLES[style], **more)
