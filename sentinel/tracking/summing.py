"""Too many to keep one by one: what exceeds its share of rows is summed per network, door and hour.

Every answered connection is a row or is counted: 1,000 rows an hour and door, then sums. Attempts that came to
nothing share fewer rows, by source network, so that a scan cannot fill the store while an echo's refused knock
is still told one by one. A flood with invented sources has more networks than anybody could read: from the 257th
of one door on they are summed together, as 0.0.0.0/0 or ::/0.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from sentinel.model.connection import Attempts, Connection, ConnectionState, Direction
from sentinel.model.moment import Address, Moment, unpacked
from sentinel.model.packet import SHORT
from sentinel.tracking.halfopen import Attempt, Half

ROWS = 1_000
"""Rows an hour for the answered connections of one door."""
ALL_ROWS = 16_384
"""Rows an hour for answered connections of all doors: a machine may seem to have all of them open."""
REMEMBERED = 16_384
"""Connections of which is known whether they have a row: twice as many as are followed at once. What comes
of an older one is told under its serial again, or counted again: rather once too often than not at all."""
TRIES = 256
"""Rows an hour for what came to nothing from one network."""
ALL_TRIES = 4_096
"""Rows an hour for what came to nothing, from everywhere."""
SUMS = 20_000
NETWORKS = 256
"""Source networks of one door that are summed apart, within an hour."""
AT_ONCE = 1_000
"""Sums told in one second; the others wait for the next, and are then told with what came meanwhile."""
VAIN = (ConnectionState.ATTEMPTED, ConnectionState.REFUSED)
EVERYWHERE = b""

Door = tuple[datetime, Address, int]
Sum = tuple[bytes, Address, int, datetime]


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
        self._rows = rows
        self._all_rows = all_rows
        self._most = sums
        self._doors: dict[Door, int] = {}
        self._tries: dict[bytes, int] = {}
        self._all_tries = self._rows_given = 0
        self._own: OrderedDict[int, None] = OrderedDict()
        self._before = -1
        """The highest serial that had a row and is not remembered any more."""
        self._counted: OrderedDict[int, ConnectionState] = OrderedDict()
        self._sums: dict[Sum, Attempts] = {}
        self._networks: dict[Door, int] = {}
        self._changed: dict[Sum, None] = {}
        self._hour: datetime | None = None

    def take(self, connection: Connection) -> Iterator[Connection]:
        """Let it pass, or count it."""
        hour = connection.opened.wall.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        self._turn(connection.changed.wall.astimezone(UTC).replace(minute=0, second=0, microsecond=0))
        if connection.direction is not Direction.INBOUND or self._has_row(connection, hour):
            yield connection
        else:
            self._count(connection, hour)

    def silent(
        self, attempts: Iterable[Attempt], tell: Callable[[bytes, Half], Connection]
    ) -> Iterator[Connection]:
        """Attempts that nothing answered: rows while there is room, then sums, made of thousands at once.

        Args:
            attempts: of strangers, oldest first.
            tell: makes one of them a fact.
        """
        many: dict[bytes, Many] = {}
        for way, half in attempts:
            if self._may_try(way[:3] if len(way) == SHORT else way[:8], ask=True):
                yield from self.take(tell(way, half))
                continue
            door = way[:3] + way[4:8] + way[10:] if len(way) == SHORT else way[:8] + way[16:32] + way[34:]
            known = many.get(door)
            if known is None:
                many[door] = Many(1, half, half)
            else:
                known.count += 1
                known.last = half
        for door, each in many.items():
            self._count_many(door, each)

    def changed(self) -> list[Attempts]:
        """Sums that moved since they were last told; the longest waiting first."""
        told = list(islice(self._changed, AT_ONCE))
        for key in told:
            del self._changed[key]
        return [self._sums[key] for key in told]

    def _turn(self, hour: datetime) -> None:
        """A new hour, or a clock set back: the doors have their shares again. Who has a row keeps it."""
        if self._hour is None:
            self._hour = hour
        if hour > self._hour or hour < self._hour - timedelta(hours=1):
            self._hour = hour
            self._doors.clear()
            self._tries.clear()
            self._all_tries = self._rows_given = 0
            self._networks.clear()
            lasts = hour - timedelta(hours=1)  # what began in the last hour may come to its end in this one
            self._sums = {key: each for key, each in self._sums.items() if key[3] >= lasts or key in self._changed}

    def _has_row(self, connection: Connection, hour: datetime) -> bool:
        if connection.serial in self._own:
            return True
        if connection.serial in self._counted:
            return False
        if connection.state in VAIN:
            return self._may_try(_network(connection.source))
        if connection.serial <= self._before:
            return True
        door = (hour, connection.target, connection.target_port)
        if self._doors.get(door, 0) >= self._rows or self._rows_given >= self._all_rows:
            return False
        self._doors[door] = self._doors.get(door, 0) + 1
        self._rows_given += 1
        self._own[connection.serial] = None
        if len(self._own) > self._remembered:
            self._before = max(self._before, self._own.popitem(last=False)[0])
        return True

    def _may_try(self, network: bytes, *, ask: bool = False) -> bool:
        """Whether there is room for one more row, which is taken unless this only asks."""
        tries = self._tries.get(network, 0)
        if tries >= TRIES or self._all_tries >= ALL_TRIES:
            return False
        if not ask:
            self._tries[network] = tries + 1
            self._all_tries += 1
        return True

    def _count(self, connection: Connection, hour: datetime) -> None:
        key = self._key(_network(connection.source), connection.target, connection.target_port, hour)
        known = self._sums.get(key) or _empty(key, connection.target_mac, connection.opened)
        if self._put(key, _add(known, connection, self._counted.get(connection.serial)), 1):
            self._remember(connection)

    def _remember(self, connection: Connection) -> None:
        """What it was counted as, so that it is counted once for each thing it was."""
        if connection.state in VAIN:
            return
        self._counted[connection.serial] = connection.state
        if len(self._counted) > self._remembered:
            self._counted.popitem(last=False)

    def _count_many(self, door: bytes, many: Many) -> None:
        size = 3 if len(door) == 9 else 8
        target, port = unpacked(door[size:-2]), door[-2] << 8 | door[-1]
        hour = many.last.at.wall.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        self._turn(hour)
        key = self._key(door[:size], target, port, hour)
        known = self._sums.get(key) or _empty(key, many.first.macs[:6].hex(":"), many.first.at)
        self._put(key, replace(known, silent=known.silent + many.count, last=many.last.at), many.count)

    def _key(self, network: bytes, target: Address, port: int, hour: datetime) -> Sum:
        """Where it is summed: by its network, or with all others of a door that has too many."""
        key = (network, target, port, hour)
        if key in self._sums or self._networks.get((hour, target, port), 0) < NETWORKS:
            return key
        return (EVERYWHERE, target, port, hour)

    def _put(self, key: Sum, value: Attempts, count: int) -> bool:
        """Keep a sum; where there is no room for another, what it would count is counted as forgotten."""
        if key not in self._sums:
            if len(self._sums) >= self._most:
                self.forgotten += count
                return False
            door = (key[3], key[1], key[2])
            self._networks[door] = self._networks.get(door, 0) + 1
        self._sums[key] = value
        self._changed[key] = None
        return True


def _network(source: Address) -> bytes:
    """Its /24 or /64, as on the wire."""
    return source.packed[:3] if source.version == 4 else source.packed[:8]


def _named(network: bytes, target: Address) -> str:
    size = {3: 4, 8: 16}.get(len(network), target.max_prefixlen // 8)
    return f"{unpacked(network.ljust(size, bytes(1)))}/{len(network) * 8}"


def _empty(key: Sum, mac: str | None, first: Moment) -> Attempts:
    network, target, port, hour = key
    return Attempts(
        source_network=_named(network, target),
        target=target,
        target_port=port,
        target_mac=mac,
        hour=hour,
        first=first,
        last=first,
    )


def _add(known: Attempts, connection: Connection, before: ConnectionState | None) -> Attempts:
    """Count a connection once for each thing it newly was."""
    real = (ConnectionState.CONNECTED, ConnectionState.CLOSED)
    ended = connection.state is ConnectionState.CLOSED and before is not ConnectionState.CLOSED
    return replace(
        known,
        silent=known.silent + (connection.state is ConnectionState.ATTEMPTED),
        refused=known.refused + (connection.state is ConnectionState.REFUSED),
        answered=known.answered + (before is None and connection.state in (ConnectionState.ANSWERED, *real)),
        connected=known.connected + (connection.state in real and before not in real),
        bytes_in=known.bytes_in + (connection.bytes_in if ended else 0),
        bytes_out=known.bytes_out + (connection.bytes_out if ended else 0),
        last=connection.changed,
    )
