"""`listen`: frames from the mirror port to facts for `watch`. The only program with a raw socket.

It holds CAP_NET_RAW until the rings are open (`arming`); it writes no file and speaks no IP.
"""

import signal
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from sentinel import systemd
from sentinel.capture import link
from sentinel.capture.flood import Alike
from sentinel.capture.glance import glance
from sentinel.capture.kind import Kind
from sentinel.capture.ring import Frame
from sentinel.capture.rings import Flood, Rare
from sentinel.clock import Clock, now
from sentinel.decode.frame import read_frame
from sentinel.errors import MissingDevice
from sentinel.model.connection import Connection, Direction
from sentinel.model.coverage import Coverage
from sentinel.model.machine import HostSighting
from sentinel.model.moment import Moment
from sentinel.model.networks import Networks, crossing
from sentinel.model.packet import Announcement, Fragment, Packet, Segment, Unreadable
from sentinel.places import Places
from sentinel.programs.arming import Armed
from sentinel.programs.dissecting import Dissecting
from sentinel.tracking.connections import Tracker
from sentinel.tracking.handshakes import HALVES, Handshakes
from sentinel.tracking.machines import Machines
from sentinel.tracking.pairs import Pairs
from sentinel.tracking.sought import Searches
from sentinel.tracking.summing import Summing
from sentinel.tracking.view import View
from sentinel.wire.facts import Outbox, Sender, Sent

TICK = timedelta(seconds=1)
NUDGE = timedelta(seconds=1)
OLDEST = timedelta(minutes=10)
HUNDREDTH = 10_000_000
"""Nanoseconds: frames are told to the hundredth of a second, so that those of a busy one share a moment."""
LOOK_AROUND = timedelta(seconds=60)
"""A new prefix or a new box is learnt within this time."""


class Ear:
    """Packets to facts: the pure part of `listen`, shared with the player of a recorded day."""

    def __init__(self, networks: Networks, own_mac: str, talk_mac: str = "") -> None:
        self.tracker = Tracker(networks)
        self.machines = Machines(networks, own_mac, talk_mac)
        self.summing = Summing()
        self.view = View(networks, own_mac, talk_mac)
        self.handshakes = Handshakes(networks, own_mac)
        self.searches = Searches(networks)
        self.pairs = Pairs(networks)
        self.undecodable = self.fragments = self.pieces = 0
        self.heard: Moment | None = None

    def adopt(self, networks: Networks, talk_mac: str) -> None:
        """The practice's networks have changed, or the card we talk through."""
        self.tracker.networks = self.machines.networks = self.view.networks = networks
        self.handshakes.networks = self.searches.networks = networks
        self.view.talk_mac = self.machines.talk_mac = talk_mac
        self.pairs.adopt(networks)

    def feed(self, packet: Packet | None, at: Moment) -> list[Sent]:
        """The facts one packet makes; mostly none."""
        self.heard = at
        if isinstance(packet, Segment):
            return self._follow(packet)
        if isinstance(packet, Announcement):
            heard = (self.machines.feed(packet), self.searches.feed(packet))
            return [each for each in heard if each is not None]
        if isinstance(packet, Fragment):
            self.fragments += 1
            end = self.view.networks.end
            self.pieces += crossing(end(packet.target), end(packet.source)) is Direction.INBOUND  # as answers go
        self.undecodable += isinstance(packet, Unreadable)
        return []

    def _follow(self, segment: Segment) -> list[Sent]:
        told: list[Sent] = []
        line = self.pairs.line(segment)
        if line is None:
            told += self._meet(segment)
        elif line.crosses:
            self.view.cross(segment, inward=line.inward)
        if segment.flags & HALVES:
            self.handshakes.feed(segment)
        if line is None or not line.with_stranger or not self.tracker.lets_pass(segment, outward=not line.inward):
            for connection in self.tracker.feed(segment):
                told += self.summing.take(connection)
        return told

    def _meet(self, segment: Segment) -> list[Sent]:
        """Two who have not just been talking: who is there, and which way it goes."""
        self.pairs.meet(segment)
        self.view.feed(segment)
        sighting = self.machines.feed(segment)
        return [] if sighting is None else [sighting]

    def flood(self, alike: Alike, at: Moment) -> Iterator[Sent]:
        """The facts of many attempts that came together; most of them are told when they have waited."""
        self.heard = at
        self.handshakes.doubt(at)  # it is not shown them singly
        self.tracker.openings.feed_many(alike.ways, alike.macs, at)
        if self.tracker.openings.is_full:
            yield from self._silent(at)

    def doubt(self, at: Moment) -> None:
        """Some SYNs were dropped: for a while a missing one tells nothing."""
        self.handshakes.doubt(at)
        self.tracker.doubt(at)

    def tick(self, at: Moment) -> Iterator[Sent]:
        """Once a second: what has waited too long, and the sums that moved."""
        self.handshakes.tick(at)
        self.pairs.tick(at)
        yield from self._silent(at)
        yield from self._rows(self.tracker.give_up(at))
        yield from self.summing.changed()

    def _silent(self, at: Moment) -> Iterator[Connection]:
        if self.tracker.openings.is_crowded:
            self.tracker.doubt(at)
        return self.summing.silent(self.tracker.openings.overdue(at), self.tracker.openings.tell)

    def _rows(self, connections: Iterable[Connection]) -> Iterator[Sent]:
        for connection in connections:
            yield from self.summing.take(connection)

    @property
    def forgotten(self) -> int:
        """Entries of every table that had to make room."""
        return self.tracker.forgotten + self.machines.forgotten + self.summing.forgotten


class Listener:
    """The loop: ring, ear, wire."""

    def __init__(self, armed: Armed, places: Places, clock: Clock = now) -> None:
        self._capture, self._interface, self._around, self._rings, self._gauge = armed
        self._clock = clock
        self._dissecting = Dissecting()
        self._ear = Ear(self._find_networks(), link.mac(self._interface), self._talk_mac())
        self._sender = Sender(str(places.facts), Outbox(uuid.uuid4().hex))
        self._stopping = False

    def _find_networks(self) -> Networks:
        return self._around.networks(self._capture.prefixes, self._capture.box)

    def _talk_mac(self) -> str:
        """Of the card we talk through, if that is not the one that captures."""
        talks = self._around.interface or self._interface
        return "" if talks == self._interface else link.mac(talks)

    def stop(self, *_: object) -> None:
        """Leave after the current block."""
        self._stopping = True

    def run(self) -> None:
        """Until stopped. A `watch` that is away costs nothing: what it has not committed is sent again.

        Raises:
            MissingDevice: the interface went away; without rights only a new start can open another ring.
        """
        last_tick = last_look = self._clock()
        systemd.tell(systemd.READY, f"STATUS=capturing on {self._interface}")
        while not self._stopping:
            at = self._clock()
            self._drain(at)
            if at.since(last_tick) >= TICK:
                last_tick = at
                self._tick(at)
            if at.since(last_look) >= LOOK_AROUND:
                last_look = at
                self._look()
            self._sender.flush()
        systemd.tell(systemd.STOPPING)
        self._dissecting.close()
        self._sender.close()

    def _drain(self, at: Moment) -> None:
        tick, seen = 0, at
        for passed in self._rings.read():
            if not 0 <= tick - passed.nanoseconds < HUNDREDTH:
                tick = hundredth(passed.nanoseconds)
                seen = stamp(tick, at)
            self._pass_on(passed, seen, at)
        for fact in self._dissecting.told(at):
            self._sender.send(fact)

    def _pass_on(self, passed: Frame | Flood | Rare, seen: Moment, at: Moment) -> None:
        if isinstance(passed, Frame):
            for fact in self._ear.feed(read_frame(passed.kept, seen, passed.vlan, filtered=True), seen):
                self._sender.send(fact)
                if isinstance(fact, HostSighting):
                    self._dissecting.meet(fact, passed.kept, at)
        elif isinstance(passed, Flood):
            for fact in self._ear.flood(passed.alike, seen):
                self._sender.send(fact)
        else:
            self._dissecting.read(passed.kept, seen, at)

    def _tick(self, at: Moment) -> None:
        before = self._rings.losses[Kind.ATTEMPTS].dropped
        if not self._rings.count():
            raise MissingDevice(f"the interface {self._interface!r} has gone")
        if self._rings.losses[Kind.ATTEMPTS].dropped > before:
            self._ear.doubt(at)  # before it is asked whose SYN never came
        for fact in self._ear.tick(at):
            self._sender.send(fact)
        self._dissecting.tick(at)
        self._gauge.read(at)
        self._sender.send(self._coverage(at))
        systemd.tell(systemd.ALIVE)

    def _coverage(self, at: Moment) -> Coverage:
        return Coverage(
            interface=self._interface,
            carrier=link.has_carrier(self._interface),
            apart=bool(self._ear.view.talk_mac),
            inward=self._ear.view.inward,
            outward=self._ear.view.outward,
            heard=self._ear.heard,
            frames=sum(loss.frames for loss in self._rings.losses.values()),
            dropped=sum(loss.dropped for kind, loss in self._rings.losses.items() if kind is not Kind.RARE),
            undecodable=self._ear.undecodable,
            fragments=self._ear.fragments,
            pieces=self._ear.pieces,
            forgotten=self._ear.forgotten,
            unsent=self._sender.outbox.unsent,
            losses=self._gauge.losses,
            foreign=self._gauge.foreign,
            passed=self._gauge.passed,
            opened=self._ear.handshakes.opened,
            unopened=self._ear.handshakes.unopened,
            unseen=self._ear.tracker.unseen,
            half=self._ear.view.half,
            wrapped=self._gauge.wrapped(at),
            unread=self._dissecting.unread + self._rings.losses[Kind.RARE].dropped,
            at=at,
        )

    def _look(self) -> None:
        """A new prefix, or a new box.

        Raises:
            MissingDevice: the kernel was not told of that prefix, and without rights it cannot be told any more.
        """
        around = glance()
        if around == self._around or not around.prefixes:
            return
        self._around = around
        networks = self._find_networks()
        if not self._rings.covers(networks.own):
            raise MissingDevice("the practice has a network that was not there at the start: start again")
        self._ear.adopt(networks, self._talk_mac())


def hundredth(nanoseconds: int) -> int:
    """The end of the hundredth of a second in which it passed.

    Nothing is told earlier than it was: a check just begun must find its own traffic behind its beginning.
    """
    return -(-nanoseconds // HUNDREDTH) * HUNDREDTH


def stamp(nanoseconds: int, at: Moment) -> Moment:
    """When a frame passed: its wall stamp, and the boot clock by the offset that holds as we read it.

    A stamp from the future, or older than any ring, was made before the wall clock was set: then it passed now.
    """
    wall = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    earlier = at.wall - wall
    if not -NUDGE <= earlier <= OLDEST:
        return at
    return Moment(wall=wall, boot=at.boot - earlier)


def listen(armed: Armed, places: Places) -> None:
    """Run `listen` until SIGTERM or SIGINT.

    Raises:
        MissingDevice: the interface has gone.
    """
    listener = Listener(armed, places)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, listener.stop)
    listener.run()
