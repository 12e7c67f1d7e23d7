"""`replay`: a recorded file through the same decode, tracking and judgement as the wire.

Time is the file's own, so the same file always gives the same bytes. Frames of a recording hold payload; nothing
of it goes further than `decode`, which reads the association's head and lets the rest fall.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from sentinel.capture.recording import Recording
from sentinel.decode.frame import read_frame
from sentinel.model.connection import Connection, ConnectionState, Dicom
from sentinel.model.finding import Finding
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import Network, Networks
from sentinel.model.packet import Fragment, Packet, Segment, Unreadable
from sentinel.tracking.connections import Tracker
from sentinel.tracking.machines import Machines

Judge = Callable[[Connection], Iterable[Finding]]
"""What judgement says of one connection, each time it is told."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(seconds=1)
LINES = 10_000
"""Connections of the table for people; a tool asks for JSON and gets them all."""
STATES = tuple(ConnectionState)


@dataclass(slots=True, kw_only=True)
class Summary:
    """What the whole file came to."""

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
    first: Moment | None = None
    last: Moment | None = None
    cut: bool = False
    """The file ends, or stops making sense, inside a record."""


class Player:
    """Frames to connections and what is made of them, by the stamps of the frames."""

    def __init__(self, networks: Networks, judge: Judge | None, *, every: bool) -> None:
        self.summary = Summary()
        self._tracker = Tracker(networks, every=every)
        self._machines = Machines(networks)
        self._judge = judge or (lambda _: ())
        self._states = bytearray()
        """The last state of each serial: one byte a connection, so that a huge file can be counted."""
        self._tick: Moment | None = None

    def play(self, recording: Recording) -> Iterator[Connection | Finding]:
        """Each connection as it changes, and behind it the findings it caused."""
        for frame in recording:
            at = _moment(frame.nanoseconds)
            yield from self._pass_time(at)
            yield from self._feed(read_frame(frame.kept, at, frame.vlan))
        yield from self._told(self._tracker.flush())
        self._finish(recording.cut)

    def _pass_time(self, at: Moment) -> Iterator[Connection | Finding]:
        """Each recorded second; a stamp from before the last one moves nothing."""
        self.summary.frames += 1
        self.summary.first = self.summary.first or at
        if self._tick is None or at.since(self._tick) >= TICK:
            self._tick = at
            yield from self._told(self._tracker.expire(at))
        self.summary.last = at

    def _feed(self, packet: Packet | None) -> Iterator[Connection | Finding]:
        if isinstance(packet, Fragment):
            self.summary.fragments += 1
        elif isinstance(packet, Unreadable):
            self.summary.undecodable += 1
        elif packet is not None:
            self.summary.decoded += 1
            self.summary.sightings += self._machines.feed(packet) is not None
            if isinstance(packet, Segment):
                yield from self._told(self._tracker.feed(packet))

    def _told(self, connections: Iterable[Connection]) -> Iterator[Connection | Finding]:
        for connection in connections:
            self._note(connection)
            yield connection
            yield from self._found(connection)

    def _found(self, connection: Connection) -> Iterator[Finding]:
        for finding in self._judge(connection):
            self.summary.findings += 1
            yield finding

    def _note(self, connection: Connection) -> None:
        """Serials count up from 1."""
        self._states.extend(bytes(max(0, connection.serial - len(self._states))))
        self._states[connection.serial - 1] = 1 + STATES.index(connection.state)

    def _finish(self, cut: bool) -> None:
        counted = {state: self._states.count(1 + place) for place, state in enumerate(STATES)}
        self.summary.by_state = {state.value: count for state, count in counted.items() if count}
        self.summary.connections = sum(counted.values())
        self.summary.forgotten = self._tracker.forgotten + self._machines.forgotten
        self.summary.cut = cut


def replay(
    path: Path,
    inside: Iterable[Network],
    out: TextIO,
    *,
    every: bool = False,
    as_json: bool = False,
    judge: Judge | None = None,
) -> Summary:
    """Tell on `out` what a recorded file holds.

    Args:
        path: pcap or pcapng, also gzipped.
        inside: the practice's own networks.
        out: one JSON object a line, or a table for people.
        every: tell outbound, internal and foreign connections too, as the live sentinel never does.
        as_json: for tools.
        judge: called for each connection told; its findings follow that connection.

    Raises:
        NotReadable: the file cannot be opened, is no capture, or was not recorded on Ethernet.
    """
    player = Player(Networks(own=tuple(inside)), judge, every=every)
    with Recording(path) as recording:
        told = player.play(recording)
        if as_json:
            _write_json(told, player.summary, out)
        else:
            _write_table(told, player.summary, out)
    return player.summary


# -- for tools ---------------------------------------------------------------------------------------------------


def _write_json(told: Iterable[Connection | Finding], summary: Summary, out: TextIO) -> None:
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
        "direction": connection.direction.value,
        "vlan": connection.vlan,
    }


def _dicom(dicom: Dicom) -> dict[str, Any]:
    return {
        "called": dicom.called,
        "calling": dicom.calling,
        "result": dicom.result.value,
        "services": [service.value for service in dicom.services],
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


def _write_table(told: Iterable[Connection | Finding], summary: Summary, out: TextIO) -> None:
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


HEADINGS = ("OPENED (UTC)", "DIRECTION", "SOURCE", "TARGET", "STATE", "IN", "OUT", "DICOM")


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
    if summary.cut:
        yield "the file is cut or damaged: what follows its last whole frame could not be read"


def _when(moment: Moment) -> str:
    return moment.wall.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _moment(nanoseconds: int) -> Moment:
    since = timedelta(microseconds=nanoseconds // 1_000)
    return Moment(wall=EPOCH + since, boot=since)
