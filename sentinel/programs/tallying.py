"""What the store holds of a month, of an installation and of a whole life, as the plain values of their papers."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from sentinel.accepting import last_day
from sentinel.certificate import fingerprint
from sentinel.config import Config
from sentinel.evidence.facts import (
    Checked,
    Closing,
    Day,
    DoorLeft,
    DoorLine,
    DrillLine,
    Installation,
    Letterhead,
    MachineLine,
    Month,
    Stretch,
)
from sentinel.model import ledger
from sentinel.model.incident import Incident, IncidentState, is_proved_closed
from sentinel.places import Places
from sentinel.store.holdings import Machine
from sentinel.store.reading import Reader
from sentinel.text.points import machine_name, point_of_incident, record

AWAKE = timedelta(days=2)
"""Machines that a certificate names were heard this lately: all of them were on, somebody declared."""
APART = timedelta(minutes=15)
"""Two stretches for one reason with less between them are one to people."""
NO_HASH = "0" * 64


def month(reader: Reader, head: Letterhead, first: date) -> Month:
    """One month, as the journal tells its days."""
    last = next_month(first) - timedelta(days=1)
    begins, ends = _midnight(head, first), _midnight(head, last + timedelta(days=1))
    told = {each.day: each for each in reader.days(first, last)}
    days = tuple(_day(reader, head, first + timedelta(days=n), told) for n in range((last - first).days + 1))
    held = reader.holdings
    checks, doors = held.complete(begins, ends)
    repelled, answered = held.attempts(begins, ends)
    return Month(
        head=head,
        first=first,
        days=days,
        gaps=tuple(_gaps(days, head)),
        checks=checks,
        doors=doors,
        stories=tuple(_line(reader, head, each) for each in held.doors(begins, ends)),
        drills=tuple(_drill(each) for each in held.drills(begins, ends)),
        repelled=repelled,
        answered=answered,
        machines=_machines(held.machines(begins), head, _box(reader)),
        updates=tuple(held.updates(begins, ends)),
        shared=tuple(held.shared(begins, ends)),
    )


def installation(reader: Reader, head: Letterhead, config: Config, places: Places, who: str) -> Installation:
    """What is true at this moment."""
    now, held = head.audience.now, reader.holdings
    still = (each for each in held.doors(now, now) if each.state is not IncidentState.CLOSED)
    return Installation(
        head=head,
        who=who,
        checks=tuple(
            Checked(echo=each.host, family=each.family, at=each.at, tested=each.tested, address=each.address or "")
            for each in held.last_complete()
        ),
        machines=_machines(held.machines(now - AWAKE), head, _box(reader)),
        left=tuple(_left(reader, head)),
        open_stories=tuple(_line(reader, head, each) for each in still),
        alarms=tuple(_line(reader, head, each) for each in held.other_alarms()),
        drills=tuple(_drill(each) for each in held.drills(now - timedelta(days=30), now)),
        fingerprint=fingerprint(places.certificate),
        stored_months=config.store.months,
    )


def closing(reader: Reader, head: Letterhead, who: str) -> Closing:
    """A whole life in numbers."""
    held, count = reader.holdings, reader.holdings.count()
    installed, journal = held.installed(), reader.head()
    checks, _ = held.complete(installed or head.audience.now, head.audience.now)
    return Closing(
        head=head,
        who=who,
        installed=installed,
        checks=checks,
        days=held.proved_days(),
        incidents=count.incidents,
        alarms=count.alarms,
        still_open=count.still_open,
        registered=count.registered,
        papers=count.papers,
        entries=count.entries,
        head_hash="" if journal == NO_HASH else journal,
        anchored=held.anchored(),
    )


def next_month(first: date) -> date:
    """The first day of the month after."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def _midnight(head: Letterhead, day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=head.audience.zone)


# -- days and their gaps ---------------------------------------------------------------------------------------


def _day(reader: Reader, head: Letterhead, day: date, told: dict[date, ledger.Day]) -> Day:
    installed, today = reader.holdings.installed(), head.audience.now.astimezone(head.audience.zone).date()
    there = installed is not None and installed.astimezone(head.audience.zone).date() <= day
    return Day(date=day, told=told.get(day), installed=there, over=day < today)


def _gaps(days: Iterable[Day], head: Letterhead) -> list[Stretch]:
    """Longest first. A day the journal tells nothing of is one long gap: nobody was there to tell."""
    found: list[Stretch] = []
    for day in days:
        if day.counts and day.told is None:
            begins = _midnight(head, day.date)
            found.append(Stretch(begins=begins, ends=_midnight(head, day.date + timedelta(days=1)), why="off"))
        elif day.told is not None:
            found += [Stretch(begins=each.begin, ends=each.end, why=each.why) for each in day.told.gaps]
    return sorted(_joined(found), key=lambda each: each.begins - each.ends)


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    """Midnight ends no gap, and two families without a line are one line that was down."""
    joined: list[Stretch] = []
    for each in sorted(stretches, key=lambda each: (each.why, each.begins)):
        last = joined[-1] if joined else None
        if last and last.why == each.why and each.begins - last.ends < APART:
            joined[-1] = replace(last, ends=max(last.ends, each.ends))
        else:
            joined.append(each)
    return joined


# -- lines of the lists ----------------------------------------------------------------------------------------


def _line(reader: Reader, head: Letterhead, incident: Incident) -> DoorLine:
    chapters = reader.chapters(incident.number)
    return DoorLine(
        number=incident.number,
        code=incident.code,
        machine=machine_name(point_of_incident(record(incident, chapters)), head.audience),
        port=incident.port or incident.outside_port,
        opened=incident.first.wall,
        closed=incident.closed.wall if incident.closed else None,
        proved=is_proved_closed(chapters),
    )


def _drill(told: tuple[datetime, datetime | None, str]) -> DrillLine:
    at, read, who = told
    return DrillLine(at=at, read=read, read_by=who)


def _machines(machines: Iterable[Machine], head: Letterhead, box: str) -> tuple[MachineLine, ...]:
    """Those with a name first, by name; the others by their address; the box is not one of them."""
    labels = head.audience.labels
    lines = [
        MachineLine(name=labels.get(each.mac.lower(), each.address), address=each.address, watched=each.passes)
        for each in machines
        if each.mac != box
    ]
    return tuple(sorted(lines, key=lambda line: (line.name == line.address, line.name.casefold())))


def _box(reader: Reader) -> str:
    """The box's hardware address, where it was read."""
    box = reader.box()
    return reader.macs().get(str(box.gateway), "") if box else ""


def _left(reader: Reader, head: Letterhead) -> Iterable[DoorLeft]:
    """Doors accepted on the page and in the file, those that end first before the others."""
    labels, zone = head.audience.labels, head.audience.zone
    return [
        DoorLeft(
            machine=labels.get(each.machine.lower(), each.machine),
            port=each.port,
            source=each.source,
            until=last_day(each.until, zone),
            window=each.until if each.window else None,
            who=each.who,
            why=each.why,
        )
        for each in reader.holdings.accepted(head.audience.now)
    ]
