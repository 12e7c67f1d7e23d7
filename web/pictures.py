"""Pictures as SVG, pure: when things happened on one line of time, and how many in each hour or day.

They carry no words and no style: words stand beside them as HTML, so that they are read on a phone, and by whoever
cannot see; colours are the style sheet's, since the page's policy allows none inline. Each picture is stretched to
the width there is (`preserveAspectRatio="none"`), so it draws nothing but upright bars.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from markupsafe import Markup

from sentinel.model.standing import Standing
from sentinel.store.tallies import Tally

WIDTH = 1000
LANE = 24
"""Height of one lane of a timeline, in the picture's own units."""
THIN = 5
"""Width of one mark."""
TICKS = 5
RANKS = ("note", "calm", "attention", "unsure", "alarm")

Span = tuple[datetime, datetime]
Path = list[tuple[float, float, float, float]]
"""Upright bars: left edge, top, width, height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """What a timeline draws, lane by lane."""

    levels: Sequence[tuple[datetime, str]]
    """From when the story stood at which level, oldest first."""
    outside: Sequence[tuple[datetime, str]]
    """When it was looked at from outside, and what was seen: `open`, `shut` or `doubt`."""
    visits: Sequence[bool]
    """Whether somebody came, in each equal part of the time."""
    deeds: Sequence[tuple[datetime, str]]
    """When somebody did something: `shown`, `read`, `measured`, `closed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """One row of bars: how often something of one kind happened."""

    standing: Standing
    total: int
    most: int
    """The highest bar."""
    most_at: datetime
    svg: Markup


def ticks(span: Span) -> list[datetime]:
    """Moments at equal distances, to write under a picture."""
    began, ended = span
    return [began + (ended - began) * place / (TICKS - 1) for place in range(TICKS)]


def timeline(lanes: Lanes, span: Span, label: str) -> Markup:
    """One story over time: its level, what was seen from outside, who came, what people did."""
    pieces: dict[str, Path] = {}
    for (left, right), level in _bands(lanes.levels, span):
        pieces.setdefault(f"at-{level}", []).append((left, 0, max(right - left, THIN), LANE))
    for at, seen in lanes.outside:
        top = LANE * (1.2 if seen == "open" else 1.65)  # a shut door is a low bar: told by height before colour
        pieces.setdefault(f"seen-{seen}", []).append((_x(at, span), top, THIN, 1.9 * LANE - top))
    step = WIDTH / max(len(lanes.visits), 1)
    for place, came in enumerate(lanes.visits):
        if came:
            pieces.setdefault("visit", []).append((place * step, LANE * 2.2, max(step, THIN), 0.7 * LANE))
    for at, deed in lanes.deeds:
        pieces.setdefault(f"deed deed-{deed}", []).append((_x(at, span), LANE * 3.1, THIN, 0.8 * LANE))
    return _svg(pieces, 4 * LANE, "lanes", label)


def _bands(levels: Sequence[tuple[datetime, str]], span: Span) -> Iterable[tuple[tuple[float, float], str]]:
    """Stretches of one level: a milder fact takes nothing from a story, only its end does."""
    reached = ""
    ends = [*(at for at, _ in levels), span[1]][1:]
    for (at, level), end in zip(levels, ends, strict=True):
        worse = not reached or level == "calm" or RANKS.index(level) > RANKS.index(reached)
        reached = level if worse else reached
        yield (_x(at, span), _x(end, span)), reached


def _x(at: datetime, span: Span) -> float:
    """Where a moment stands, so that a whole mark fits in."""
    began, ended = span
    whole = max(ended - began, timedelta(seconds=1))
    return min(max((at - began) / whole, 0.0), 1.0) * (WIDTH - THIN)


def by_standing(counted: Iterable[Tally], span: Span, zone: tzinfo, *, daily: bool) -> list[Bars]:
    """One row of bars for everybody who came, each on its own scale: one stranger is not lost among thousands."""
    starts = _starts(span, zone, daily=daily)
    heights: dict[Standing, dict[datetime, int]] = {}
    for each in counted:
        row = heights.setdefault(each.standing, {})
        start = _start(each.at, zone, daily=daily)
        row[start] = row.get(start, 0) + each.count
    return [_row(standing, heights[standing], starts) for standing in Standing if standing in heights]


def by_day(counted: Iterable[Tally], zone: tzinfo) -> dict[datetime, Mapping[Standing, int]]:
    """The same as numbers: for each day of the practice's zone who came how often, newest first."""
    days: dict[datetime, dict[Standing, int]] = {}
    for each in counted:
        day = days.setdefault(_start(each.at, zone, daily=True), {})
        day[each.standing] = day.get(each.standing, 0) + each.count
    return dict(sorted(days.items(), reverse=True))


def _start(at: datetime, zone: tzinfo, *, daily: bool) -> datetime:
    local = at.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    return local.replace(hour=0, fold=0) if daily else local


def _starts(span: Span, zone: tzinfo, *, daily: bool) -> list[datetime]:
    """Every hour or day of a time; as hours of UTC first, since a local day may have 23 or 25 of them."""
    began, ended = span
    hours = int((ended - began) / timedelta(hours=1)) + 1
    found = (_start(began + timedelta(hours=place), zone, daily=daily) for place in range(hours))
    return list(dict.fromkeys(found))


def _row(standing: Standing, counts: Mapping[datetime, int], starts: Sequence[datetime]) -> Bars:
    most_at = max(counts, key=lambda at: counts[at])
    most = counts[most_at]
    step = WIDTH / max(len(starts), 1)
    bars = [
        (place * step, 100 - _height(counts[at], most), step * 0.85, _height(counts[at], most))
        for place, at in enumerate(starts)
        if at in counts
    ]
    svg = _svg({f"bar-{standing.value}": bars}, 100, "bars", "")
    return Bars(standing=standing, total=sum(counts.values()), most=most, most_at=most_at, svg=svg)


def _height(count: int, most: int) -> float:
    """One is seen, however many came in another hour."""
    return max(100 * count / most, 8.0)


def _svg(pieces: Mapping[str, Path], height: int, name: str, label: str) -> Markup:
    """One path for each kind of bar: a hundred bars are two kilobytes."""
    paths = Markup("").join(
        Markup('<path class="{}" d="{}"/>').format(kind, "".join(_bar(*each) for each in path))
        for kind, path in pieces.items()
    )
    role = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" {}>{}</svg>').format(
        name, WIDTH, height, role, paths
    )


def _bar(left: float, top: float, width: float, height: float) -> str:
    return f"M{left:.1f} {top:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z"
