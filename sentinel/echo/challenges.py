"""Challenges: proof that a signed question was made for this very connection, now, and is used once.

Kept in memory, because they die with their connection and after a minute anyway.
"""

from asyncio import BaseTransport
from dataclasses import dataclass
from datetime import timedelta
from weakref import ReferenceType, ref

from sentinel.clock import Clock
from sentinel.echo.protocol import CHALLENGE_S, token
from sentinel.echo.refused import Refused
from sentinel.model.moment import Address, Moment

REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who stands at the other end of one connection: the socket's word, never a header's."""

    address: Address
    port: int
    arrived_at: Address
    """Our address they came to."""
    connection: BaseTransport
    """The transport: the same object for as long as the connection lives."""


@dataclass(slots=True, kw_only=True)
class _Issued:
    address: Address
    connection: ReferenceType[BaseTransport]
    """Weak: a number would be given to the next connection once this one is gone."""
    at: Moment
    spent: bool = False


class Challenges:
    """Gives them out and takes them back once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issued: dict[str, _Issued] = {}

    def issue(self, caller: Caller) -> str:
        """A new challenge for this connection."""
        self._forget()
        name = token()
        self._issued[name] = _Issued(address=caller.address, connection=ref(caller.connection), at=self._clock())
        return name

    def spend(self, name: str, caller: Caller) -> None:
        """Use a challenge up.

        Raises:
            Refused: it is not ours, too old, used, or was given to another address or connection.
        """
        issued = self._issued.get(name)
        if issued is None or self._is_old(issued):
            raise Refused("challenge_invalid")
        if issued.spent:
            raise Refused("replay")
        if issued.address != caller.address:
            raise Refused("address_changed")
        if issued.connection() is not caller.connection:
            raise Refused("challenge_invalid")
        issued.spent = True

    def _is_old(self, issued: _Issued) -> bool:
        return self._clock().since(issued.at) > timedelta(seconds=CHALLENGE_S)

    def _forget(self) -> None:
        """Drop the old ones, which are the first: a dictionary keeps the order of coming."""
        for name, issued in list(self._issued.items()):
            if not self._is_old(issued) and len(self._issued) < REMEMBERED:
                return
            del self._issued[name]
