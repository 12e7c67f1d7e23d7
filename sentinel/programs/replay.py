"""`replay`: a recorded file through the same decode, tracking and judgement as the wire.

Time is the file's own, so the same file always gives the same bytes. Frames of a recording hold payload; nothing
of it goes further than `decode`, which reads the association's head and lets the rest fall.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from sentinel.capture.recording import Recording
from sentinel.decode.frame import read_frame
from sentinel.judgement.judge import Judge as JudgeOfFacts
from sentinel.judgement.judge import Terms
from sentinel.model.connection import Connection, ConnectionState
from sentinel.model.finding import Finding
from sentinel.model.moment import Moment
from sentinel.model.networks import Network, Networks
from sentinel.model.packet import Fragment, Packet, Segment, Unreadable
from sentinel.programs.retelling import Summary, write_json, write_table
from sentinel.tracking.connections import Tracker
from sentinel.tracking.machines import Machines
from sentinel.tracking.pairs import Pairs

Judge = Callable[[Connection], Iterable[Finding]]
"""What judgement says of one connection, each time it is told."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(seconds=1)
FEW, LONG = 16, timedelta(days=1)
"""Connections that may be looked through for each frame, lest a file with a frame a second takes an hour; but all
are once a recorded day."""
STATES = tuple(ConnectionState)


class Player:
    """Frames to connections and what is made of them, by the stamps of the frames."""

    def __init__(self, networks: Networks, judge: Judge, *, every: bool, filtered: bool = False) -> None:
        self.summary = Summary()
        self._tracker = Tracker(networks, every=every)
        self._machines, self._pairs = Machines(networks), Pairs(networks)
        self._judge = judge
        self._filtered = filtered
        self._states = bytearray()
        """The last state of each serial: one byte a connection, so that a huge file can be counted."""
        self._tick: Moment | None = None
        self._ticked = 0
        """The frame it was at."""
        self._due = timedelta.min
        """Before which there is no other; a stamp from before the last one moves nothing."""

    def play(self, recording: Recording) -> Iterator[Connection | Finding]:
        """Each connection as it changes, and behind it the findings it caused."""
        number, at = 0, None
        for number, frame in enumerate(recording, 1):
            at = _moment(frame.nanoseconds)
            if at.boot >= self._due and self._is_due(at, number):
                self._pairs.tick(at)
                yield from self._told(self._tracker.expire(at))
            packet = read_frame(frame.kept, at, frame.vlan, filtered=self._filtered)
            if isinstance(packet, Segment):
                for connection in self._follow(packet):  # mostly none: no more is begun for a frame
                    yield from self._told((connection,))
            elif packet is not None:
                self._count(packet)
        self.summary.frames, self.summary.last = number, at
        yield from self._told(self._tracker.flush())
        self._finish(recording)

    def _follow(self, segment: Segment) -> list[Connection]:
        self.summary.decoded += 1
        line = self._pairs.line(segment)
        if line is None:
            self._pairs.meet(segment)
            self.summary.sightings += self._machines.feed(segment) is not None
        elif line.with_stranger and self._tracker.lets_pass(segment, outward=not line.inward):
            return []
        return self._tracker.feed(segment)

    def _is_due(self, at: Moment, number: int) -> bool:
        """Where a second has passed: if it costs a frame little, or it was a day."""
        if self._tick is None:
            self.summary.first = at
        elif at.since(self._tick) < LONG and (number - self._ticked) * FEW < len(self._tracker):
            return False
        self._tick, self._ticked, self._due = at, number, at.boot + TICK
        return True

    def _count(self, packet: Packet) -> None:
        """One that is no segment."""
        if isinstance(packet, Fragment):
            self.summary.fragments += 1
        elif isinstance(packet, Unreadable):
            self.summary.undecodable += 1
        else:
            self.summary.decoded += 1
            self.summary.sightings += self._machines.feed(packet) is not None

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

    def _finish(self, recording: Recording) -> None:
        counted = {state: self._states.count(1 + place) for place, state in enumerate(STATES)}
        self.summary.by_state = {state.value: count for state, count in counted.items() if count}
        self.summary.connections = sum(counted.values())
        self.summary.forgotten = self._tracker.forgotten + self._machines.forgotten
        self.summary.left_out = recording.left_out
        self.summary.cut = recording.cut


def replay(
    path: Path,
    inside: Iterable[Network],
    out: TextIO,
    *,
    every: bool = False,
    as_json: bool = False,
    judge: Judge | None = None,
    filtered: bool = False,
) -> Summary:
    """Tell on `out` what a recorded file holds.

    Args:
        path: pcap or pcapng, also gzipped.
        inside: the practice's own networks.
        out: one JSON object a line, or a table for people.
        every: tell outbound, internal and foreign connections too, as the live sentinel never does.
        as_json: for tools.
        judge: makes the findings; by default judgement without any configuration.
        filtered: it holds what our own filter kept, so that the end of a frame says something.

    Raises:
        NotReadable: the file cannot be opened, is no capture, or nothing in it is of a link that is read.
    """
    networks = Networks(own=tuple(inside))
    player = Player(networks, judge or judging(networks, _moment(0)), every=every, filtered=filtered)
    with Recording(path) as recording:
        told = player.play(recording)
        if as_json:
            write_json(told, player.summary, out)
        else:
            write_table(told, player.summary, out)
    return player.summary


def judging(networks: Networks, at: Moment) -> Judge:
    """Judgement as it stands without any configuration: no accepted door, no known private network."""
    judge = JudgeOfFacts(networks, Terms(), at)
    return lambda connection: judge.connection(connection, judge.standing(connection))


def _moment(nanoseconds: int) -> Moment:
    since = timedelta(microseconds=nanoseconds // 1_000)
    return Moment(wall=EPOCH + since, boot=since)
