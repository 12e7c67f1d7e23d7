"""An incident's timeline as one drawing: what was seen from outside, who came, and what people did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from reportlab.graphics.shapes import Circle, Drawing, Group, Line, Rect, String
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.units import mm

from sentinel.evidence.ink import GROUND, INK, LINE, SOFT, WIDTH, printable

LEFT = 34 * mm
"""Room for the names of the lanes."""
HEIGHT, LANE, TOP = 47 * mm, 13 * mm, 40 * mm
BARS = 60
RED, GREEN, PALE, BLUE = HexColor("#b3201a"), HexColor("#1f7a43"), HexColor("#f6dcda"), HexColor("#8a949f")
STEPS = tuple(
    timedelta(minutes=each)
    for each in (
        1,
        5,
        15,
        30,
        60,
        180,
        360,
        720,
        1440,
        2880,
        7 * 1440,
        14 * 1440,
        30 * 1440,
        90 * 1440,
        365 * 1440,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened at one moment; the number is that of the text beside the picture."""

    at: datetime
    number: int
    colour: Color = INK


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is drawn."""

    names: tuple[str, str, str]
    """Of the three lanes: seen from outside, who came, what happened."""
    begins: datetime
    ends: datetime | None
    """None: it goes on."""
    made: datetime
    seen: Sequence[tuple[datetime, bool]]
    """Checks from outside, and whether the door was open."""
    visits: Sequence[datetime]
    marks: Sequence[Mark]
    zone: tzinfo
    day: str = "%d/%m"


def timeline(scene: Scene) -> Drawing:
    """The drawing, as wide as the page's text."""
    drawing = Drawing(WIDTH, HEIGHT)
    axis = _Axis(scene)
    drawing.add(_band(scene, axis))
    for place, name in enumerate(scene.names):
        y = TOP - place * LANE
        drawing.add(String(0, y - 3, printable(name), fontName="Helvetica", fontSize=8, fillColor=SOFT))
        drawing.add(Line(LEFT, y - LANE / 2, WIDTH, y - LANE / 2, strokeColor=LINE, strokeWidth=0.4))
    drawing.add(_seen(scene, axis))
    drawing.add(_visits(scene, axis))
    drawing.add(_marks(scene, axis))
    drawing.add(_ticks(scene, axis))
    return drawing


class _Axis:
    """Time to millimetres, with a little air at both ends."""

    def __init__(self, scene: Scene) -> None:
        moments = [scene.begins, scene.ends or scene.made, *(mark.at for mark in scene.marks)]
        moments += [at for at, _ in scene.seen] + list(scene.visits)
        span = max(max(moments) - min(moments), timedelta(minutes=4))
        self.begins, self.ends = min(moments) - span / 25, max(moments) + span / 25
        self.span = self.ends - self.begins

    def x(self, when: datetime) -> float:
        inside = min(max((when - self.begins) / self.span, 0.0), 1.0)
        return float(LEFT + inside * (WIDTH - LEFT))


def _band(scene: Scene, axis: _Axis) -> Group:
    """From the first sight to the end: what goes on reaches the present."""
    begins, ends = axis.x(scene.begins), axis.x(scene.ends or scene.made)
    low = TOP - 2.5 * LANE
    group = Group(Rect(LEFT, low, WIDTH - LEFT, 3 * LANE, fillColor=GROUND, strokeColor=None))
    group.add(Rect(begins, low, max(ends - begins, 1), 3 * LANE, fillColor=PALE, strokeColor=None))
    return group


def _seen(scene: Scene, axis: _Axis) -> Group:
    """A filled red dot: open; a green ring: closed. Told by form as well as by colour; what would lie on another
    of its kind is drawn once."""
    group, drawn = Group(), set()
    for at, is_open in scene.seen:
        place = (round(axis.x(at)), is_open)
        if place not in drawn:
            drawn.add(place)
            fill, edge = (RED, RED) if is_open else (white, GREEN)
            group.add(Circle(place[0], TOP, 2.6, fillColor=fill, strokeColor=edge, strokeWidth=1.2))
    return group


def _visits(scene: Scene, axis: _Axis) -> Group:
    """How many came, by bars of equal time."""
    counts = [0] * BARS
    for at in scene.visits:
        counts[min(int((at - axis.begins) / axis.span * BARS), BARS - 1)] += 1
    most, width, foot = max(counts) or 1, (WIDTH - LEFT) / BARS, TOP - LANE - LANE / 2
    bars = [
        Rect(
            LEFT + n * width + 0.4,
            foot,
            width - 0.8,
            max(1.5, 0.8 * LANE * count / most),
            fillColor=RED,
            strokeColor=None,
        )
        for n, count in enumerate(counts)
        if count
    ]
    return Group(*bars)


def _marks(scene: Scene, axis: _Axis) -> Group:
    """Numbers in circles; those too near to be read beside each other are stacked on two heights."""
    group, last, up = Group(), -100.0, False
    for mark in sorted(scene.marks, key=lambda each: each.at):
        x = axis.x(mark.at)
        up = not up if x - last < 11 else False
        last = x
        y = TOP - 2 * LANE + (4.2 if up else -4.2)
        group.add(Line(x, TOP - 2.5 * LANE, x, TOP + LANE / 2, strokeColor=mark.colour, strokeWidth=0.35))
        group.add(Circle(x, y, 5, fillColor=mark.colour, strokeColor=white, strokeWidth=0.8))
        number = String(x, y - 2.4, str(mark.number), fontName="Helvetica-Bold", fontSize=6.8, textAnchor="middle")
        number.fillColor = white
        group.add(number)
    return group


def _ticks(scene: Scene, axis: _Axis) -> Group:
    """Three to seven round moments under the picture, each with its hour or its day."""
    step = next((each for each in STEPS if axis.span / each <= 6), axis.span)
    group, low = Group(), TOP - 2.5 * LANE
    local = axis.begins.astimezone(scene.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    tick = midnight + step * int((local - midnight) / step) + step
    while tick < axis.ends.astimezone(scene.zone):
        x = axis.x(tick)
        group.add(Line(x, low, x, low - 2.5, strokeColor=BLUE, strokeWidth=0.6))
        words = tick.strftime(scene.day if step >= timedelta(days=1) else f"{scene.day} %H:%M")
        group.add(
            String(x, low - 11, words, fontName="Helvetica", fontSize=7, textAnchor="middle", fillColor=SOFT)
        )
        tick += step
    return group
