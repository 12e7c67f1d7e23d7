"""`listen`: frames from the mirror port to facts for `watch`. The only program with a raw socket.

It holds CAP_NET_RAW until the ring is open and drops it then; it writes no file and speaks no IP.
"""

import signal
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from sentinel import systemd
from sentinel.capture import link, rights
from sentinel.capture.keep import keep_program
from sentinel.capture.rare import rare_program
from sentinel.capture.ring import Frame, Ring
from sentinel.capture.surroundings import Question, ask
from sentinel.clock import Clock, now
from sentinel.config import Capture
from sentinel.decode.frame import read_frame
from sentinel.errors import MissingDevice
from sentinel.model.connection import Connection
from sentinel.model.machine import Coverage, HostSighting
from sentinel.model.moment import Moment
from sentinel.model.networks import Networks
from sentinel.model.packet import Announcement, Fragment, Packet, Segment, Unreadable
from sentinel.places import Places
from sentinel.programs.dissecting import Dissecting
from sentinel.tracking.connections import Tracker
from sentinel.tracking.machines import Machines
from sentinel.tracking.summing import Summing
from sentinel.tracking.view import View
from sentinel.wire.facts import Outbox, Sender, Sent

TICK = timedelta(seconds=1)
RARE_BLOCKS = 4
"""A small ring: whatever is poured into it, little of it is looked at, and the kernel counts the rest."""
NUDGE = timedelta(seconds=1)
OLDEST = timedelta(minutes=10)
LOOK_AROUND = timedelta(seconds=60)
"""A new prefix or a new box is learnt within this time."""


class Ear:
    """Packets to facts: the pure part of `listen`, shared with the player of a recorded day."""

    def __init__(self, networks: Networks, own_mac: str, talk_mac: str = "") -> None:
        self.tracker = Tracker(networks)
        self.machines = Machines(networks, own_mac, talk_mac)
        self.summing = Summing()
        self.view = View(networks, own_mac, talk_mac)
        self.undecodable = 0
        self.heard: Moment | None = None

    def adopt(self, networks: Networks, talk_mac: str) -> None:
        """The practice's networks have changed, or the card we talk through."""
        self.tracker.networks = self.machines.networks = self.view.networks = networks
        self.view.talk_mac = self.machines.talk_mac = talk_mac

    def feed(self, packet: Packet | None, at: Moment) -> Iterator[Sent]:
        """The facts one packet makes."""
        self.heard = at
        if isinstance(packet, Fragment | Unreadable):
            self.undecodable += 1
        if not isinstance(packet, Segment | Announcement):
            return
        sighting = self.machines.feed(packet)
        if sighting is not None:
            yield sighting
        if isinstance(packet, Segment):
            self.view.feed(packet)
            yield from self._rows(self.tracker.feed(packet))

    def tick(self, at: Moment) -> Iterator[Sent]:
        """Once a second: what has waited too long, and the sums that moved."""
        yield from self._rows(self.tracker.expire(at))
        yield from self.summing.changed()

    def _rows(self, connections: Iterable[Connection]) -> Iterator[Sent]:
        for connection in connections:
            yield from self.summing.take(connection)

    @property
    def forgotten(self) -> int:
        """Entries of every table that had to make room."""
        return self.tracker.forgotten + self.machines.forgotten + self.summing.forgotten


class Listener:
    """The loop: ring, ear, wire."""

    def __init__(self, capture: Capture, places: Places, clock: Clock = now) -> None:
        self._capture = capture
        self._clock = clock
        self._around = ask()
        self._interface = link.named(capture.interface) or self._around.interface or ""
        if not self._interface:
            raise MissingDevice("no default route: name the mirror port's card under [capture] interface")
        networks = self._find_networks()
        self._ring = Ring(self._interface, keep_program(networks.own))
        self._rare, self._dissecting = Ring(self._interface, rare_program(), RARE_BLOCKS), Dissecting()
        self._ear = Ear(networks, link.mac(self._interface), self._talk_mac())
        self._sender = Sender(str(places.facts), Outbox(uuid.uuid4().hex))
        self._stopping = False
        self._question: Question | None = None

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
            self._drain_rare(at)
            if at.since(last_tick) >= TICK:
                last_tick = at
                self._tick(at)
            if at.since(last_look) >= LOOK_AROUND:
                last_look, self._question = at, Question()
            self._look()
            self._sender.flush()
        systemd.tell(systemd.STOPPING)
        self._dissecting.close()
        self._sender.close()

    def _drain(self, at: Moment) -> None:
        for frame in self._ring.read(100):
            seen = stamp(frame, at)
            for fact in self._ear.feed(read_frame(frame.kept, seen, frame.vlan), seen):
                self._sender.send(fact)
                if isinstance(fact, HostSighting):
                    self._dissecting.meet(fact, frame.kept, at)

    def _drain_rare(self, at: Moment) -> None:
        for frame in self._rare.read(0):
            self._dissecting.read(frame.kept, stamp(frame, at), at)
        for fact in self._dissecting.told(at):
            self._sender.send(fact)

    def _tick(self, at: Moment) -> None:
        for fact in self._ear.tick(at):
            self._sender.send(fact)
        self._dissecting.tick(at)
        self._rare.count()
        if not self._ring.count():
            raise MissingDevice(f"the interface {self._interface!r} has gone")
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
            frames=self._ring.frames,
            dropped=self._ring.dropped,
            undecodable=self._ear.undecodable,
            forgotten=self._ear.forgotten,
            unsent=self._sender.outbox.unsent,
            unread=self._dissecting.unread + self._rare.dropped,
            at=at,
        )

    def _look(self) -> None:
        """Take the answer to the last question, once it is there."""
        around = self._question.answer() if self._question else None
        if around is None:
            return
        self._question = None
        if around != self._around and around.prefixes:
            self._around = around
            self._ear.adopt(self._find_networks(), self._talk_mac())


def stamp(frame: Frame, at: Moment) -> Moment:
    """When a frame passed: its wall stamp, and the boot clock by the offset that holds as we read it.

    A stamp from the future, or older than any ring, was made before the wall clock was set: then it passed now.
    """
    wall = datetime.fromtimestamp(frame.nanoseconds / 1e9, UTC)
    earlier = at.wall - wall
    if not -NUDGE <= earlier <= OLDEST:
        return at
    return Moment(wall=wall, boot=at.boot - earlier)


def listen(capture: Capture, places: Places) -> None:
    """Run `listen` until SIGTERM or SIGINT.

    Raises:
        MissingRight: CAP_NET_RAW is needed.
        MissingDevice: the interface is not there, or has gone.
    """
    listener = Listener(capture, places)
    rights.drop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, listener.stop)
    listener.run()
