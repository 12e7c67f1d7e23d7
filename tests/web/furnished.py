"""A practice for the page to tell of: a real store file, real pulse files, a stopped clock."""

from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address

from flask import Flask
from flask.testing import FlaskClient
from sqlite_utils import Database

from sentinel.clock import boot_id
from sentinel.config import Config, Page, Practice
from sentinel.model.acting import Acceptance
from sentinel.model.connection import Association, Connection, ConnectionState, Dicom, Direction
from sentinel.model.coverage import Coverage
from sentinel.model.declared import View
from sentinel.model.exposure import (
    AfterProbe,
    Answer,
    Application,
    Auth,
    Exposure,
    Kind,
    Outcome,
    PortList,
    Reach,
    ReachOutcome,
    Why,
)
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.verdict import Assurance, Reason, Verdict
from sentinel.places import Places
from sentinel.services import port_list
from sentinel.signals import pulse
from sentinel.signals.pulse import Pulse
from sentinel.store import migrations, rows
from sentinel.store.archive import Archive
from sentinel.wire.requests import Request
from web.app import create_app

TOKEN = "a-session-token"
HOSTILE = "<script>x()"
"""An AE title, as a stranger may send it: 16 characters at most."""
MAC = "00:11:22:33:44:55"
PANO, PHONE = "00:80:f0:11:22:33", "da:a1:19:00:11:22"
"""A machine nobody named, and one that invents its address."""
MACHINE = "192.168.77.20"
STRANGER = "198.51.100.23"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
"""A Monday, 10 h 30 in Paris."""

PUBLIC = {4: "25.0.0.2", 6: "2a00:25::2"}
"""Our addresses, as the echoes see them."""
HOSTS = {"ED7QXK": "echo.example", "SECOND": "second.example"}
CHECKS = (
    ("c1", "ED7QXK", 4, timedelta(minutes=138), PortList.FULL),
    ("c2", "ED7QXK", 6, timedelta(minutes=138), PortList.FULL),
    ("c3", "SECOND", 4, timedelta(minutes=130), PortList.FULL),
    ("c4", "SECOND", 6, timedelta(hours=14), PortList.FULL),
)
"""What was asked, of whom, over which family, how long ago."""

CONFIG = Config(
    practice=Practice(name="Cabinet du Parc", contact="Sophie Martin", phone="01 23 45 67 89"),
    labels={MAC: "RADIO-PC"},
    page=Page(code="3141-5926"),
)


def moment(before: timedelta = timedelta(0)) -> Moment:
    """A moment that long before the stopped clock's now."""
    return Moment(wall=NOW - before, boot=timedelta(days=3) - before)


def reason(code: Code, level: Level, **more: object) -> Reason:
    """One reason, an hour and a quarter old."""
    return Reason(**{"code": code, "level": level, "since": moment(timedelta(minutes=75)), **more})


def door(code: Code, level: Level = Level.ALARM, **more: object) -> Reason:
    """A reason about the imaging machine's door, and its incident."""
    return reason(code, level, machine=ip_address(MACHINE), mac=MAC, port=4242, incident=1, **more)


def verdict(*reasons: Reason, view: View = View.MIRROR, **more: object) -> Verdict:
    """A verdict with these reasons; without any, the calm that was earned."""
    facts = {
        "level": reasons[0].level if reasons else Level.CALM,
        "reasons": reasons,
        "at": moment(),
        "view": view,
        "assurance": Assurance.B,
        "checked": moment(timedelta(minutes=138)),
        "doors": 48,
        "fresh": {"capture": True, "store": True, "clock": True, "disk": True},
    }
    return Verdict(**{**facts, **more})


def incident(number: int = 1, **more: object) -> Incident:
    """The story of a stranger accepted by the imaging machine."""
    facts = {
        "number": number,
        "story": Story(kind=StoryKind.DOOR, about=MAC, port=4242),
        "code": Code.STRANGER_ASSOCIATED,
        "level": Level.ALARM,
        "grade": Grade.ASSOCIATED,
        "state": IncidentState.OPEN,
        "first": moment(timedelta(minutes=75)),
        "last": moment(timedelta(minutes=2)),
        "machine": ip_address(MACHINE),
        "mac": MAC,
        "port": 4242,
        "outside_port": 11112,
        "count": 3,
        "sources": ((STRANGER, 2), ("203.0.113.9", 1)),
        "calling": HOSTILE,
        "bytes_out": 12_400_000,
    }
    return Incident(**{**facts, **more})


def chapter(code: Code, grade: Grade, level: Level, before: timedelta, **more: object) -> Chapter:
    """One line of the first incident's timeline."""
    return Chapter(incident=1, code=code, grade=grade, level=level, at=moment(before), **more)


def connection(serial: int, **more: object) -> Connection:
    """A stranger's association."""
    facts = {
        "serial": serial,
        "source": ip_address(STRANGER),
        "source_port": 40_000 + serial,
        "target": ip_address(MACHINE),
        "target_port": 4242,
        "source_mac": "66:55:44:33:22:11",
        "target_mac": MAC,
        "vlan": None,
        "direction": Direction.INBOUND,
        "state": ConnectionState.CLOSED,
        "opened": moment(timedelta(minutes=serial)),
        "changed": moment(timedelta(minutes=serial)),
        "bytes_in": 512,
        "bytes_out": 4_133_000,
        "dicom": Dicom(called="ORTHANC", calling=HOSTILE, result=Association.ACCEPTED),
    }
    return Connection(**{**facts, **more})


def cell(port: int, reach: Reach, why: Why, at: Moment, **more: object) -> Exposure:
    """One door as an echo saw it: the first echo, over IPv4, unless it is said otherwise."""
    facts = {
        "check": "c1",
        "echo": "ED7QXK",
        "address": ip_address(PUBLIC[4]),
        "port": port,
        "reach": reach,
        "why": why,
        "took": timedelta(milliseconds=12),
        "source": ip_address("25.0.1.9"),
        "source_port": 50_000,
        "at": at,
    }
    return Exposure(**{**facts, **more})


def told(outcome: Outcome, before: timedelta, **more: object) -> ReachOutcome:
    """One attempt with the first echo, of the full list over IPv4 unless it is said otherwise."""
    asked = moment(before)
    facts = {
        "echo": "ED7QXK",
        "host": "echo.example",
        "family": 4,
        "ports": PortList.FULL,
        "outcome": outcome,
        "asked": asked,
        "at": asked,
        "check": "c1",
        "address": ip_address(PUBLIC[4]),
        "tested": 48,
    }
    return ReachOutcome(**{**facts, **more})


@dataclass
class Cabinet:
    """One sentinel's places, which a test furnishes as it needs."""

    places: Places
    config: Config = CONFIG
    heard: list[Request] = field(default_factory=list)
    page: Flask | None = None
    """Made when first visited."""

    def furnish(self) -> None:
        """A store with one story, its visits, checks, and somebody logged in."""
        database = Database(self.places.store)
        try:
            migrations.apply(database)
            with database.conn:
                self._stories(database)
                self._checks(database)
                self._machines(database)
                self._papers(database)
                self._login(database)
        finally:
            database.close()

    def add(self, table: str, *more: dict[str, object]) -> None:
        """More rows."""
        database = Database(self.places.store)
        try:
            with database.conn:
                database[table].insert_all(more, replace=True)
        finally:
            database.close()

    def clear(self, table: str) -> None:
        """Nothing left in one table."""
        database = Database(self.places.store)
        try:
            with database.conn:
                database[table].delete_where()
        finally:
            database.close()

    def _stories(self, database: Database) -> None:
        database["incidents"].insert(rows.incident_row(incident()))
        knock = chapter(Code.DOOR_ANSWERED, Grade.ANSWERED, Level.ATTENTION, timedelta(minutes=75))
        came = chapter(
            Code.STRANGER_ASSOCIATED,
            Grade.ASSOCIATED,
            Level.ALARM,
            timedelta(minutes=74),
            source=ip_address(STRANGER),
            calling=HOSTILE,
            outside_port=11112,
        )
        database["chapters"].insert_all(rows.chapter_row(each) for each in (knock, came))
        visits = [rows.connection_row("run", connection(serial), "stranger", True) for serial in (1, 2)]
        inside = connection(3, source=ip_address("192.168.77.31"), direction=Direction.INTERNAL, dicom=None)
        database["connections"].insert_all([*visits, rows.connection_row("run", inside, "inside", True)])

    def _machines(self, database: Database) -> None:
        """One that passes us, one that is only heard, a phone; what they tell of themselves, and the switch."""
        for mac, address, passed, vendor in (
            (MAC, MACHINE, True, "Dell Inc."),
            (PANO, "192.168.77.31", False, "Panasonic Communications"),
            (PHONE, "fe80::55", True, None),
        ):
            times = {"first": rows.text(NOW - timedelta(days=9)), "last": rows.text(NOW - timedelta(minutes=3))}
            crossed = times["last"] if passed else None
            row = {"mac": mac, "address": address, "seen_by": "arp", **times, "crossed": crossed}
            database["machines"].insert({**row, "vendor": vendor})
        last = rows.text(NOW - timedelta(minutes=3))
        for trait, port, host in (("windows", 0, ""), ("smb", 445, "radio-pc"), ("dicom", 11112, "radio-pc")):
            database["traits"].insert({"mac": MAC, "trait": trait, "port": port, "host": host, "last": last})
        switch = {"said_by": "lldp", "switch": "00:1b:54:aa:bb:cc", "port": "gi1/0/3", "vlan": None}
        database["uplinks"].insert({**switch, "vendor": "Cisco Systems, Inc", "last": last})

    def _papers(self, database: Database) -> None:
        """Two that were made; their files are not there."""
        for number, kind, name, before in (
            (1, "month", "mois-2026-09.pdf", timedelta(days=53)),
            (2, "dossier", "dossier-incident-1-2026-11-23.zip", timedelta(minutes=9)),
        ):
            about = {"incident": 1 if kind == "dossier" else 0, "who": "Anne" if kind == "dossier" else ""}
            row = {
                "number": number,
                "kind": kind,
                "name": name,
                "sha256": "ab" * 32,
                "at": rows.text(NOW - before),
            }
            database["papers"].insert({**row, **about})

    def _checks(self, database: Database) -> None:
        """Two echoes, both families: an imaging door, an old word on another, and one attempt in vain."""
        imaging = (ip_address(MACHINE), MAC, 4242)
        page = Application(kind=Kind.HTTP, auth=Auth.BASIC, product="orthanc", after_probe=AfterProbe.GONE)
        association = Application(kind=Kind.DICOM, answer=Answer.ACCEPTED, after_probe=AfterProbe.OPEN)
        for check, echo, family, before, ports in CHECKS:
            asked = moment(before)
            whose = {"check": check, "echo": echo, "address": ip_address(PUBLIC[family])}
            opened = {11112: (association, imaging), 8042: (page, None)} if (family, echo) == (4, "ED7QXK") else {}
            for port in port_list(ports):
                app, machine = opened.get(port, (None, None))
                reach, why = (Reach.OPEN, Why.SYNACK) if app else (Reach.FILTERED, Why.TIMEOUT)
                if port == 80:
                    reach, why = Reach.CLOSED, Why.REFUSED
                seen = cell(port, reach, why, asked, app=app, **whose)
                database["exposures"].insert(rows.exposure_row(seen, "exposed" if app else "not_seen", machine))
            answer = told(Outcome.CHECKED, before, family=family, ports=ports, **whose, host=HOSTS[echo])
            database["outcomes"].insert(rows.outcome_row(answer))
        missed = told(
            Outcome.UNREACHABLE, timedelta(minutes=6), echo="SECOND", host=HOSTS["SECOND"], family=6, check=None
        )
        database["outcomes"].insert(rows.outcome_row(replace(missed, address=None, tested=0)))

    def _login(self, database: Database) -> None:
        database["sessions"].insert(
            {
                "token": sha256(TOKEN.encode()).hexdigest(),
                "made": rows.text(NOW),
                "until": rows.text(NOW + timedelta(days=30)),
            }
        )

    def beat(self, said: Verdict | None = None, **more: object) -> None:
        """Write a pulse of this instant."""
        facts = {
            "at": moment(),
            "boot": boot_id(),
            "started": moment(timedelta(hours=30)),
            "verdict": said or verdict(),
            "coverage": Coverage(
                interface="eth1",
                carrier=True,
                apart=True,
                inward=moment(timedelta(seconds=2)),
                outward=moment(timedelta(seconds=1)),
                heard=moment(timedelta(seconds=1)),
                frames=120_345,
                dropped=0,
                undecodable=3,
                fragments=2,
                forgotten=0,
                unsent=0,
                at=moment(),
            ),
        }
        pulse.write(Pulse(**{**facts, **more}), self.places.pulse)

    def accepting(self, who: str) -> "Cabinet":
        """The same practice, with one door accepted for anybody."""
        accepted = Acceptance(
            number=1,
            machine="192.168.77.1",
            port=1194,
            until=NOW + timedelta(days=60),
            who=who,
            why="télémaintenance",
            at=moment(),
        )
        with closing(Archive(self.places.store, "boot-1")) as archive:
            archive.acceptance(accepted)
            archive.commit()
        return self

    def app(self) -> Flask:
        """The page, its clock stopped."""
        made = create_app(self.config, self.places, moment)
        made.testing = True
        made.config["WTF_CSRF_ENABLED"] = True
        return made

    def visitor(self, language: str = "fr", **headers: str) -> FlaskClient:
        """A browser of the LAN, without the code."""
        self.page = self.page or self.app()
        browser = self.page.test_client()
        browser.environ_base.update({"HTTP_HOST": "sentinel.local", "HTTP_ACCEPT_LANGUAGE": language, **headers})
        return browser

    def insider(self, language: str = "fr") -> FlaskClient:
        """A browser that gave the code."""
        browser = self.visitor(language)
        browser.set_cookie("sentinel_session", TOKEN)
        return browser
