"""How many rows an hour has: for a door, for all of them, and for what came to nothing.

Whoever floods a door that is open makes it answer as often as he likes, under any name; with names of his own he
makes connections, and with patience associations. What is worth less leaves room for what is worth more, so that
none of these pushes into a sum what he cannot make more dearly: of a door's rows an answer nobody took up gets
the first half, a client that was there the first three quarters, an association all.
"""

from enum import IntEnum

from sentinel.model.connection import Connection, ConnectionState

ROWS = 1_000
"""Rows an hour for the answered connections of one door."""
ALL_ROWS = 8_192
"""Rows an hour for answered connections of all doors: a machine may seem to have all of them open."""
TRIES = 256
"""Rows an hour for what came to nothing from one network."""
ALL_TRIES = 4_096
"""Rows an hour for what came to nothing, from everywhere."""
REAL = (ConnectionState.CONNECTED, ConnectionState.CLOSED)


class Worth(IntEnum):
    """What a connection costs whoever wants to make many of its like."""

    ANSWERED = 0
    CONNECTED = 1
    ASSOCIATED = 2


QUARTERS = {Worth.ANSWERED: 2, Worth.CONNECTED: 3, Worth.ASSOCIATED: 4}
"""How far into the rows of an hour each may go."""


def worth(connection: Connection) -> Worth:
    """Of a connection that was answered."""
    if connection.dicom is not None:
        return Worth.ASSOCIATED
    return Worth.CONNECTED if connection.state in REAL else Worth.ANSWERED


class Shares:
    """What is left of this hour's rows."""

    def __init__(self, rows: int = ROWS, all_rows: int = ALL_ROWS) -> None:
        self._rows = rows
        self._all_rows = all_rows
        self._doors: dict[bytes, int] = {}
        self._tries: dict[bytes, int] = {}
        self._given = self._all_tries = 0
        self.is_tried = False
        """Nothing more that comes to nothing gets a row in this hour, whoever it is of."""

    def renew(self) -> None:
        """A new hour."""
        self._doors.clear()
        self._tries.clear()
        self._given = self._all_tries = 0
        self.is_tried = False

    def may_have(self, door: bytes, of: Worth) -> bool:
        """Whether there is room at this door for one more row of such a connection, which is taken."""
        given = self._doors.get(door, 0)
        if 4 * given >= self._rows * QUARTERS[of] or 4 * self._given >= self._all_rows * QUARTERS[of]:
            return False
        self._doors[door] = given + 1
        self._given += 1
        return True

    def may_try(self, network: bytes, *, ask: bool = False) -> bool:
        """Whether there is room for one more row of what came to nothing, which is taken unless this only asks."""
        tries = self._tries.get(network, 0)
        if tries >= TRIES or self.is_tried:
            return False
        if not ask:
            self._tries[network] = tries + 1
            self._all_tries += 1
            self.is_tried = self._all_tries >= ALL_TRIES
        return True
