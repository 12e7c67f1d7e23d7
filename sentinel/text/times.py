"""Times, durations and sizes as people read them, in the practice's own zone."""

from datetime import date, datetime, timedelta, tzinfo

from babel.dates import format_date, format_timedelta

from sentinel.text.catalogue import LOCALES, number, say

HOURS = {"fr": "%-H\u00a0h\u00a0%M", "en": "%H:%M"}


def hour(language: str, when: datetime, zone: tzinfo) -> str:
    """The time of day: « 8 h 12 », 08:12."""
    return when.astimezone(zone).strftime(HOURS[language])


def day(language: str, when: datetime, now: datetime, zone: tzinfo) -> str:
    """The date in full, its year only where it is not this one: « vendredi 20 novembre »."""
    local = when.astimezone(zone)
    first = "1'er'" if language == "fr" and local.day == 1 else "d"
    year = "" if local.year == now.astimezone(zone).year else " y"
    return str(format_date(local.date(), f"EEEE {first} MMMM{year}", locale=LOCALES[language]))


def at(language: str, when: datetime, now: datetime, zone: tzinfo) -> str:
    """A moment inside a sentence: « à 8 h 12 », « hier à 8 h 12 », « vendredi à 8 h 12 »."""
    return _told("at", language, when, now, zone)


def since(language: str, when: datetime, now: datetime, zone: tzinfo) -> str:
    """A moment after « depuis »: « 8 h 12 », « hier, 8 h 12 », « vendredi, 8 h 12 »."""
    return _told("since", language, when, now, zone)


def _told(form: str, language: str, when: datetime, now: datetime, zone: tzinfo) -> str:
    days = (now.astimezone(zone).date() - when.astimezone(zone).date()).days
    which = {0: "today", 1: "yesterday"}.get(days, "week" if -7 < days < 7 else "date")
    weekday = str(format_date(when.astimezone(zone).date(), "EEEE", locale=LOCALES[language]))
    return say(
        language,
        f"time.{form}.{which}",
        hour=hour(language, when, zone),
        weekday=weekday,
        day=day(language, when, now, zone),
    )


def dated(language: str, when: datetime, zone: tzinfo) -> str:
    """A whole date and hour, for papers, read years later: « vendredi 20 novembre 2026 à 19 h 41 »."""
    local = when.astimezone(zone)
    return say(language, "time.dated", day=whole_day(language, local.date()), hour=hour(language, when, zone))


def whole_day(language: str, when: date) -> str:
    """A date with its year: « vendredi 20 novembre 2026 »."""
    first = "1'er'" if language == "fr" and when.day == 1 else "d"
    return str(format_date(when, f"EEEE {first} MMMM y", locale=LOCALES[language]))


def month(language: str, when: date) -> str:
    """« novembre 2026 »."""
    return str(format_date(when, "MMMM y", locale=LOCALES[language]))


def stamp(language: str, when: datetime, zone: tzinfo) -> str:
    """A moment in a table, to the second: « 23 nov. 2026, 08:12:05 »."""
    local = when.astimezone(zone)
    date = str(format_date(local.date(), "d MMM y", locale=LOCALES[language]))
    return f"{date}, {local:%H:%M:%S}".replace(" ", "\u00a0")


def tick(language: str, when: datetime, zone: tzinfo, *, hours: bool) -> str:
    """A moment under a picture, short: « 23 nov. », « 23 nov., 8 h 12 »."""
    date = str(format_date(when.astimezone(zone).date(), "d MMM", locale=LOCALES[language])).replace(" ", "\u00a0")
    return f"{date}, {hour(language, when, zone)}" if hours else date


def ago(language: str, age: timedelta) -> str:
    """How long ago, to the minute: « il y a 5 minutes »."""
    if age < timedelta(minutes=1):
        return say(language, "time.now")
    locale = LOCALES[language]
    return str(format_timedelta(-age, granularity="minute", threshold=1, add_direction=True, locale=locale))


def lasting(language: str, age: timedelta) -> str:
    """How long something lasts, in its largest unit: « 5 heures »."""
    return str(format_timedelta(age, granularity="minute", threshold=1, locale=LOCALES[language]))


def size(language: str, count: int) -> str:
    """Bytes in the largest unit that leaves two of it or more: « 12 Mo », « 1 400 ko »."""
    for unit, name in ((10**9, "gigabytes"), (10**6, "megabytes"), (10**3, "kilobytes")):
        if count >= 2 * unit:
            return say(language, f"size.{name}", amount=number(language, round(count / unit)))
    return say(language, "size.bytes", count=count)
