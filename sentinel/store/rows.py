"""How model values become rows and come back."""

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, Protocol

from sentinel import codec
from sentinel.model.acting import MeasureKind, Setting
from sentinel.model.box import BoxReading
from sentinel.model.connection import Attempts, Connection
from sentinel.model.exposure import Exposure, Nature, ReachOutcome
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.moment import Address, Moment

Row = dict[str, Any]


class Named(Protocol):
    """A row as it is read: one of SQLite's, or a dictionary with the names of its columns."""

    def __getitem__(self, name: str, /) -> Any:
        """The value of one column."""


def text(wall: datetime) -> str:
    """A wall time as it is kept: UTC, microseconds, sortable as text."""
    return wall.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def wall(kept: str) -> datetime:
    """A kept wall time, aware UTC."""
    return datetime.strptime(kept, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _times(name: str, moment: Moment | None) -> Row:
    if moment is None:
        return {name: None, f"{name}_boot": None}
    return {name: text(moment.wall), f"{name}_boot": moment.boot.total_seconds()}


def _moment(row: Named, name: str) -> Moment:
    return Moment(wall=wall(row[name]), boot=timedelta(seconds=row[f"{name}_boot"]))


def _maybe_moment(row: Named, name: str) -> Moment | None:
    return None if row[name] is None else _moment(row, name)


def _address(kept: str | None) -> Address | None:
    return None if kept is None else ip_address(kept)


def _word(value: Address | None) -> str | None:
    return None if value is None else str(value)


def connection_row(run: str, connection: Connection, standing: str, clock_trusted: bool) -> Row:
    """A connection as it is kept."""
    dicom = connection.dicom
    return {
        "run": run,
        "serial": connection.serial,
        "standing": standing,
        "source": str(connection.source),
        "source_port": connection.source_port,
        "target": str(connection.target),
        "target_port": connection.target_port,
        "source_mac": connection.source_mac,
        "target_mac": connection.target_mac,
        "vlan": connection.vlan,
        "direction": connection.direction.value,
        "state": connection.state.value,
        **_times("opened", connection.opened),
        **_times("changed", connection.changed),
        "clock_trusted": int(clock_trusted),
        "bytes_in": connection.bytes_in,
        "bytes_out": connection.bytes_out,
        "called": dicom.called if dicom else None,
        "calling": dicom.calling if dicom else None,
        "association": dicom.result.value if dicom else None,
        "services": " ".join(dicom.services) if dicom else None,
        "rejection": "/".join(map(str, dicom.rejection)) if dicom and dicom.rejection else None,
        "services_whole": int(dicom.services_whole) if dicom else None,
        "label": connection.label.value if connection.label else None,
    }


def incident_row(incident: Incident) -> Row:
    """An incident as it is kept."""
    return {
        "number": incident.number,
        "story_kind": incident.story.kind.value,
        "story_about": incident.story.about,
        "story_port": incident.story.port,
        "story_family": incident.story.family,
        "code": incident.code.value,
        "level": int(incident.level),
        "grade": None if incident.grade is None else int(incident.grade),
        "state": incident.state.value,
        **_times("first", incident.first),
        **_times("last", incident.last),
        **_times("closed", incident.closed),
        **_times("last_visit", incident.last_visit),
        "machine": _word(incident.machine),
        "mac": incident.mac,
        "port": incident.port,
        "outside_port": incident.outside_port,
        "count": incident.count,
        "sources": json.dumps(incident.sources),
        "robots": json.dumps(incident.robots),
        "calling": incident.calling,
        "bytes_out": incident.bytes_out,
        **_times("read", incident.read),
        "read_by": incident.read_by,
        "nature": None if incident.nature is None else incident.nature.value,
        **_times("shown", incident.shown),
        "installation": int(incident.installation),
        **_times("measured", incident.measured),
        **_times("measure_told", incident.measure_told),
        "measure": None if incident.measure is None else incident.measure.value,
        "measured_by": incident.measured_by,
        **_times("false_alarm", incident.false_alarm),
        **_times("proved_open", incident.proved_open),
        "asks_nobody": int(incident.asks_nobody),
        "other_sources": incident.other_sources,
    }


def incident(row: Named) -> Incident:
    """The incident a row holds."""
    return Incident(
        number=row["number"],
        story=Story(
            kind=StoryKind(row["story_kind"]),
            about=row["story_about"],
            port=row["story_port"],
            family=row["story_family"],
        ),
        code=Code(row["code"]),
        level=Level(row["level"]),
        grade=None if row["grade"] is None else Grade(row["grade"]),
        state=IncidentState(row["state"]),
        first=_moment(row, "first"),
        last=_moment(row, "last"),
        closed=_maybe_moment(row, "closed"),
        last_visit=_maybe_moment(row, "last_visit"),
        machine=_address(row["machine"]),
        mac=row["mac"],
        port=row["port"],
        outside_port=row["outside_port"],
        count=row["count"],
        sources=tuple((source, times) for source, times in json.loads(row["sources"])),
        robots=tuple((source, whose) for source, whose in json.loads(row["robots"])),
        calling=row["calling"],
        bytes_out=row["bytes_out"],
        read=_maybe_moment(row, "read"),
        read_by=row["read_by"],
        nature=None if row["nature"] is None else Nature(row["nature"]),
        shown=_maybe_moment(row, "shown"),
        installation=bool(row["installation"]),
        measured=_maybe_moment(row, "measured"),
        measure_told=_maybe_moment(row, "measure_told"),
        measure=None if row["measure"] is None else MeasureKind(row["measure"]),
        measured_by=row["measured_by"],
        false_alarm=_maybe_moment(row, "false_alarm"),
        proved_open=_maybe_moment(row, "proved_open"),
        asks_nobody=bool(row["asks_nobody"]),
        other_sources=row["other_sources"],
    )


def chapter_row(chapter: Chapter) -> Row:
    """A chapter as it is kept; its number is the store's."""
    return {
        "incident": chapter.incident,
        "code": chapter.code.value,
        "grade": None if chapter.grade is None else int(chapter.grade),
        "level": int(chapter.level),
        **_times("at", chapter.at),
        "source": _word(chapter.source),
        "outside_port": chapter.outside_port,
        "calling": chapter.calling,
        "who": chapter.who,
        "said": chapter.said,
        "done": None if chapter.done is None else text(chapter.done),
    }


def chapter(row: Named) -> Chapter:
    """The chapter a row holds."""
    return Chapter(
        incident=row["incident"],
        code=Code(row["code"]),
        grade=None if row["grade"] is None else Grade(row["grade"]),
        level=Level(row["level"]),
        at=_moment(row, "at"),
        source=_address(row["source"]),
        outside_port=row["outside_port"],
        calling=row["calling"],
        who=row["who"],
        said=row["said"],
        done=None if row["done"] is None else wall(row["done"]),
    )


def attempts_row(run: str, more: Attempts) -> Row:
    """A sum as it is kept."""
    return {
        "run": run,
        "source_network": more.source_network,
        "target": str(more.target),
        "target_port": more.target_port,
        "target_mac": more.target_mac,
        "hour": text(more.hour),
        "silent": more.silent,
        "refused": more.refused,
        "answered": more.answered,
        "connected": more.connected,
        "bytes_in": more.bytes_in,
        "bytes_out": more.bytes_out,
        "first": text(more.first.wall),
        "last": text(more.last.wall),
    }


def exposure_row(exposure: Exposure, verdict: str, machine: tuple[Address, str | None, int] | None) -> Row:
    """A cell as it is kept."""
    address, mac, port = machine or (None, None, None)
    return {
        "check": exposure.check,
        "echo": exposure.echo,
        "address": str(exposure.address),
        "port": exposure.port,
        "reach": exposure.reach.value,
        "why": exposure.why.value,
        "took_ms": exposure.took.total_seconds() * 1000,
        "at": text(exposure.at.wall),
        "verdict": verdict,
        "machine": _word(address),
        "mac": mac,
        "inside_port": port,
        "family": exposure.address.version,
        "app": None if exposure.app is None else codec.encode(exposure.app).decode(),
    }


def setting_row(setting: Setting) -> Row:
    """A section of the settings as it is kept."""
    return {"section": setting.section, "value": setting.value, "who": setting.who, "at": text(setting.at.wall)}


def outcome_row(outcome: ReachOutcome) -> Row:
    """An attempt to ask, as it is kept; its number is the store's."""
    return {
        "echo": outcome.echo,
        "family": outcome.family,
        "ports": outcome.ports.value,
        "outcome": outcome.outcome.value,
        "check": outcome.check,
        "address": _word(outcome.address),
        "tested": outcome.tested,
        "decoys_open": int(outcome.decoys_open),
        "asked": text(outcome.asked.wall),
        "at": text(outcome.at.wall),
        "host": outcome.host,
    }


def box_row(reading: BoxReading) -> Row:
    """The one row of the box."""
    return {"one": 1, "at": text(reading.at.wall), "reading": codec.encode(reading).decode()}


def box(row: sqlite3.Row) -> BoxReading:
    """The reading that row holds."""
    return codec.decode(row["reading"].encode(), BoxReading)


def is_same_box(one: BoxReading, other: BoxReading) -> bool:
    """Whether two looks saw the same: later, and with less left of each lease, is still the same."""
    mappings = tuple(replace(each, lease=None) for each in other.mappings)
    known = tuple(replace(each, lease=None) for each in one.mappings)
    return known == mappings and replace(one, mappings=(), at=other.at) == replace(other, mappings=())
