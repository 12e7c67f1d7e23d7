"""A practice's worst week, its month and its papers, for the tests of evidence; and the words of a PDF."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from io import BytesIO
from ipaddress import ip_address
from zoneinfo import ZoneInfo

from pypdf import PdfReader

from sentinel.config import Practice
from sentinel.evidence.facts import (
    Case,
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
    Proof,
    Stretch,
    Visit,
)
from sentinel.model import ledger
from sentinel.model.acting import MeasureKind
from sentinel.model.declared import View
from sentinel.model.exposure import Answer, Application, CellVerdict, Kind, Reach
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.text.points import Audience

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
MAC = "00:11:22:33:44:55"
STRANGER = "198.51.100.23"
PRACTICE = Practice(
    name="Cabinet dentaire du Parc",
    practitioner="Dr Élise Moreau",
    contact="Sophie Martin",
    phone="01 23 45 67 89",
)
HOSTILE = '<b>&</b><img src="http://203.0.113.9/x.png"/><font color="[[[1]]]">x</font>'
"""Markup that a paragraph of reportlab would obey."""


def words(pdf: bytes) -> str:
    """Every word of a PDF, with ordinary spaces, in one line."""
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return " ".join(text.replace("\u00a0", " ").split())


def pages(pdf: bytes) -> int:
    return len(PdfReader(BytesIO(pdf)).pages)


def moment(**before: float) -> Moment:
    wall = NOW - timedelta(**before)
    return Moment(wall=wall, boot=timedelta(days=30) - timedelta(**before))


def head(language: str = "fr", view: View = View.MIRROR, **more: object) -> Letterhead:
    audience = Audience(
        language=language,
        named=True,
        now=NOW,
        zone=ZoneInfo("Europe/Paris"),
        contact="Sophie Martin (01 23 45 67 89)",
        labels={MAC: "RADIO-PC"},
    )
    return replace(Letterhead(practice=PRACTICE, audience=audience, view=view), **more)  # type: ignore[arg-type]


def incident(**more: object) -> Incident:
    """Images left on Saturday, the cable was pulled on Monday, the door was closed on Tuesday."""
    facts: dict[str, object] = {
        "number": 12,
        "story": Story(kind=StoryKind.DOOR, about=MAC, port=4242, family=4),
        "code": Code.IMAGES_LEFT,
        "level": Level.ALARM,
        "grade": Grade.IMAGES_LEFT,
        "state": IncidentState.CLOSED,
        "first": moment(days=5, hours=14),
        "last": moment(days=2),
        "closed": moment(days=2),
        "machine": ip_address("192.168.77.20"),
        "mac": MAC,
        "port": 4242,
        "outside_port": 11112,
        "count": 412,
        "sources": ((STRANGER, 380), ("203.0.113.9", 32)),
        "calling": "FINDSCU",
        "bytes_out": 12_400_000,
        "read": moment(days=3, hours=1),
        "read_by": "Élise",
        "shown": moment(days=5, hours=13, minutes=58),
        "installation": True,
        "measured": moment(days=3),
        "measure": MeasureKind.MACHINE_UNPLUGGED,
        "measured_by": "Sophie Martin",
    }
    return Incident(**{**facts, **more})  # type: ignore[arg-type]


OPEN = {
    "state": IncidentState.OPEN,
    "closed": None,
    "read": None,
    "read_by": None,
    "measured": None,
    "measure": None,
}


def chapter(code: Code, level: Level, **before_or_more: object) -> Chapter:
    more = {name: value for name, value in before_or_more.items() if name not in ("days", "hours", "minutes")}
    before = {name: value for name, value in before_or_more.items() if name not in more}
    return Chapter(incident=12, code=code, grade=None, level=level, at=moment(**before), **more)  # type: ignore[arg-type]


def chapters() -> tuple[Chapter, ...]:
    stranger = ip_address(STRANGER)
    return (
        chapter(Code.DOOR_REACHABLE, Level.ALARM, days=5, hours=14),
        chapter(Code.STRANGER_ASSOCIATED, Level.ALARM, days=4, hours=20, source=stranger, calling="FINDSCU"),
        chapter(Code.IMAGES_LEFT, Level.ALARM, days=4, hours=19, source=stranger, calling="FINDSCU"),
        chapter(Code.ALARM_READ, Level.ALARM, days=3, hours=1, who="Élise"),
        chapter(Code.DOOR_CLOSED, Level.CALM, days=2),
    )


def proof(hours: int, reach: Reach = Reach.OPEN) -> Proof:
    is_open = reach is Reach.OPEN
    return Proof(
        check=f"chk{hours:03d}",
        echo="echo.example.net",
        family=4,
        at=NOW - timedelta(days=5, hours=14) + timedelta(hours=hours),
        address="25.0.0.2",
        port=11112,
        reach=reach,
        verdict=CellVerdict.EXPOSED if is_open else CellVerdict.NOT_SEEN,
        app=Application(kind=Kind.DICOM, answer=Answer.ACCEPTED) if is_open else None,
    )


def visit(minutes: int, **more: object) -> Visit:
    opened = NOW - timedelta(days=4, hours=20) + timedelta(minutes=minutes)
    facts: dict[str, object] = {
        "opened": opened,
        "changed": opened + timedelta(seconds=4),
        "source": STRANGER,
        "source_port": 40_000 + minutes,
        "target": "192.168.77.20",
        "target_port": 4242,
        "standing": "stranger",
        "state": "closed",
        "bytes_in": 512,
        "bytes_out": 31_000,
        "called": "ANY-SCP",
        "calling": "FINDSCU",
        "association": "accepted",
        "request": "whole",
    }
    return Visit(**{**facts, **more})  # type: ignore[arg-type]


def case(language: str = "fr", view: View = View.MIRROR, **more: object) -> Case:
    facts: dict[str, object] = {
        "head": head(language, view),
        "incident": incident(),
        "chapters": chapters(),
        "proofs": (
            *(proof(hours) for hours in range(0, 80, 6)),
            *(proof(hours, Reach.FILTERED) for hours in (86, 92)),
        ),
        "visits": tuple(visit(minutes) for minutes in range(0, 120, 2)),
        "visits_in_all": 412,
        "summed": 37,
        "installed": NOW - timedelta(days=6),
        "scanners": {"203.0.113.9": "Censys"},
    }
    return Case(**{**facts, **more})  # type: ignore[arg-type]


def open_case(language: str = "fr", view: View = View.MIRROR, **more: object) -> Case:
    return case(language, view, incident=incident(**{**OPEN, **more}), chapters=chapters()[:3])


def told(day: date, *gaps: ledger.Gap) -> ledger.Day:
    return ledger.Day(day=day, complete={4: 24, 6: 24}, gaps=gaps)


def month_days(*, lost: bool) -> tuple[Day, ...]:
    """Installed on the 3rd, made on the 26th; with `lost` a day with a gap and two the sentinel was off."""
    noon = datetime(2026, 11, 9, 11, tzinfo=UTC)
    gap = ledger.Gap(family=6, begin=noon, end=noon + timedelta(hours=6), why="no_route")
    days = []
    for number in range(1, 31):
        day = date(2026, 11, number)
        known = None if lost and number in (14, 15) else told(day, *([gap] if lost and number == 9 else []))
        is_over = number < 26
        days.append(
            Day(date=day, told=known if number > 2 and is_over else None, installed=number > 2, over=is_over)
        )
    return tuple(days)


MACHINES = tuple(
    MachineLine(name=name, address=f"192.168.77.{number}", watched=name != "Imprimante")
    for number, name in enumerate(("RADIO-PC", "PANORAMIQUE", "Accueil", "Imprimante"), 20)
)
OFF = Stretch(
    begins=datetime(2026, 11, 13, 19, 30, tzinfo=UTC), ends=datetime(2026, 11, 16, 7, tzinfo=UTC), why="off"
)
CLOSED = DoorLine(
    number=12,
    code=Code.IMAGES_LEFT,
    machine="RADIO-PC",
    port=4242,
    opened=NOW - timedelta(days=5),
    closed=NOW - timedelta(days=2),
    proved=True,
)
STILL_OPEN = replace(
    CLOSED, number=14, code=Code.DOOR_REACHABLE, machine="NAS", port=5000, closed=None, proved=False
)
DRILL = DrillLine(
    at=datetime(2026, 11, 3, 12, tzinfo=UTC), read=datetime(2026, 11, 3, 12, 4, tzinfo=UTC), read_by="Élise"
)


def month(language: str = "fr", view: View = View.MIRROR, **more: object) -> Month:
    facts: dict[str, object] = {
        "head": head(language, view),
        "first": date(2026, 11, 1),
        "days": month_days(lost=False),
        "gaps": (),
        "checks": 184,
        "doors": 48,
        "stories": (),
        "drills": (DRILL,),
        "repelled": 12_400,
        "answered": 0,
        "machines": MACHINES,
    }
    return Month(**{**facts, **more})  # type: ignore[arg-type]


def checked(family: int = 4) -> Checked:
    address = "25.0.0.2" if family == 4 else "2a00:25::2"
    return Checked(
        echo="echo.example.net", family=family, at=NOW - timedelta(minutes=8), tested=48, address=address
    )


def installation(language: str = "fr", view: View = View.MIRROR, **more: object) -> Installation:
    facts: dict[str, object] = {
        "head": head(language, view),
        "who": "Sophie Martin",
        "checks": (checked(4), checked(6)),
        "machines": MACHINES,
        "left": (
            DoorLeft(
                machine="NAS", port=1194, source="", until=date(2027, 3, 2), who="Dr Moreau", why="VPN du cabinet"
            ),
        ),
        "open_stories": (),
        "drills": (DRILL,),
        "fingerprint": ":".join(["AB", "12"] * 16),
        "stored_months": 6,
    }
    return Installation(**{**facts, **more})  # type: ignore[arg-type]


def closing(language: str = "fr", **more: object) -> Closing:
    facts: dict[str, object] = {
        "head": head(language),
        "who": "Dr Moreau",
        "installed": NOW - timedelta(days=420),
        "checks": 5040,
        "days": 412,
        "incidents": 31,
        "alarms": 2,
        "still_open": 0,
        "registered": 2,
        "papers": 15,
        "entries": 812,
        "head_hash": "9f" * 32,
        "anchored": NOW - timedelta(hours=2),
    }
    return Closing(**{**facts, **more})  # type: ignore[arg-type]


@cache
def dossier_words(language: str = "fr") -> str:
    """The dossier of the worst week; drawn once."""
    from sentinel.evidence.dossier import dossier

    return words(dossier(case(language)))
