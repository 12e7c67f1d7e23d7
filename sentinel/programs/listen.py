"""`listen`: frames from the mirror port to facts for `watch`. The only program with a raw socket.

It holds CAP_NET_RAW until the ring is open and drops it then; it writes no file and speaks no IP.
"""

import signal
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from sentinel.capture import link, rights
from sentinel.capture.keep import keep_program
from sentinel.capture.ring import Frame, Ring
from sentinel.capture.surroundings import Surroundings, ask
from sentinel.clock import Clock, now
from sentinel.config import Capture
from sentinel.decode.frame import read_frame
from sentinel.errors import MissingDevice
from sentinel.model.machine import Coverage
from sentinel.model.moment import Moment
from sentinel.model.networks import Networks
from sentinel.model.packet import Announcement, Fragment, Packet, Segment, Unreadable
from sentinel.places import Places
from sentinel.tracking.connections import Tracker
from sentinel.tracking.machines import Machines
from sentinel.tracking.summing import Summing
from sentinel.tracking.view import View
from sentinel.wire.facts import Outbox, Sender, Sent

LOOK_AROUND = timedelta(seconds=60)
"""A new prefix or a new box is learnt within this time."""
NEW_RING = timedelta(seconds=2)
"""An interface that went away is tried again this often."""


class Ear:
    """Packets to facts: the pure part of `listen`, shared with the player of a recorded day."""

    def __init__(self, networks: Networks, own_macs: frozenset[str]) -> None:
        self.tracker = Tracker(networks)
        self.machines = Machines(networks)
        self.summing = Summing()
        self.view = View(networks, own_macs)
        self.undecodable = 0
        self.heard: Moment | None = None

    def adopt(self, networks: Networks) -> None:
        """The practice's networks have changed."""
        self.tracker.networks = self.machines.networks = self.view.networks = networks

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

    def _rows(self, connections: Iterable) -> Iterator[Sent]:  # type: ignore[type-arg]
        for connection in connections:
            yield from self.summing.take(connection)

    @property
    def forgotten(self) -> int:
        """Entries of every table that had to make room."""
        return self.tracker.forgotten + self.machines.forgotten + self.summing.forgotten

    def coverage(self, interface: str, *, carrier: bool, ring: Ring | None, unsent: int, at: Moment) -> Coverage:
        """What could be seen up to now."""
        return Coverage(
            interface=interface,
            carrier=carrier,
            capturing=ring is not None,
            inward=self.view.inward,
            outward=self.view.outward,
            heard=self.heard,
            frames=ring.frames if ring else 0,
            dropped=ring.dropped if ring else 0,
            undecodable=self.undecodable,
            forgotten=self.forgotten,
            unsent=unsent,
            at=at,
        )


class Listener:
    """The loop: ring, ear, wire."""

    def __init__(self, capture: Capture, places: Places, clock: Clock = now) -> None:
        self._capture = capture
        self._clock = clock
        self._around = ask()
        self._interface = capture.interface or self._around.interface or ""
        if not self._interface:
            raise MissingDevice("no default route: name the mirror port's card under [capture] interface")
        self._networks = self._find_networks()
        self._ear = Ear(self._networks, link.own_macs())
        self._sender = Sender(str(places.facts), Outbox(uuid.uuid4().hex))
        self._ring: Ring | None = self._open()
        self._stopping = False

    def _find_networks(self) -> Networks:
        return self._around.networks(self._capture.prefixes, self._capture.box)

    def _open(self) -> Ring:
        return Ring(self._interface, keep_program(self._networks.own))

    def stop(self, *_: object) -> None:
        """Leave after the current block."""
        self._stopping = True

    def run(self) -> None:
        """Until stopped. A lost interface is told and tried again; a lost `watch` costs nothing."""
        last_tick = last_look = last_try = self._clock()
        while not self._stopping:
            at = self._clock()
            for fact in self._listen(at):
                self._sender.send(fact)
            if at.since(last_tick) >= timedelta(seconds=1):
                last_tick = at
                self._tick(at)
            if at.since(last_look) >= LOOK_AROUND:
                last_look = at
                self._look(ask())
            if self._ring is None and at.since(last_try) >= NEW_RING:
                last_try = at
                self._try_again()
            self._sender.flush()
        self._sender.close()

    def _listen(self, at: Moment) -> Iterator[Sent]:
        if self._ring is None:
            signal.sigtimedwait([], 0.1)
            return
        for frame in self._ring.read(100):
            seen = stamp(frame, at)
            yield from self._ear.feed(read_frame(frame.kept, seen, frame.vlan), seen)

    def _tick(self, at: Moment) -> None:
        for fact in self._ear.tick(at):
            self._sender.send(fact)
        if self._ring is not None:
            self._count(self._ring)
        self._sender.send(
            self._ear.coverage(
                self._interface,
                carrier=link.has_carrier(self._interface),
                ring=self._ring,
                unsent=self._sender.outbox.unsent,
                at=at,
            )
        )

    def _count(self, ring: Ring) -> None:
        """A card that was taken out leaves a socket that no longer counts."""
        if not ring.count():
            ring.close()
            self._ring = None

    def _try_again(self) -> None:
        try:
            self._ring = self._open()
        except MissingDevice:
            return

    def _look(self, around: Surroundings) -> None:
        if around != self._around and around.prefixes:
            self._around = around
            self._networks = self._find_networks()
            self._ear.adopt(self._networks)


def stamp(frame: Frame, at: Moment) -> Moment:
    """When a frame passed: its wall stamp, and the boot clock by the offset that holds as we read it."""
    wall = datetime.fromtimestamp(frame.nanoseconds / 1e9, UTC)
    return Moment(wall=wall, boot=at.boot + (wall - at.wall))


def listen(capture: Capture, places: Places) -> None:
    """Run `listen` until SIGTERM or SIGINT.

    Raises:
        MissingRight, MissingDevice: the capture cannot be opened.
    """
    listener = Listener(capture, places)
    rights.drop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, listener.stop)
    listener.run()
