"""One paper as PDF: A4 pages with a quiet head and foot, and the few shapes every paper is made of."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import Color, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepInFrame,
    KeepTogether,
    PageTemplate,
    Spacer,
    Table,
    TableStyle,
)

from sentinel.evidence.facts import Letterhead
from sentinel.evidence.ink import BODY, BOLD, GROUND, INK, LINE, MARGIN, SOFT, WIDTH, Accent, plain, printable
from sentinel.text import say
from sentinel.text.times import dated


class Sheet:
    """One PDF, filled from top to bottom.

    Args:
        head: whose paper it is.
        kind: key of what the paper is called, in its head and in the file's title.
        accent: its one colour.
    """

    def __init__(self, head: Letterhead, kind: str, accent: Accent) -> None:
        self._head = head
        self._language = head.audience.language
        self._kind = self.say(kind)
        self._accent: Color = accent.value
        self._story: list[Flowable] = []

    # -- words -----------------------------------------------------------------------------------------------

    def say(self, key: str, **blanks: object) -> str:
        """The words of `key`, in this paper's language."""
        return say(self._language, key, **blanks)

    # -- shapes ----------------------------------------------------------------------------------------------

    def title(self, text: str) -> None:
        """The name of the paper."""
        self._story.append(plain(text, "title"))

    def lead(self, text: str) -> None:
        """What matters, in one paragraph."""
        self._story.append(plain(text, "lead"))

    def section(self, text: str) -> None:
        """A heading."""
        self._story.append(plain(text, "section"))

    def text(self, text: str) -> None:
        """A paragraph."""
        self._story.append(plain(text))

    def small(self, text: str) -> None:
        """A remark."""
        self._story.append(plain(text, "small"))

    def items(self, texts: Iterable[str]) -> None:
        """A list."""
        self._story += [plain(text, "item", bulletText="–") for text in texts]

    def callout(self, *texts: str) -> None:
        """Set apart by the paper's colour: what must not be missed."""
        lines = [[plain(text, "callout")] for text in texts]
        table = Table(lines, colWidths=[WIDTH], style=TableStyle(self._callout_style()))
        self._story += [Spacer(0, 1.5 * mm), table, Spacer(0, 3 * mm)]

    def _callout_style(self) -> list[tuple[Any, ...]]:
        everywhere = (0, 0), (-1, -1)
        return [
            ("BACKGROUND", *everywhere, GROUND),
            ("LINEBEFORE", *everywhere, 3, self._accent),
            ("LEFTPADDING", *everywhere, 4 * mm),
            ("RIGHTPADDING", *everywhere, 4 * mm),
            ("TOPPADDING", *everywhere, 1.6 * mm),
            ("BOTTOMPADDING", *everywhere, 1.8 * mm),
        ]

    def facts(self, rows: Iterable[tuple[str, str]], *, label: float = 48 * mm) -> None:
        """What and its value, one a line; a value that is empty is left out."""
        lines = [[plain(name, "label"), plain(value, "cell")] for name, value in rows if value]
        if lines:
            style = [("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE), *_padding(0)]
            self._story += [Table(lines, colWidths=[label, WIDTH - label], style=style), Spacer(0, 1.5 * mm)]

    def blanks(self, rows: Iterable[tuple[str, str]], *, label: float = 62 * mm) -> None:
        """As `facts`, for a form: what is empty is a line to write on."""
        lines = [[plain(name, "label"), plain(value, "cell")] for name, value in rows]
        style = [*_padding(0), ("LINEBELOW", (1, 0), (1, -1), 0.6, SOFT), ("VALIGN", (0, 0), (-1, -1), "BOTTOM")]
        heights = [None if value else 8 * mm for _, value in rows] if isinstance(rows, Sequence) else None
        self._story += [Table(lines, [label, WIDTH - label], heights, style=style), Spacer(0, 1.5 * mm)]

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float]) -> None:
        """A table whose head returns on every page; `widths` are shares of the line."""
        lines = [[plain(each, "head") for each in heads]]
        lines += [[plain(each, "cell") for each in row] for row in rows]
        share = WIDTH / sum(widths)
        style = [
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, SOFT),
            ("LINEBELOW", (0, 1), (-1, -1), 0.3, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            *_padding(0),
        ]
        table = Table(lines, colWidths=[share * each for each in widths], repeatRows=1, style=style)
        self._story += [table, Spacer(0, 1.5 * mm)]

    def ticks(self, texts: Iterable[str]) -> None:
        """Things to tick by hand."""
        lines = [[_Square(), plain(text, "text")] for text in texts]
        style = [("VALIGN", (0, 0), (-1, -1), "TOP"), *_padding(0)]
        self._story.append(Table(lines, colWidths=[7 * mm, WIDTH - 7 * mm], style=style))

    def signatures(self, *names: str) -> None:
        """Lines to sign on, side by side."""
        gap = 10 * mm
        width = (WIDTH - gap * (len(names) - 1)) / len(names)
        cells = [cell for name in names for cell in (plain(name, "label"), "")][:-1]
        widths = [each for _ in names for each in (width, gap)][:-1]
        style = [("LINEBELOW", (each, 1), (each, 1), 0.7, INK) for each in range(0, len(cells), 2)]
        table = Table([cells, [""] * len(cells)], widths, [None, 15 * mm], style=[*style, *_padding(0)])
        self._story.append(KeepTogether([Spacer(0, 3 * mm), table]))

    def picture(self, drawing: Drawing) -> None:
        """A drawing; the text beside it says the same."""
        self._story += [drawing, Spacer(0, 1.5 * mm)]

    # -- the file --------------------------------------------------------------------------------------------

    def pdf(self, *, one_page: bool = False) -> bytes:
        """The file; the same facts give the same bytes. One page that would be two is drawn smaller."""
        made = BytesIO()
        document = BaseDocTemplate(made, pagesize=A4, invariant=1, pageCompression=1)
        document.addPageTemplates(PageTemplate(frames=[Frame(MARGIN, 17 * mm, WIDTH, BODY, 0, 0, 0, 0)]))
        story = [KeepInFrame(WIDTH, BODY - 1, self._story, mode="shrink")] if one_page else self._story
        document.build(story, canvasmaker=lambda *given, **more: _Pages(self._dress, *given, **more))
        return made.getvalue()

    def _dress(self, canvas: Canvas, page: int, pages: int) -> None:
        """Head and foot of one page."""
        practice, audience = self._head.practice, self._head.audience
        name = printable(practice.name) or "Cabinet Sentinel"
        made = dated(self._language, audience.now, audience.zone)
        if page == 1:
            canvas.setTitle(f"{self._kind}, {name}")
            canvas.setAuthor("Cabinet Sentinel")
            canvas.setViewerPreference("DisplayDocTitle", "true")
            canvas.setCatalogEntry("Lang", self._language)
        top, foot = A4[1] - 15 * mm, 10 * mm
        canvas.setFillColor(self._accent)
        canvas.rect(0, A4[1] - 2.2 * mm, A4[0], 2.2 * mm, stroke=0, fill=1)
        _write(canvas, MARGIN, top, _cut(name, BOLD), BOLD, INK)
        _write(canvas, A4[0] - MARGIN, top, self._kind, "Helvetica", SOFT, right=True)
        _write(canvas, MARGIN, foot, self.say("paper.foot", version=self._head.version, made=made))
        numbered = self.say("paper.page", page=str(page), pages=str(pages))
        _write(canvas, A4[0] - MARGIN, foot, numbered, right=True)


def _padding(left: float) -> list[tuple[Any, ...]]:
    everywhere = (0, 0), (-1, -1)
    return [
        ("LEFTPADDING", *everywhere, left),
        ("RIGHTPADDING", *everywhere, 2 * mm),
        ("TOPPADDING", *everywhere, 0.9 * mm),
        ("BOTTOMPADDING", *everywhere, 1.1 * mm),
        ("VALIGN", *everywhere, "TOP"),
    ]


def _cut(text: str, font: str, room: float = 0.55 * WIDTH) -> str:
    """A name that leaves room for what stands beside it."""
    while text and stringWidth(text, font, 8.5) > room:
        text = text[:-2].rstrip() + "…" if not text.endswith("…") else text[:-3].rstrip() + "…"
    return text


def _write(
    canvas: Canvas,
    x: float,
    y: float,
    text: str,
    font: str = "Helvetica",
    colour: Color = SOFT,
    *,
    right: bool = False,
) -> None:
    canvas.setFont(font, 8.5 if y > A4[1] / 2 else 7.5)
    canvas.setFillColor(colour)
    (canvas.drawRightString if right else canvas.drawString)(x, y, printable(text))


class _Square(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A box to tick."""

    def wrap(self, *_: object) -> tuple[float, float]:
        return 3.2 * mm, 3.8 * mm

    def draw(self) -> None:
        self.canv.setStrokeColor(SOFT)
        self.canv.setFillColor(white)
        self.canv.rect(0, 0.2 * mm, 3 * mm, 3 * mm, stroke=1, fill=1)


class _Pages(Canvas):  # type: ignore[misc]  # reportlab has no types
    """Pages that know how many they are: each is dressed when the last has been drawn."""

    def __init__(self, dress: Any, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._dressed_by = dress
        self._drawn: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._drawn.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._drawn, 1):
            self.__dict__.update(page)
            self._dressed_by(self, number, len(self._drawn))
            super().showPage()
        super().save()
