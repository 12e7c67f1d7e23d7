"""What was shown on each day that is not told yet: the worst of it, and when the sentinel did not know."""

from collections import deque
from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo

from sentinel.model.finding import Code, Level
from sentinel.model.verdict import Verdict
from sentinel.store.doubts import Doubt

GOES_ON = timedelta(minutes=1)
"""A beat comes each second; after so long without one nobody was there to say it."""
MOST = 5_000
"""Stretches remembered: a day is told before there are so many, unless the clock is not trusted for weeks."""
NO_DOUBT = (Code.STARTING,)
"""What nobody can know yet."""


class Memory:
    """Of the days that are not told; a restart forgets it, and the stories in the store do not."""

    def __init__(self) -> None:
        self._worst: dict[date, Level] = {}
        self._standing: dict[Code, tuple[datetime, datetime]] = {}
        self._over: deque[Doubt] = deque(maxlen=MOST)

    def note(self, verdict: Verdict, now: datetime, zone: tzinfo) -> None:
        """What is shown now; an exercise is nothing."""
        today = now.astimezone(zone).date()
        real = [each for each in verdict.reasons if each.code is not Code.DRILL]
        worst = max((each.level for each in real), default=Level.CALM)
        self._worst[today] = max(worst, self._worst.get(today, Level.NOTE))
        for code in {each.code for each in real if each.level is Level.UNSURE} - {*NO_DOUBT}:
            self._doubt(code, now)

    def _doubt(self, code: Code, now: datetime) -> None:
        begin, end = self._standing.get(code, (now, now))
        if not timedelta(0) <= now - end <= GOES_ON:
            self._over.append((code.value, (begin, end)))
            begin = now
        self._standing[code] = begin, now

    def worst(self, day: date) -> Level:
        """The gravest level of that day."""
        return self._worst.get(day, Level.NOTE)

    def doubts(self) -> Iterable[Doubt]:
        """Every stretch that is remembered."""
        return (*self._over, *((code.value, span) for code, span in self._standing.items()))

    def forget(self, day: date, begins: datetime) -> None:
        """That day is told, and everything before; the next begins at that moment."""
        self._worst = {each: level for each, level in self._worst.items() if each > day}
        self._over = deque((each for each in self._over if each[1][1] > begins), maxlen=MOST)
