"""A drawing of a few plain shapes, as SVG for the screen and as PDF for the printer: the same strokes in both.

Millimetres from the upper left corner. Letters are Helvetica, as on every paper, or what stands in for it with the
same widths; a text is escaped where it becomes markup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from sentinel.evidence.ink import BOLD, printable

POINT = 25.4 / 72
"""Millimetres."""
FAMILY = "Helvetica, Arial, 'Liberation Sans', sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str = ""
    """As `#1c2126`; empty: none."""
    line: str = ""
    round: float = 0
    """Radius of its corners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disc:
    """A circle; `dashed` where it is a lamp without light."""

    x: float
    y: float
    radius: float
    fill: str = ""
    line: str = ""
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One line of text; `y` is where its letters stand."""

    x: float
    y: float
    text: str
    size: float
    """Points."""
    colour: str
    bold: bool = False


Shape = Box | Disc | Words


def wrapped(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """The text in lines no wider than so many millimetres; a no-break space breaks nothing."""
    lines: list[str] = []
    for word in printable(text).split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and stringWidth(longer, _font(bold), size) * POINT > width:
            lines.append(word)
        else:
            lines[-1:] = [longer]
    return lines


def svg(shapes: Sequence[Shape], size: tuple[float, float], title: str, told: str) -> str:
    """The drawing for a screen; `told` is what somebody hears who cannot see it."""
    width, height = size
    drawn = "\n".join(_marked(each) for each in shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="title told" '
        f"font-family={quoteattr(FAMILY)}>\n"
        f'<title id="title">{escape(title)}</title>\n<desc id="told">{escape(told)}</desc>\n{drawn}\n</svg>\n'
    )


def _marked(shape: Shape) -> str:
    match shape:
        case Box():
            return (
                f'<rect x="{shape.x:g}" y="{shape.y:g}" width="{shape.width:g}" height="{shape.height:g}" '
                f'rx="{shape.round:g}" {_paint(shape.fill, shape.line)}/>'
            )
        case Disc():
            dashes = ' stroke-dasharray="1.6 1.2"' if shape.dashed else ""
            paint = _paint(shape.fill, shape.line)
            return f'<circle cx="{shape.x:g}" cy="{shape.y:g}" r="{shape.radius:g}" {paint}{dashes}/>'
        case Words():
            weight = ' font-weight="bold"' if shape.bold else ""
            return (
                f'<text x="{shape.x:g}" y="{shape.y:g}" font-size="{shape.size * POINT:.3f}" fill="{shape.colour}"'
                f"{weight}>{escape(shape.text)}</text>"
            )


def _paint(fill: str, line: str) -> str:
    return f'fill="{fill or "none"}"' + (f' stroke="{line}" stroke-width="0.4"' if line else "")


def pdf(shapes: Sequence[Shape], size: tuple[float, float], title: str) -> bytes:
    """The drawing for a printer: one page; the same strokes are the same bytes, by whatever zlib."""
    width, height = size
    out = BytesIO()
    canvas = Canvas(out, pagesize=(width * mm, height * mm), invariant=1, pageCompression=0)
    canvas.setTitle(title)
    canvas.setLineWidth(0.4 * mm)
    for shape in shapes:
        _paint_on(canvas, shape, height)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _paint_on(canvas: Canvas, shape: Shape, height: float) -> None:
    if isinstance(shape, Words):
        canvas.setFillColor(HexColor(shape.colour))
        canvas.setFont(_font(shape.bold), shape.size)
        canvas.drawString(shape.x * mm, (height - shape.y) * mm, shape.text)
        return
    if shape.fill:
        canvas.setFillColor(HexColor(shape.fill))
    if shape.line:
        canvas.setStrokeColor(HexColor(shape.line))
    how = {"stroke": int(bool(shape.line)), "fill": int(bool(shape.fill))}
    if isinstance(shape, Box):
        below = (height - shape.y - shape.height) * mm
        canvas.roundRect(shape.x * mm, below, shape.width * mm, shape.height * mm, shape.round * mm, **how)
        return
    canvas.setDash([1.6 * mm, 1.2 * mm] if shape.dashed else [])
    canvas.circle(shape.x * mm, (height - shape.y) * mm, shape.radius * mm, **how)
    canvas.setDash([])


def _font(bold: bool) -> str:
    return BOLD if bold else "Helvetica"
