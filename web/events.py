"""`/incidents/<n>`: one story with facts, route, picture and timeline, and what may be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from sentinel.model.acting import MeasureKind
from sentinel.model.finding import Code, Level, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState, is_late, is_proved_closed
from sentinel.store import reading
from sentinel.store.reading import Reader
from sentinel.text.boxes import known as known_boxes
from sentinel.text.boxes import steps
from sentinel.text.deadline import until
from sentinel.text.points import Phrase, Record, point_of_chapter, record, sentence
from sentinel.text.robots import organisation
from sentinel.text.visitors import visitors
from web.guard import behind_code
from web.pictures import Lanes, Span, ticks, timeline
from web.scene import surroundings
from web.sightings import Sighting, seen, sightings
from web.stories import told
from web.words import t

pages = Blueprint("events", __name__)
LINES = 200
"""Of a timeline, on one page."""
PARTS = 200
"""Of a picture: each tells whether somebody came."""
VISITS = 10
"""The newest; all of them are a link away."""
AROUND = timedelta(hours=1)
"""What was seen from outside so long before and after a story is told with it."""
LATELY = timedelta(days=7)
"""So long a story that ended is still in the casebook."""
OVER = Phrase(key="incident.ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a story's timeline."""

    chapter: Chapter
    said: Phrase
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The three moments of a breach, and until when the CNIL would have to be told; aware."""

    first: datetime
    shown: datetime | None
    read: datetime | None
    until: datetime | None
    """Where the 72 hours run: somebody came, or could have come unseen."""
    over: bool


@pages.get("/incidents/<int(max=999999999):number>")
@behind_code
def incident(number: int) -> ResponseReturnValue:
    """One story."""
    with reading.opened(surroundings().places.store) as reader:
        found, chapters = _story(reader, number)
        visits = reader.visits_of(found, most=VISITS)
        outside = _outside(reader, found)
        span = _span(found)
        product = reader.tallies.box_product()
        came = reader.tallies.visited(found, *span, parts=PARTS)
    known = record(found, chapters)
    lines = _lines(found, chapters)
    return render_template(
        "incident.html",
        told=told(known),
        lines=lines[: -LINES - 1 : -1],
        visitors=list(visitors(found, g.scene.audience)),
        more=max(0, len(lines) - LINES),
        proved=is_proved_closed(chapters),
        visits=visits,
        outside=outside,
        times=_times(known),
        picture=_picture(found, lines, outside, came),
        ticks=ticks(span),
        span=span,
        late=_is_unread(found),
        measures=list(MeasureKind),
        again=_seen_again(found),
        fixes=_fixes(found, product),
        robots={source: organisation(source, found) for source, _ in found.sources},
    )


def _story(reader: Reader, number: int) -> tuple[Incident, list[Chapter]]:
    """From the log; or from the register, which a purge of the log leaves whole."""
    found = reader.incident(number)
    if found is not None:
        return found, reader.chapters(number)
    kept = reader.tallies.kept(number)
    return (kept.incident, list(kept.chapters)) if kept else abort(404)


def _lines(incident: Incident, chapters: list[Chapter]) -> list[Line]:
    """Each chapter with its words and its colour, oldest first."""
    return [
        Line(chapter=chapter, said=OVER, colour=Level.CALM.word)
        if _ends(place, chapter, incident)
        else Line(
            chapter=chapter,
            said=sentence(point_of_chapter(chapter, incident), g.scene.audience),
            colour=_colour(chapter),
        )
        for place, chapter in enumerate(chapters)
    ]


def _ends(place: int, chapter: Chapter, incident: Incident) -> bool:
    """Whether a chapter tells an end under its beginning's code: a part fails and works again by turns."""
    if chapter.code is Code.DOOR_CLOSED:
        return False  # it has words of its own
    if incident.story.kind is StoryKind.CONDITION:
        return place % 2 == 1
    return incident.closed is not None and chapter.at == incident.closed


def _colour(chapter: Chapter) -> str:
    return (Level.CALM if chapter.code is Code.DOOR_CLOSED else chapter.level).word


def _times(known: Record) -> Times:
    """First seen, shown, read; and the clock, where the law may count it (domain 2.1)."""
    incident = known.incident
    ends = until(known, g.scene.verdict.view if g.scene.verdict else g.scene.config.capture.view)
    return Times(
        first=incident.first.wall,
        shown=known.alarmed,
        read=incident.read.wall if incident.read else None,
        until=ends,
        over=ends is not None and ends < g.scene.audience.now,
    )


def _seen_again(incident: Incident) -> bool:
    """After a measure the door was seen open again, by a visitor or a knock."""
    proofs = [each for each in (incident.proved_open, incident.last_visit) if each]
    holds = incident.measure_holds
    return holds is not None and any(each.wall > holds.wall for each in proofs)


def _is_unread(incident: Incident) -> bool:
    """An alarm that ended lately, and that nobody has read: it still may be."""
    if incident.level is not Level.ALARM or incident.read or not incident.closed:
        return False
    return incident.state is IncidentState.CLOSED and g.scene.audience.now - incident.last.wall < LATELY


def _fixes(incident: Incident, product: str | None) -> list[tuple[str, list[str]]]:
    """The sheet of the box, or of every box where none was recognised; nothing where no door is to be closed."""
    if incident.story.kind not in (StoryKind.DOOR, StoryKind.MAPPING) or incident.state is IncidentState.CLOSED:
        return []
    return [(box, steps(box)) for box in known_boxes(product)]


def _outside(reader: Reader, incident: Incident) -> list[Sighting]:
    """What each check said of the public port, newest first."""
    if incident.story.kind is not StoryKind.DOOR or not incident.outside_port:
        return []
    ended = (incident.closed.wall if incident.closed else g.scene.audience.now) + AROUND
    cells = reader.tallies.seen_outside(incident.outside_port, incident.first.wall - AROUND, ended)
    family = incident.story.family
    return sightings([each for each in cells if family in (0, each.family)])


def _span(incident: Incident) -> Span:
    """From the first fact to the end, or to now while the story goes on: nothing of what nobody has seen yet.

    An hour at least, of which the hour before is drawn empty.
    """
    last = incident.closed or incident.last
    ended = last.wall if incident.state is IncidentState.CLOSED else max(g.scene.audience.now, last.wall)
    return min(incident.first.wall, ended - timedelta(hours=1)), ended


def _picture(
    incident: Incident, lines: Sequence[Line], outside: Sequence[Sighting], came: Sequence[bool]
) -> Markup | None:
    """The timeline as a picture; a story without a door has nothing to draw."""
    if incident.story.kind is not StoryKind.DOOR or not lines:
        return None
    deeds = {
        "shown": incident.shown,
        "read": incident.read,
        "measured": incident.measured,
        "closed": incident.closed,
    }
    lanes = Lanes(
        levels=[(each.chapter.at.wall, each.colour) for each in lines if not is_late(each.chapter, incident)],
        outside=[(at, seen(each.verdict)) for each in outside for at in each.times],
        visits=came,
        deeds=[(at.wall, name) for name, at in deeds.items() if at],
    )
    return timeline(lanes, _span(incident), t("picture.story", count=incident.count))
