"""The 72 hours of GDPR article 33(1), counted for a doctor who did nothing wrong but has a decision to take.

They run from the oldest alarm behind which somebody came, or, in a limited view, could have come unseen. Neither
reading the alarm nor closing the door stops them: only the three days do.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from sentinel.model.finding import Code, Level
from sentinel.model.verdict import Verdict, View
from sentinel.text import times
from sentinel.text.points import Audience, Phrase, Record

LASTS = timedelta(hours=72)
STRANGERS = frozenset({Code.STRANGER_CONNECTED, Code.STRANGER_ASSOCIATED, Code.STRANGER_QUERIED, Code.IMAGES_LEFT})
CAME = STRANGERS | {Code.PRIVATE_NETWORK}
"""Alarms behind which somebody was inside."""

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


def _present(verdict: Verdict, records: Mapping[int, Record]) -> Iterator[Shown]:
    """The alarms among the reasons, those that were read with them."""
    for reason in verdict.reasons:
        known = records.get(reason.incident or 0)
        code = known.incident.code if known and reason.code is Code.ALARM_READ else reason.code
        counts = reason.level is Level.ALARM or reason.code is Code.ALARM_READ
        if counts and _matters(code, verdict):
            yield (known and known.alarmed) or reason.since.wall, _read(known)


def _ended(verdict: Verdict, records: Mapping[int, Record], now: datetime) -> Iterator[Shown]:
    """The alarms that no reason tells any more, while their three days last."""
    told = {reason.incident for reason in verdict.reasons}
    for number, known in records.items():
        alarmed = known.alarmed
        if number not in told and alarmed and now - alarmed < LASTS and _matters(known.incident.code, verdict):
            yield alarmed, _read(known)


def _matters(code: Code, verdict: Verdict) -> bool:
    """In a limited view somebody could have come by any door; an exercise is none."""
    return code in CAME or (verdict.view is View.LIMITED and code is not Code.DRILL)


def _read(known: Record | None) -> datetime | None:
    return known.incident.read.wall if known and known.incident.read else None
