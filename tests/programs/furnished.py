"""A store with a worst day in it, for the programs that make papers."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sentinel import codec
from sentinel.config import Config, Page, Practice
from sentinel.model.acting import Acceptance
from sentinel.model.exposure import Answer, Application, Kind, Outcome, Reach
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import Chapter, IncidentState
from sentinel.model.ledger import Day, EntryKind
from sentinel.model.standing import Standing
from sentinel.places import Places
from sentinel.store.archive import Archive
from tests.builders import (
    IMAGING_MAC,
    PATIENT,
    START,
    STRANGER,
    WORKSTATION,
    WORKSTATION_MAC,
    attempts,
    connection,
    dicom,
    exposure,
    incident,
    moment,
    outcome,
    sighting,
)

DAY = 86_400.0
CONFIG = Config(
    practice=Practice(
        name="Cabinet du Parc", practitioner="Dr Moreau", contact="Sophie Martin", phone="01 23 45 67 89"
    ),
    labels={IMAGING_MAC: "RADIO-PC"},
    page=Page(code="3141-5926"),
)
VPN = Acceptance(
    number=1,
    machine=WORKSTATION_MAC,
    port=1194,
    until=datetime(2026, 9, 1, 22, tzinfo=UTC),
    who="Dr Moreau",
    why="VPN",
    at=moment(),
    from_file=True,
)
"""As `watch` keeps a door of `sentinel.toml`: until the end of the 1st of September, in Paris."""
NOW = START + timedelta(days=3)
"""A Thursday, three days after the story began."""


@contextmanager
def writing(places: Places) -> Iterator[Archive]:
    """The store, open for writing; what was put is on disk afterwards."""
    with closing(Archive(places.store, "boot-1")) as archive:
        yield archive
        archive.commit()


def furnished(folder: Path) -> Places:
    """Installed on Sunday; an open door on Monday, images left; closed on Wednesday; two days are told."""
    places = Places(lasting=folder / "var", passing=folder / "var/run")
    places.make()
    with writing(places) as archive:
        archive.tell(EntryKind.STARTED, moment(-DAY), version="0", key="own-key")
        archive.begin_run("run", moment(-DAY))
        _story(archive)
        _checks(archive)
        _days(archive)
        archive.acceptance(VPN)
        archive.sighting(sighting(moment(3600)))
        archive.sighting(sighting(moment(3600), mac=WORKSTATION_MAC, address=WORKSTATION))
    return places


def _story(archive: Archive) -> None:
    facts = {"outside_port": 11112, "code": Code.IMAGES_LEFT, "grade": Grade.IMAGES_LEFT, "bytes_out": 4_000_000}
    told = incident(7, shown=moment(2), installation=True, count=3, calling="ZZSTRANGER", **facts)
    closed = {"state": IncidentState.CLOSED, "closed": moment(2 * DAY), "read": moment(DAY), "read_by": "Anne"}
    archive.incident(told, _chapter(Code.DOOR_REACHABLE, 0))
    archive.incident(told, _chapter(Code.IMAGES_LEFT, 600))
    archive.incident(
        incident(7, shown=moment(2), installation=True, count=3, calling="ZZSTRANGER", **facts, **closed),
        _chapter(Code.DOOR_CLOSED, 2 * DAY, Level.CALM),
    )
    for serial in (1, 2, 3):
        came = connection(serial=serial, at=moment(600.0 * serial), bytes_out=1_300_000, dicom=dicom())
        archive.connection("run", came, Standing.STRANGER)
    archive.attempts("run", attempts(silent=12_000, refused=400, answered=0))


def _chapter(code: Code, seconds: float, level: Level = Level.ALARM) -> Chapter:
    return Chapter(incident=7, code=code, grade=Grade.REACHABLE, level=level, at=moment(seconds), source=STRANGER)


def _checks(archive: Archive) -> None:
    imaging = Application(kind=Kind.DICOM, answer=Answer.ACCEPTED)
    for name, seconds, reach in (("c1", 60, Reach.OPEN), ("c2", DAY, Reach.OPEN), ("c3", 2 * DAY, Reach.FILTERED)):
        app = imaging if reach is Reach.OPEN else None
        seen = exposure(check=name, port=11112, reach=reach, at=moment(seconds), app=app)
        archive.exposure(seen, "exposed" if reach is Reach.OPEN else "not_seen", None)
        archive.outcome(outcome(asked=moment(seconds), check=name, host="echo.example"))
    archive.outcome(outcome(Outcome.NOT_OURS, family=6, asked=moment(60), host="echo.example"))


def _days(archive: Archive) -> None:
    for number in (2, 3):
        day = Day(day=date(2026, 3, number), complete={4: 24})
        archive.tell(EntryKind.DAY, moment((number - 1) * DAY), **_told(day))


def _told(day: Day) -> dict[str, object]:
    import json

    return dict(json.loads(codec.encode(day)))


__all__ = ["CONFIG", "DAY", "NOW", "PATIENT", "furnished", "writing"]
