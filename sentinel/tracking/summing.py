"""Too many to keep one by one: what exceeds its share of rows is summed per network, door and hour.

Every answered connection is a row or is counted: 1,000 rows an hour and door, then sums (`shares`). One that was
counted gets a row when it has become worth more than what it was counted as, and is then in no sum. Attempts that
came to nothing share fewer rows, by source network, so that a scan cannot fill the store while an echo's refused
knock is still told one by one. A flood with invented sources has more networks than anybody could read: from the
257th of one door on they are summed together, as 0.0.0.0/0 or ::/0.

Whoever knocks at every port makes as many sums as there may be, so a sum is small: its name is a string of bytes,
and it becomes a fact only when it is told.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from typing import Any

from sentinel.model.connection import Attempts, Connection, ConnectionState, Direction
from sentinel.model.moment import Address, Moment, unpacked
from sentinel.model.packet import SHORT, raw_mac, written
from sentinel.tracking import table
from sentinel.tracking.halfopen import Attempt, Half
from sentinel.tracking.shares import ALL_ROWS, REAL, ROWS, Shares, Worth, worth

REMEMBERED = 2 * table.MOST
"""Connections of which is known whether they have a row: twice as many as are followed at once. What comes
of an older one is told under its serial again, or counted again: rather once too often than not at all."""
SUMS = 4_096
"""A sum takes a third of a kilobyte."""
NETWORKS = 256
"""Source networks of one door that are summed apart, within an hour."""
AT_ONCE = 1_000
"""Sums told in one second; the others wait for the next, and are then told with what came meanwhile."""
VAIN = (ConnectionState.ATTEMPTED, ConnectionState.REFUSED)
EVERYWHERE = b""
Counted = tuple[ConnectionState, Worth]
COUNTED = {each: each for each in product(ConnectionState, Worth)}
"""As what a connection was counted: one object for all of a kind."""

HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DOOR4, DOOR6 = 10, 22
"""Bytes of a door: the hour since 1970 (4), target, port."""


@dataclass(slots=True)
class Sum:
    """What `Attempts` tells, but for its name."""

    macs: bytes
    """Of the target and of a source."""
    first: Moment
    last: Moment
    silent: int = 0
    refused: int = 0
    answered: int = 0
    connected: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    has_moved: bool = False
    """Since it was last told."""


@dataclass(slots=True)
class Many:
    """Attempts of one network at one door, counted together."""

    count: int
    first: Half
    last: Half


class Summing:
    """Decides, for each connection told, whether it keeps a row of its own."""

    def __init__(
        self, *, rows: int = ROWS, all_rows: int = ALL_ROWS, sums: int = SUMS, remembered: int = REMEMBERED
    ) -> None:
        self.forgotten = 0
        self._remembered = remembered
        self._shares = Shares(rows, all_rows)
        self._most = sums
        self._own: dict[int, None] = {}
        self._before = -1
        """The highest serial that had a row and is not remembered any more."""
        self._counted: dict[int, Counted] = {}
        self._sums: dict[bytes, Sum] = {}
        """By door, then source network."""
        self._networks: dict[bytes, int] = {}
        """By door."""
        self._moved: deque[bytes] = deque()
        self._hour: int | None = None

    def take(self, connection: Connection) -> Iterator[Connection]:
        """Let it pass, or count it."""
        door = _door(connection.opened, connection.target.packed + connection.target_port.to_bytes(2, "big"))
        self._turn(_hour(connection.changed))
        if connection.direction is not Direction.INBOUND or self._has_row(connection, door):
            yield connection
        else:
            self._count(connection, door)

    def silent(
        self, attempts: Iterable[Attempt], tell: Callable[[bytes, Half], Connection]
    ) -> Iterator[Connection]:
        """Attempts that nothing answered: rows while there is room, then sums, made of thousands at once.

        Args:
            attempts: of strangers, oldest first.
            tell: makes one of them a fact.
        """
        many: dict[bytes, Many] = {}
        hour = b""
        for way, half in attempts:
            network, target = _ends(way)
            if not hour:
                self._turn(_hour(half.at))
                hour = (self._hour or 0).to_bytes(4, "big")
            if not self._shares.is_tried and self._shares.may_try(network, ask=True):
                yield from self.take(tell(way, half))
                hour = b""  # of this one, which may have turned it
                continue
            known = many.get(target)  # of a crowded door: thousands of networks are one sum
            if known is None or hour + target + network in self._sums:
                known = self._one_of(many, hour, target, network, half)
            known.count += 1
            known.last = half
        for end, each in many.items():
            self._count_many(end, each)

    def _one_of(self, many: dict[bytes, Many], hour: bytes, target: bytes, network: bytes, half: Half) -> Many:
        """Where an attempt of this network is counted: with its like, or with all of a door that has too many."""
        end = target + network
        if hour + end not in self._sums and self._networks.get(hour + target, 0) >= NETWORKS:
            end = target
        return many.get(end) or many.setdefault(end, Many(0, half, half))

    def changed(self) -> list[Attempts]:
        """Sums that moved since they were last told; the longest waiting first."""
        told: list[Attempts] = []
        while self._moved and len(told) < AT_ONCE:
            key = self._moved.popleft()
            self._sums[key].has_moved = False
            told.append(_fact(key, self._sums[key]))
        return told

    def _turn(self, hour: int) -> None:
        """A new hour, or a clock set back: the doors have their shares again. Who has a row keeps it."""
        if self._hour is None:
            self._hour = hour
        if hour > self._hour or hour < self._hour - 1:
            self._hour = hour
            self._shares.renew()
            self._networks.clear()
            lasts = max(0, hour - 1).to_bytes(4, "big")  # what began in the last hour may end in this one
            self._sums = {key: each for key, each in self._sums.items() if key[:4] >= lasts or each.has_moved}

    def _has_row(self, connection: Connection, door: bytes) -> bool:
        if connection.serial in self._own:
            return True
        before = self._counted.get(connection.serial)
        if before is None and connection.state in VAIN:
            return self._shares.may_try(_network(connection.source))
        if before is None and connection.serial <= self._before:
            return True
        if before is not None and worth(connection) <= before[1]:
            return False
        if not self._shares.may_have(door, worth(connection)):
            return False
        if before is not None:
            self._take_back(connection, door)
        self._own[connection.serial] = None
        self._before = max(self._before, *_make_room(self._own, self._remembered), -1)
        return True

    def _take_back(self, connection: Connection, door: bytes) -> None:
        """It has a row now; what was counted at its end stays counted, and so does what its hour has told."""
        state, _ = self._counted.pop(connection.serial)
        narrow = door + _network(connection.source)
        key = narrow if narrow in self._sums else door + EVERYWHERE
        known = self._sums.get(key)
        if known is None or state is ConnectionState.CLOSED:
            return
        known.answered -= 1
        known.connected -= state is ConnectionState.CONNECTED
        self._move(key, known)

    def _count(self, connection: Connection, door: bytes) -> None:
        macs = raw_mac(connection.target_mac or "")
        known = self._sum(door, _network(connection.source), Sum(macs, connection.opened, connection.opened))
        if known is None:
            self.forgotten += 1
            return
        _add(known, connection, self._counted.get(connection.serial, (None, None))[0])
        self._remember(connection)

    def _remember(self, connection: Connection) -> None:
        """What it was counted as, so that it is counted once for each thing it was."""
        if connection.state in VAIN:
            return
        self._counted[connection.serial] = COUNTED[connection.state, worth(connection)]
        _make_room(self._counted, self._remembered)

    def _count_many(self, end: bytes, many: Many) -> None:
        size = (DOOR4 if len(end) < DOOR6 - 4 else DOOR6) - 4
        self._turn(_hour(many.last.at))
        fresh = Sum(many.first.macs, many.first.at, many.first.at)
        known = self._sum(_door(many.last.at, end[:size]), end[size:], fresh)
        if known is None:
            self.forgotten += many.count
            return
        known.silent += many.count
        known.last = many.last.at

    def _sum(self, door: bytes, network: bytes, fresh: Sum) -> Sum | None:
        """The sum of a network at a door, or of all others of a door that has too many; None: there is no room."""
        key = door + network
        if key not in self._sums and self._networks.get(door, 0) >= NETWORKS:
            key = door + EVERYWHERE
        known = self._sums.get(key)
        if known is None:
            if len(self._sums) >= self._most:
                return None
            known = self._sums[key] = fresh
            self._networks[door] = self._networks.get(door, 0) + 1
        self._move(key, known)
        return known

    def _move(self, key: bytes, known: Sum) -> None:
        if not known.has_moved:
            known.has_moved = True
            self._moved.append(key)


def _ends(way: bytes) -> tuple[bytes, bytes]:
    """Of the way of a SYN: the network it came from, and its target's address and port."""
    if len(way) == SHORT:
        return way[:3], way[4:8] + way[10:]
    return way[:8], way[16:32] + way[34:]


def _make_room(known: dict[int, Any], most: int) -> list[int]:
    """Forget an eighth at a time, oldest first: a dictionary's front, once gone, is passed over step by step.

    Returns:
        Whom.
    """
    gone = [*islice(known, max(1, most // 8))] if len(known) > most else []
    for serial in gone:
        del known[serial]
    return gone


def _hour(at: Moment) -> int:
    """Since 1970."""
    return (at.wall - EPOCH) // HOUR


def _door(at: Moment, target: bytes) -> bytes:
    """Of that hour; the target's address and port."""
    return _hour(at).to_bytes(4, "big") + target


def _network(source: Address) -> bytes:
    """Its /24 or /64, as on the wire."""
    return source.packed[:3] if source.version == 4 else source.packed[:8]


def _named(network: bytes, target: Address) -> str:
    size = {3: 4, 8: 16}.get(len(network), target.max_prefixlen // 8)
    return f"{unpacked(network.ljust(size, bytes(1)))}/{len(network) * 8}"


def _fact(key: bytes, known: Sum) -> Attempts:
    size = DOOR4 if len(key) < DOOR6 else DOOR6
    target = unpacked(key[4 : size - 2])
    return Attempts(
        source_network=_named(key[size:], target),
        target=target,
        target_port=key[size - 2] << 8 | key[size - 1],
        target_mac=written(known.macs[:6]),
        hour=EPOCH + int.from_bytes(key[:4], "big") * HOUR,
        silent=known.silent,
        refused=known.refused,
        answered=known.answered,
        connected=known.connected,
        bytes_in=known.bytes_in,
        bytes_out=known.bytes_out,
        first=known.first,
        last=known.last,
    )


def _add(known: Sum, connection: Connection, before: ConnectionState | None) -> None:
    """Count a connection once for each thing it newly was."""
    known.silent += connection.state is ConnectionState.ATTEMPTED
    known.refused += connection.state is ConnectionState.REFUSED
    known.answered += before is None and connection.state in (ConnectionState.ANSWERED, *REAL)
    known.connected += connection.state in REAL and before not in REAL
    if connection.state is ConnectionState.CLOSED and before is not ConnectionState.CLOSED:
        known.bytes_in += connection.bytes_in
        known.bytes_out += connection.bytes_out
    known.last = connection.changed
