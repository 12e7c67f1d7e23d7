"""Too many to keep one by one: what exceeds its share of rows is summed per network, door and hour.

Every answered connection is a row or is counted: 1,000 rows an hour and door, then sums. Attempts that came to
nothing share fewer rows, by source network, so that a scan cannot fill the store while an echo's refused knock
is still told one by one.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from sentinel.model.connection import Attempts, Connection, ConnectionState, Direction
from sentinel.model.moment import Address

ROWS = 1_000
"""Rows an hour for the answered connections of one door."""
ALL_ROWS = 65_536
"""Rows an hour for answered connections of all doors: a machine may seem to have all of them open."""
TRIES = 256
"""Rows an hour for what came to nothing from one network."""
ALL_TRIES = 4_096
"""Rows an hour for what came to nothing, from everywhere."""
SUMS = 20_000
VAIN = (ConnectionState.ATTEMPTED, ConnectionState.REFUSED)

Door = tuple[datetime, Address, int]
Sum = tuple[str, Address, int, datetime]


class Summing:
    """Decides, for each connection told, whether it keeps a row of its own."""

    def __init__(self, *, rows: int = ROWS, all_rows: int = ALL_ROWS, sums: int = SUMS) -> None:
        self.forgotten = 0
        self._rows = rows
        self._all_rows = all_rows
        self._most = sums
        self._doors: dict[Door, int] = {}
        self._tries: dict[str, int] = {}
        self._all_tries = 0
        self._own: set[int] = set()
        self._counted: dict[int, ConnectionState] = {}
        self._sums: dict[Sum, Attempts] = {}
        self._changed: set[Sum] = set()
        self._hour: datetime | None = None

    def take(self, connection: Connection) -> Iterator[Connection]:
        """Let it pass, or count it."""
        hour = connection.opened.wall.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        self._turn(connection.changed.wall.astimezone(UTC).replace(minute=0, second=0, microsecond=0))
        if connection.direction is not Direction.INBOUND or self._has_row(connection, hour):
            yield connection
        else:
            self._count(connection, hour)

    def changed(self) -> Iterator[Attempts]:
        """The sums that moved since the last call."""
        for key in sorted(self._changed, key=str):
            yield self._sums[key]
        self._changed.clear()

    def _turn(self, hour: datetime) -> None:
        """A new hour, or a clock set back: the sums have been told, and the doors start anew."""
        if self._hour is None:
            self._hour = hour
        if hour > self._hour or hour < self._hour - timedelta(hours=1):
            self._hour = hour
            self._doors.clear()
            self._tries.clear()
            self._all_tries = 0
            self._own.clear()
            self._counted.clear()
            self._sums = {key: self._sums[key] for key in self._changed}

    def _has_row(self, connection: Connection, hour: datetime) -> bool:
        if connection.serial in self._own:
            return True
        if connection.state in VAIN:
            return self._may_try(_network(connection.source))
        door = (hour, connection.target, connection.target_port)
        full = self._doors.get(door, 0) >= self._rows or len(self._own) >= self._all_rows
        if full or connection.serial in self._counted:
            return False
        self._doors[door] = self._doors.get(door, 0) + 1
        self._own.add(connection.serial)
        return True

    def _may_try(self, network: str) -> bool:
        tries = self._tries.get(network, 0)
        if tries >= TRIES or self._all_tries >= ALL_TRIES:
            return False
        self._tries[network] = tries + 1
        self._all_tries += 1
        return True

    def _count(self, connection: Connection, hour: datetime) -> None:
        key = (_network(connection.source), connection.target, connection.target_port, hour)
        known = self._sums.get(key)
        if known is None:
            if len(self._sums) >= self._most:
                self.forgotten += 1
                return
            known = _empty(connection, hour)
        self._sums[key] = _add(known, connection, self._counted.get(connection.serial))
        self._changed.add(key)
        if connection.state not in VAIN:
            self._counted[connection.serial] = connection.state
            if len(self._counted) > self._all_rows:
                del self._counted[next(iter(self._counted))]


def _network(source: Address) -> str:
    return str(ip_network(f"{source}/{24 if source.version == 4 else 64}", strict=False))


def _empty(connection: Connection, hour: datetime) -> Attempts:
    return Attempts(
        source_network=_network(connection.source),
        target=connection.target,
        target_port=connection.target_port,
        target_mac=connection.target_mac,
        hour=hour,
        first=connection.opened,
        last=connection.changed,
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
