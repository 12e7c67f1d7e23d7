"""The 72 hours of GDPR article 33(1), counted for a doctor who did nothing wrong but has a decision to take.

They run from the moment the oldest alarm was shown behind which somebody came, or could have come unseen in a
limited view, or whose service accepted the echo's own association: then it serves whoever asks, and images that
anybody may read were a breach in 2020 without a proof that anybody had. That is the careful reading, and the
sentence says so. Neither reading the alarm, nor a pulled cable, nor closing the door stops them: only the three
days do.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.incident import Incident
from sentinel.model.verdict import Verdict
from sentinel.text import times
from sentinel.text.points import Audience, Phrase, Record

LASTS = timedelta(hours=72)
STRANGERS = frozenset({Code.STRANGER_CONNECTED, Code.STRANGER_ASSOCIATED, Code.STRANGER_QUERIED, Code.IMAGES_LEFT})
CAME = STRANGERS | {Code.PRIVATE_NETWORK}
"""Alarms behind which somebody was inside."""
QUIETED = frozenset({Code.ALARM_READ, Code.UNPLUGGED})
"""How an alarm is told after somebody has read it."""

Shown = tuple[datetime, datetime | None]
"""When an alarm was shown, and when it was read."""


def deadline(verdict: Verdict, records: Mapping[int, Record], audience: Audience) -> Phrase | None:
    """The clock in words, where it runs."""
    alarms = [*_present(verdict, records), *_ended(verdict, records, audience.now)]
    if not alarms:
        return None
    shown, read = min(alarms, key=lambda each: each[0])
    language, now, zone = audience.language, audience.now, audience.zone
    filled = {
        "shown": times.at(language, shown, now, zone),
        "until": times.at(language, shown + LASTS, now, zone),
        "read_at": times.at(language, read or shown, now, zone),
    }
    return Phrase(key="deadline.read" if read else "deadline", blanks=filled)


def until(known: Record, view: View) -> datetime | None:
    """When the 72 hours of one story end, or ended; None where nothing counts them."""
    shown = _shown(known)
    return shown + LASTS if shown and runs(known.incident.code, known.incident, view) else None


def _present(verdict: Verdict, records: Mapping[int, Record]) -> Iterator[Shown]:
    """The alarms among the reasons, also those that were read or unplugged."""
    for reason in verdict.reasons:
        known = records.get(reason.incident or 0)
        code = known.incident.code if known and reason.code in QUIETED else reason.code
        counts = reason.level is Level.ALARM or reason.code in QUIETED
        if counts and runs(code, known.incident if known else None, verdict.view):
            yield (_shown(known) if known else None) or reason.since.wall, _read(known)


def _ended(verdict: Verdict, records: Mapping[int, Record], now: datetime) -> Iterator[Shown]:
    """The alarms that no reason tells any more, while their three days last."""
    told = {reason.incident for reason in verdict.reasons}
    for number, known in records.items():
        shown = _shown(known)
        if number in told or not shown or now - shown >= LASTS:
            continue
        if runs(known.incident.code, known.incident, verdict.view):
            yield shown, _read(known)


def runs(code: Code, incident: Incident | None, view: View) -> bool:
    """Whether an alarm sets the clock going (GDPR art. 33(1); EDPB guidelines 9/2022 on being aware).

    Somebody came, or could have come unseen, or is served without being asked who he is. An exercise never does;
    nor does an alarm that somebody called a false one, until whoever came comes again: he has decided who it was.
    """
    if code is Code.DRILL or (incident is not None and _is_settled(incident)):
        return False
    return code in CAME or view is View.LIMITED or (incident is not None and incident.asks_nobody)


def _is_settled(incident: Incident) -> bool:
    false, came = incident.false_alarm, incident.last_visit
    return false is not None and (came is None or came.wall <= false.wall)


def _shown(known: Record) -> datetime | None:
    """When the street first signalled it; an older release's rows have only the line of the timeline."""
    return known.incident.shown.wall if known.incident.shown else known.alarmed


def _read(known: Record | None) -> datetime | None:
    return known.incident.read.wall if known and known.incident.read else None
