"""SYNs, and what becomes of those that nothing answers: told as attempts, or as refusals.

What is answered is a connection and no attempt any more. Its answer may be read before its SYN, so whatever has
waited is held against the connections before it is told.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Final

from sentinel.model.connection import Connection, ConnectionState, Direction
from sentinel.model.moment import Moment
from sentinel.model.networks import End, Networks, Place, crossing
from sentinel.model.packet import Segment, shared, source_of, target_of, turned
from sentinel.tracking import halfopen
from sentinel.tracking.flow import MODULUS, ends
from sentinel.tracking.following import WINDOW
from sentinel.tracking.hairpin import Hairpins
from sentinel.tracking.halfopen import Attempt, Half, HalfOpen
from sentinel.tracking.table import Table

SAME = timedelta(milliseconds=5)
"""Stamps are of a hundredth of a second, and those of one are microseconds apart: the boot clock is read anew."""


class Openings:
    """Those that wait.

    Args:
        networks: what is ours.
        table: the connections.
        every: of recorded files also those that go outside, or from inside to inside.
        most: remembered at once; beyond it the oldest is told early.
    """

    def __init__(
        self, networks: Networks, table: Table, *, every: bool = False, most: int = halfopen.MOST
    ) -> None:
        self.networks = networks
        self._table = table
        self._every = every
        self._waiting = HalfOpen(most)
        self._serial = 0
        self._hairpins = Hairpins()
        self.find = self._waiting.find
        self.ways: Final = self._waiting.ways
        """Of the attempts that wait, whenever it is looked at."""
        self.leaves = self._hairpins.leaves

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_crowded(self) -> bool:
        """Some are told before their time, so that their answers come as from nowhere."""
        return self._waiting.is_crowded

    @property
    def is_full(self) -> bool:
        """`overdue` is to be asked now and not at the next second."""
        return self._waiting.is_full

    def adopt(self, networks: Networks) -> None:
        """The practice's networks have changed: of what waits, that may come from inside now."""
        self.networks = networks
        for way in self._waiting:
            if not self._every and not self._comes_in(way):
                self._waiting.take(way)

    def feed(self, syn: Segment) -> Iterator[Connection]:
        """A SYN: nobody knows yet whether it reaches anybody. What it pushes out is told."""
        source, target = self._ends(syn.way)
        direction = crossing(source, target)
        if direction is Direction.OUTBOUND:
            self.leaves(syn)
        if not self._every and direction is not Direction.INBOUND:
            return
        first = (syn.seq + 1) % MODULUS
        before = self.find(syn.way)
        if (before and before.first in (None, first)) or self.find(turned(syn.way)):
            return  # a retry, a copy, or both ends open at once (RFC 9293 section 3.5)
        if before and not before.is_refused:
            yield self.tell(syn.way, before)
        hairpin = self._hairpins.returns(syn) if source.place is Place.BOX else None
        half = Half(
            at=syn.at, macs=shared(syn.macs), vlan=syn.vlan, first=first, hairpin=hairpin, serial=self.number()
        )
        self._waiting.take(syn.way)
        self._waiting.add(syn.way, half)
        if self.is_full:
            yield from (self.tell(*each) for each in self.overdue(syn.at))

    def feed_many(self, ways: Sequence[bytes], macs: Sequence[bytes], at: Moment) -> None:
        """Many SYNs of one family at once, of which nothing is known but who sent them to whom.

        One on a way that is a connection already changes nothing: where a port is used again, the answer tells.
        """
        halves = {each: Half(at=at, macs=each) for each in set(macs)}
        new = dict(zip(ways, map(halves.__getitem__, macs), strict=True))
        for way in self._table.known(new.keys()):
            flow = self._table.find(way)
            if flow and flow.way == way and not flow.over:
                flow.is_opened = True
                del new[way]
        for way in self._others(new.keys()):
            del new[way]
        self._waiting.add_many(new)

    def _others(self, ways: Collection[bytes]) -> list[bytes]:
        """Those of many that do not come to us from outside."""
        if self._every or not ways or self._all_come_in(ways):
            return []
        return [way for way in ways if not self._comes_in(way)]

    def _all_come_in(self, ways: Collection[bytes]) -> bool:
        """Of a flood: a few targets, and strangers who are known as such by the first byte."""
        size = len(source_of(next(iter(ways))))
        targets = {way[size : 2 * size] for way in ways}
        return self.networks.are_strange({way[0] for way in ways}, size) and all(
            self.networks.end(each).is_ours for each in targets
        )

    def fits(self, reset: Segment) -> bool:
        """Whether it refuses an attempt, and not a connection on the same ports."""
        half = self.find(turned(reset.way))
        return half is not None and not half.is_refused and half.first == reset.ack

    def refuse(self, reset: Segment) -> list[Connection]:
        """A closed door says no (RFC 9293 section 3.10.7.1); a reset of anything else begins nothing."""
        way = turned(reset.way)
        half = self.find(way)
        if half is None or half.is_refused:
            return []
        serial = self.number(half)
        self._waiting.refuse(way, serial)
        return [self._fact(way, half, serial, ConnectionState.REFUSED, reset.at)]

    def take(self, way: bytes, answer: Segment | None) -> Half | None:
        """The attempt a connection began with, which is none any more; not one that this SYN-ACK does not fit."""
        half = self.find(way)
        if half is None:
            return None
        if answer and half.first is not None and (answer.ack - half.first) % MODULUS >= WINDOW:
            return None
        self._waiting.take(way)
        return half

    def overdue(self, now: Moment) -> list[Attempt]:
        """What nothing answered in time, or has to make room; to be told."""
        return self._news(self._waiting.overdue(now))

    def tell(self, way: bytes, half: Half) -> Connection:
        """One of them, as a fact."""
        return self._fact(way, half, self.number(half), ConnectionState.ATTEMPTED, half.at)

    def flush(self) -> Iterator[Connection]:
        """All that still wait, at the end of a recorded file."""
        return (self.tell(*each) for each in self._news(self._waiting.flush()))

    def number(self, half: Half | None = None) -> int:
        """The serial it has, or the next."""
        if half and half.serial:
            return half.serial
        self._serial += 1
        return self._serial

    def _news(self, attempts: list[Attempt]) -> list[Attempt]:
        """Without those that an answer has overtaken, and made a connection."""
        known = self._table.known(dict(attempts).keys())
        return [each for each in attempts if each[0] not in known or self._is_news(*each)]

    def _is_news(self, way: bytes, half: Half) -> bool:
        """Of one that went the way of a connection."""
        flow = self._table.find(way)
        if flow is None or flow.way != way:
            return True
        if half.first is None:  # a copy of the SYN of what is over came before its end
            return flow.over and half.at.since(flow.seen) > SAME
        return half.first != flow.client.first

    def _fact(self, way: bytes, half: Half, serial: int, state: ConnectionState, changed: Moment) -> Connection:
        return Connection(
            serial=serial,
            **ends(way, half.macs),
            vlan=half.vlan,
            direction=crossing(*self._ends(way)),
            state=state,
            opened=half.at,
            changed=changed,
            hairpin=half.hairpin,
        )

    def _comes_in(self, way: bytes) -> bool:
        return crossing(*self._ends(way)) is Direction.INBOUND

    def _ends(self, way: bytes) -> tuple[End, End]:
        return self.networks.end(source_of(way)), self.networks.end(target_of(way))
