"""The monthly exercise: a story like an alarm's, that says of itself that it is none and excuses nothing.

Its incident is the casebook's like any other, so that lamp, page, notice and « J'ai vu » are the real ones. It
ends when somebody has read it, or after half an hour. Beside a real alarm, or where the sentinel does not know, it
has no colour: the verdict is then what it would be without it.
"""

from dataclasses import replace
from datetime import timedelta

from sentinel.model.acting import Drill
from sentinel.model.finding import Code, Finding, Level, Story, StoryKind
from sentinel.model.verdict import Reason

LASTS = timedelta(minutes=30)
"""Until a drill nobody has read is over, and is recorded as that."""


def begun(drill: Drill) -> Finding:
    """Each exercise is a story of its own, never one of last month's that returns."""
    story = Story(kind=StoryKind.DRILL, about=f"{drill.at.wall:%Y-%m-%dT%H:%M:%S}")
    return Finding(code=Code.DRILL, story=story, level=Level.ALARM, at=drill.at)


def behind(reasons: list[Reason]) -> list[Reason]:
    """The reasons, gravest first, with a drill where it hides nothing."""
    real = [each for each in reasons if each.code is not Code.DRILL]
    drills = [each for each in reasons if each.code is Code.DRILL]
    if any(each.level >= Level.UNSURE for each in real):
        return [*real, *(replace(each, level=Level.NOTE) for each in drills)]
    return [*drills, *real]
