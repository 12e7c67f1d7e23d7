"""The 72 hours of GDPR article 33(1), counted for a doctor who did nothing wrong but has a decision to take.

They run from the moment the oldest alarm was shown behind which somebody came, or could have come unseen in a
limited view, or whose service accepted the echo's own association: then it serves whoever asks, and images that
anybody may read were a breach in 2020 without a proof that anybody had. That is the careful reading, and the
sentence says so. Neither reading the alarm, nor a pulled cable, nor closing the door stops them: only the three
days do.
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
    return shown + LASTS if shown and _matters(known.incident.code, known, view) else None


def _present(verdict: Verdict, records: Mapping[int, Record]) -> Iterator[Shown]:
    """The alarms among the reasons, also those that were read or unplugged."""
    for reason in verdict.reasons:
        known = records.get(reason.incident or 0)
        code = known.incident.code if known and reason.code in QUIETED else reason.code
        counts = reason.level is Level.ALARM or reason.code in QUIETED
        if counts and _matters(code, known, verdict.view):
            yield (_shown(known) if known else None) or reason.since.wall, _read(known)


def _ended(verdict: Verdict, records: Mapping[int, Record], now: datetime) -> Iterator[Shown]:
    """The alarms that no reason tells any more, while their three days last."""
    told = {reason.incident for reason in verdict.reasons}
    for number, known in records.items():
        shown = _shown(known)
        if (
            number not in told
            and shown
            and now - shown < LASTS
            and _matters(known.incident.code, known, verdict.view)
        ):
            yield shown, _read(known)


def _matters(code: Code, known: Record | None, view: View) -> bool:
    """Somebody came, could have come unseen, or is served without being asked who he is (domain.md 2.1).

    An exercise is none of these.
    """
    if code is Code.DRILL:
        return False
    return code in CAME or view is View.LIMITED or (known is not None and known.incident.asks_nobody)


def _shown(known: Record) -> datetime | None:
    """When the street first signalled it; an older release's rows have only the line of the timeline."""
    return known.incident.shown.wall if known.incident.shown else known.alarmed


def _read(known: Record | None) -> datetime | None:
    return known.incident.read.wall if known and known.incident.read else None
