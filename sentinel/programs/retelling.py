"""How a replayed file is told: JSON lines for tools, a table for people. The same file, the same bytes."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, TextIO

from sentinel.model.connection import Connection, Dicom
from sentinel.model.finding import Finding
from sentinel.model.moment import Address, Moment

LINES = 10_000
"""Connections of the table for people; a tool asks for JSON and gets them all."""


@dataclass(slots=True, kw_only=True)
class Summary:
    """What the whole file came to, once all of it was played."""

    frames: int = 0
    decoded: int = 0
    """Frames of a protocol we follow, whose headers hold together."""
    undecodable: int = 0
    fragments: int = 0
    """IP fragments of TCP: a connection could hide in them."""
    sightings: int = 0
    """Machines of the practice that showed themselves, each once a minute."""
    connections: int = 0
    by_state: dict[str, int] = field(default_factory=dict)
    findings: int = 0
    forgotten: int = 0
    """Table entries that had to make room."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Frames of the file's other interfaces, by a link type that is not read; not among `frames`."""
    first: Moment | None = None
    last: Moment | None = None
    cut: bool = False
    """The file ends, or stops making sense, inside a record."""


# -- for tools ---------------------------------------------------------------------------------------------------


def write_json(told: Iterable[Connection | Finding], summary: Summary, out: TextIO) -> None:
    """One object a line: each connection and finding as it comes, then the summary."""
    for each in told:
        print(json.dumps(_connection(each) if isinstance(each, Connection) else _finding(each)), file=out)
    print(json.dumps(_summary(summary)), file=out)


def _connection(connection: Connection) -> dict[str, Any]:
    return {
        "kind": "connection",
        "serial": connection.serial,
        "source": str(connection.source),
        "source_port": connection.source_port,
        "target": str(connection.target),
        "target_port": connection.target_port,
        "opened": _when(connection.opened),
        "changed": _when(connection.changed),
        "state": connection.state.value,
        "bytes_in": connection.bytes_in,
        "bytes_out": connection.bytes_out,
        "dicom": _dicom(connection.dicom) if connection.dicom else None,
        "label": connection.label.value if connection.label else None,
        "direction": connection.direction.value,
        "vlan": connection.vlan,
    }


def _dicom(dicom: Dicom) -> dict[str, Any]:
    return {
        "called": dicom.called,
        "calling": dicom.calling,
        "result": dicom.result.value,
        "services": [service.value for service in dicom.services],
        "services_whole": dicom.services_whole,
        "rejection": dicom.rejection,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": "finding",
        "code": finding.code.value,
        "level": finding.level.word,
        "grade": finding.grade.word if finding.grade else None,
        "story": [finding.story.kind.value, finding.story.about, finding.story.port],
        "at": _when(finding.at),
        "source": str(finding.source) if finding.source else None,
        "machine": str(finding.machine) if finding.machine else None,
        "mac": finding.mac,
        "port": finding.port,
        "calling": finding.calling,
        "count": finding.count,
        "bytes_out": finding.bytes_out,
        "connection": finding.connection,
    }


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "kind": "summary",
        **asdict(summary),
        "first": _when(summary.first) if summary.first else None,
        "last": _when(summary.last) if summary.last else None,
    }


# -- for people --------------------------------------------------------------------------------------------------


def write_table(told: Iterable[Connection | Finding], summary: Summary, out: TextIO) -> None:
    """Findings as they come; connections, one line each as they ended, behind them."""
    rows: dict[int, tuple[str, ...]] = {}
    for each in told:
        if isinstance(each, Finding):
            print(_sentence(each), file=out)
        elif each.serial in rows or len(rows) < LINES:
            rows[each.serial] = _row(each)
    _print_rows([HEADINGS, *(rows[serial] for serial in sorted(rows))] if rows else [], out)
    if summary.connections > len(rows):
        print(f"... and {summary.connections - len(rows)} more: --json tells them all", file=out)
    for line in _words(summary):
        print(line, file=out)


HEADINGS = ("OPENED (UTC)", "DIRECTION", "SOURCE", "TARGET", "STATE", "IN", "OUT", "SPOKEN", "DICOM")


def _row(connection: Connection) -> tuple[str, ...]:
    dicom = connection.dicom
    return (
        f"{connection.opened.wall:%Y-%m-%d %H:%M:%S}",
        connection.direction.value,
        _end(connection.source, connection.source_port),
        _end(connection.target, connection.target_port),
        connection.state.value,
        str(connection.bytes_in),
        str(connection.bytes_out),
        "dicom" if dicom else connection.label or "",
        f"{dicom.calling} -> {dicom.called} {dicom.result.value} {','.join(dicom.services)}" if dicom else "",
    )


def _end(address: Address, port: int) -> str:
    return f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"


def _print_rows(rows: list[tuple[str, ...]], out: TextIO) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip(), file=out)


def _sentence(finding: Finding) -> str:
    grade = f" ({finding.grade.word})" if finding.grade else ""
    where = f" at {finding.machine}" if finding.machine else ""
    door = f" port {finding.port}" if finding.port else ""
    source = f" from {finding.source}" if finding.source else ""
    return f"{_when(finding.at)}  {finding.level.word}: {finding.code.value}{grade}{source}{where}{door}"


def _words(summary: Summary) -> Iterator[str]:
    states = ", ".join(f"{count} {state}" for state, count in summary.by_state.items())
    yield f"connections: {summary.connections}" + (f" ({states})" if states else "")
    kinds = f"{summary.decoded} decoded, {summary.undecodable} undecodable, {summary.fragments} fragments"
    yield f"frames: {summary.frames} ({kinds})"
    if summary.first and summary.last:
        yield f"from {_when(summary.first)} to {_when(summary.last)}"
    if summary.forgotten:
        yield f"forgotten: {summary.forgotten} table entries, because there were too many at once"
    for link, count in summary.left_out.items():
        yield f"left out: {count} frames recorded on {link}, which is not read"
    if summary.cut:
        yield "the file is cut or damaged: what follows its last whole frame could not be read"


def _when(moment: Moment) -> str:
    return moment.wall.isoformat(timespec="microseconds").replace("+00:00", "Z")
