"""From what stands and what was told to what is to be told now, and to whom. Pure: time comes with each look.

The rules, and where two of our papers disagree the reason for the choice:

- Red: at once, again after 15 minutes, an hour and four hours, then each morning at eight, until somebody has read
  it. A story that climbs the ladder, or that was read and has gone on, is told at once as if it were new.
- Yellow: once, after it has stood for half an hour (what heals by itself is nobody's business), when the practice
  opens. After that it is the monthly page's; a story that ended and returns within a month is not told again.
- Blue: the design says « after 30 minutes in opening hours », the field study « to nobody after 30 minutes, to the
  technician after four hours, to the practice after a day ». The design comes first: half an hour of opening time
  and the technician is told, who can do something about it; staff has the lamp. At night, at week-ends and on
  holidays no opening time passes, so four hours of any time do as well. The practice is told after a day, in
  opening hours.
- Holidays: the second person is told, who is the technician, under the substitute's phone number; what nobody has
  read for four hours goes to the practice after all.
- Recovery: once, to whom the trouble was told. Blindness must have been over for five minutes.
- A scan is no story here: nothing below attention is ever looked at. Neither is starting, nor the blue of a cable
  that somebody has pulled and said so.
- New stories within a minute are one message, and there are never more than `ear.HOUR` and `ear.DAY` of them; the
  last one says that it is. Yellow and blue stop at half of that: they must not use up what red needs. What was
  held back is told later, in one message.

Durations follow the boot clock, so that a jump of the wall clock tells nothing twice; `restored` begins where the
rows of the store end.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from sentinel.config import Practice
from sentinel.model.finding import Code, Level
from sentinel.model.incident import Incident
from sentinel.model.moment import Moment
from sentinel.model.notice import UNSURE, Notice, NoticeKind, Recipient, Told
from sentinel.model.verdict import Reason, Verdict
from sentinel.signals import hours
from sentinel.signals.ear import HOUR, STEPS, Due, Ear, Stories, is_news, next_time

GATHERS = timedelta(seconds=3)
"""A check finds several doors within a second or two: they are one message."""
BETWEEN = timedelta(minutes=1)
JOINS = timedelta(minutes=10)
"""A repeat due so soon goes with the message that is sent anyway."""
MILD_STANDS = timedelta(minutes=30)
MILD_AGAIN = timedelta(days=30)
BLUE_OPEN = timedelta(minutes=30)
BLUE_ANY = timedelta(hours=4)
BLUE_PRACTICE = timedelta(hours=24)
SEES_STANDS = timedelta(minutes=5)
ESCALATES = timedelta(hours=4)


NO_BLINDNESS = {Code.STARTING, Code.UNPLUGGED, Code.BACKUP_LINE}
"""It does not know yet, or because somebody has pulled a cable and said so, or for a day on the backup line."""


@dataclass(slots=True)
class _Blue:
    """How long the sentinel has not known."""

    since: Moment | None = None
    opened: timedelta = timedelta(0)
    """How much of it was opening time."""
    knows: Moment | None = None
    """Since when it knows again."""


class Schedule:
    """Remembers what was told to whom; each look at a verdict says what is to be told now."""

    def __init__(self) -> None:
        self._ears = {each: Ear() for each in Recipient}
        self._seen: dict[str, Moment] = {}
        """Since when each reason stands without a break, as far as we have looked."""
        self._before: Moment | None = None
        self._blue = _Blue()

    def restored(self, notices: Iterable[Notice]) -> "Schedule":
        """After a restart: what was delivered, or was given up after every try; oldest first."""
        for notice in notices:
            self.note(
                Due(kind=notice.kind, recipient=notice.recipient, told=notice.told),
                notice.due,
            )
        return self

    # -- what was told ---------------------------------------------------------------------------------------

    def note(self, due: Due, at: Moment) -> None:
        """This was told."""
        self._ears[due.recipient].note(due, at)

    # -- what is due -----------------------------------------------------------------------------------------

    def look(
        self,
        verdict: Verdict,
        stories: Stories,
        practice: Practice,
        reached: Iterable[Recipient],
    ) -> list[Due]:
        """What is to be told now to those who can be reached at all; it counts as told from here on."""
        at, found = verdict.at, []
        self._watch(verdict, practice, at)
        able = [each for each in Recipient if each in set(reached)]
        away = hours.on_holiday(practice, at.wall) and Recipient.TECHNICIAN in able
        for recipient in able:
            who = _Who(recipient, practice, spared=away and recipient is Recipient.PRACTICE, alone=len(able) == 1)
            for due in self._one(who, verdict, stories, at):
                self.note(due, at)
                found.append(due)
        return found

    def _watch(self, verdict: Verdict, practice: Practice, at: Moment) -> None:
        """Since when each thing stands."""
        standing = {_about(each) for each in verdict.reasons if each.level >= Level.ATTENTION}
        self._seen = {about: self._seen.get(about, at) for about in standing}
        codes = {each.code for each in verdict.reasons if each.level is Level.UNSURE}
        blue, passed = self._blue, at.since(self._before) if self._before else timedelta(0)
        self._before = at
        if codes - NO_BLINDNESS:
            opened = passed if blue.since and hours.is_open(practice, at.wall) else timedelta(0)
            self._blue = _Blue(since=blue.since or at, opened=blue.opened + opened)
        elif codes:  # it does not know, and nobody has to be told why
            self._blue = _Blue()
        else:
            self._blue = _Blue(knows=blue.knows or at)

    def _one(self, who: "_Who", verdict: Verdict, stories: Stories, at: Moment) -> Iterator[Due]:
        ear = self._ears[who.recipient]
        drills = _drills(ear, verdict)
        if drills:
            yield who.due(NoticeKind.DRILL, drills)
        red = self._red(who, verdict, stories, at)
        if red:
            kind = NoticeKind.ALARM if any(ear.is_new(each) for each in red) else NoticeKind.AGAIN
            yield from _sent(ear.room(who.due(kind, red), HOUR, at))
        for kind, told in (
            (NoticeKind.CLOSED, ear.ended(stories)),
            (NoticeKind.SEES, self._sees(ear, at)),
            (NoticeKind.UNSURE, self._unsure(who, ear, at)),
            (NoticeKind.ATTENTION, self._mild(who, ear, verdict, at)),
        ):
            if told:
                yield from _sent(ear.room(who.due(kind, told), HOUR // 2, at))

    def _red(self, who: "_Who", verdict: Verdict, stories: Stories, at: Moment) -> list[Told]:
        """Alarms that are new or due again; none while more may be gathered into the same message."""
        ear = self._ears[who.recipient]
        fresh: list[Told] = []
        again: list[Told] = []
        for reason in verdict.reasons:
            if reason.level is not Level.ALARM or reason.code is Code.DRILL:
                continue
            told = self._alarm(who, _about(reason), stories.get(reason.incident or 0), at)
            if told:
                (fresh if ear.is_new(told) else again).append(told)
        if fresh and not self._is_gathered(ear, fresh, at):
            fresh = []
        if not fresh and not any(next_time(ear.alarms[each.about], who.practice) <= at.boot for each in again):
            return []
        return fresh + again

    def _alarm(self, who: "_Who", about: str, story: Incident | None, at: Moment) -> Told | None:
        """One alarm, if it is new or may go with a message that is sent now."""
        line = self._ears[who.recipient].alarms.get(about)
        grade = int(story.grade or 0) if story else 0
        if line is None and who.spared and not self._is_unheard(about, at):
            return None
        if line is None or is_news(line, story, at):
            # told late, to the practice on holiday: from here on each morning does
            return Told(about=about, step=len(STEPS) if line is None and who.spared else 0, grade=grade)
        if next_time(line, who.practice) - JOINS <= at.boot:
            return Told(about=about, step=line.step + 1, grade=grade)
        return None

    def _is_unheard(self, about: str, at: Moment) -> bool:
        line = self._ears[Recipient.TECHNICIAN].alarms.get(about)
        return line is not None and at.since(line.began) >= ESCALATES

    def _is_gathered(self, ear: Ear, fresh: list[Told], at: Moment) -> bool:
        waited = max(at.since(self._seen[each.about]) for each in fresh)
        return waited >= GATHERS and (ear.red is None or at.since(ear.red) >= BETWEEN)

    def _mild(self, who: "_Who", ear: Ear, verdict: Verdict, at: Moment) -> list[Told]:
        stand = [
            _about(each)
            for each in verdict.reasons
            if each.level is Level.ATTENTION and each.code is not Code.ALARM_READ
        ]
        found = [
            Told(about=about)
            for about in stand
            if about not in ear.alarms
            and at.since(self._seen[about]) >= MILD_STANDS
            and (about not in ear.mild or self._returned(ear, about, at))
        ]
        return found if found and not who.spared and hours.in_hours(who.practice, at.wall) else []

    def _returned(self, ear: Ear, about: str, at: Moment) -> bool:
        """It was gone after it was told, and that is long ago."""
        told = ear.mild[about]
        return self._seen[about].since(told) > timedelta(0) and at.since(told) > MILD_AGAIN

    def _unsure(self, who: "_Who", ear: Ear, at: Moment) -> list[Told]:
        since = self._blue.since
        if ear.blind or since is None:
            return []
        lasts = at.since(since)
        if who.recipient is Recipient.TECHNICIAN or who.alone:
            due = self._blue.opened >= BLUE_OPEN or lasts >= BLUE_ANY
        else:
            due = lasts >= BLUE_PRACTICE and hours.is_open(who.practice, at.wall)
        return [Told(about=UNSURE)] if due else []

    def _sees(self, ear: Ear, at: Moment) -> list[Told]:
        knows = self._blue.knows
        over = ear.blind and knows is not None and at.since(knows) >= SEES_STANDS
        return [Told(about=UNSURE)] if over else []


@dataclass(frozen=True, slots=True)
class _Who:
    """Whom one look is for."""

    recipient: Recipient
    practice: Practice
    spared: bool
    """On holiday, and the second person is told first."""
    alone: bool
    """There is no second person."""

    def due(self, kind: NoticeKind, told: list[Told]) -> Due:
        return Due(kind=kind, recipient=self.recipient, told=tuple(told))


def _about(reason: Reason) -> str:
    return str(reason.incident) if reason.incident else reason.code.value


def _drills(ear: Ear, verdict: Verdict) -> list[Told]:
    return [
        Told(about=_about(each))
        for each in verdict.reasons
        if each.code is Code.DRILL and each.level is Level.ALARM and _about(each) not in ear.drills
    ]


def _sent(due: Due | None) -> Iterator[Due]:
    if due is not None:
        yield due
