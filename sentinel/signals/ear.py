"""What one recipient was told, and which alarms are therefore due again. Pure."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sentinel.config import Practice
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.notice import NoticeKind, Recipient, Told
from sentinel.signals import hours

STEPS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
"""After the first message; then each morning."""
FLAPS = timedelta(hours=1)
"""A story that ended and returns within this goes on where its repeats were."""
HOUR, DAY = 6, 12
"""Messages to one recipient."""
MOST = 2000
"""Stories remembered; the casebook has no more at once."""

Stories = Mapping[int, Incident]
"""The casebook's incidents by number, those that ended lately with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One message to send now."""

    kind: NoticeKind
    recipient: Recipient
    told: tuple[Told, ...]
    last: bool = False
    """The most that may be sent is reached by it."""


@dataclass(slots=True)
class Line:
    """What one recipient was told of one alarm."""

    step: int
    grade: int
    began: Moment
    at: Moment
    over: bool = False


@dataclass(slots=True)
class Ear:
    """One recipient, and everything that was ever told to it and still matters."""

    alarms: dict[str, Line] = field(default_factory=dict)
    mild: dict[str, Moment] = field(default_factory=dict)
    blind: bool = False
    drills: set[str] = field(default_factory=set)
    sent: deque[Moment] = field(default_factory=lambda: deque(maxlen=DAY))
    """The last messages that count against the most."""
    red: Moment | None = None
    """The last message about a new alarm."""

    def note(self, due: Due, at: Moment) -> None:
        """This was told; an exercise or a test counts for nothing but itself."""
        if due.kind is NoticeKind.DRILL:
            self.drills.update(each.about for each in due.told)
        if due.kind in (NoticeKind.DRILL, NoticeKind.TEST):
            return
        self.sent.append(at)
        if due.kind in (NoticeKind.UNSURE, NoticeKind.SEES):
            self.blind = due.kind is NoticeKind.UNSURE
        for told in due.told:
            self._note(due.kind, told, at)

    def is_new(self, told: Told) -> bool:
        """An alarm this recipient has not heard of, or not as it is now."""
        return told.step == 0 or told.about not in self.alarms

    def _note(self, kind: NoticeKind, told: Told, at: Moment) -> None:
        if kind in (NoticeKind.ALARM, NoticeKind.AGAIN):
            line = self.alarms.pop(told.about, None)
            began = at if told.step == 0 or line is None else line.began
            self.alarms[told.about] = Line(step=told.step, grade=told.grade, began=began, at=at)
            if told.step == 0 or line is None:
                self.red = at
        elif kind is NoticeKind.CLOSED and told.about in self.alarms:
            self.alarms[told.about].over = True
        elif kind is NoticeKind.ATTENTION:
            self.mild[told.about] = at
        for memory in (self.alarms, self.mild):
            while len(memory) > MOST:
                del memory[next(iter(memory))]

    def ended(self, stories: Stories) -> list[Told]:
        """Alarms that were told and are over."""
        told = [about for about, line in self.alarms.items() if not line.over and about.isdecimal()]
        found = {about: stories.get(int(about)) for about in told}
        return [Told(about=about) for about, each in found.items() if each and each.state is IncidentState.CLOSED]

    def room(self, due: Due, most: int, at: Moment) -> Due | None:
        """The message, unless there were enough of them; the last one that may be is marked.

        `most`: in an hour; twice as many in a day.
        """
        ages = [at.since(sent) for sent in self.sent]
        hourly, daily = (sum(age < span for age in ages) for span in (timedelta(hours=1), timedelta(days=1)))
        if hourly >= most or daily >= most * DAY // HOUR:
            return None
        return replace(due, last=hourly + 1 == most or daily + 1 == most * DAY // HOUR)


def is_news(line: Line, story: Incident | None, at: Moment) -> bool:
    """An alarm that was told and is another one now: graver, read and gone on, or back after it had ended."""
    grade = int(story.grade or 0) if story else 0
    went_on = story is not None and story.read is not None and story.read.since(line.at) > timedelta(0)
    return grade > line.grade or went_on or (line.over and at.since(line.at) > FLAPS)


def next_time(line: Line, practice: Practice) -> timedelta:
    """When an alarm is due again, by the boot clock."""
    if line.step < len(STEPS):
        return line.began.boot + STEPS[line.step]
    return line.at.boot + hours.until_morning(practice, line.at.wall)
