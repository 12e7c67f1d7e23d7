"""Connections by the way of their packets, either direction; when it is full, the least is forgotten first, and of
equals the one that has been silent for longest.

What a stranger alone has said makes room before what is over, that before what was merely answered, and that
before a client that is real: nobody pushes a connection that carries images out of memory by knocking at doors.
"""

from collections import OrderedDict
from collections.abc import Iterator, Set
from typing import Final

from sentinel.tracking.flow import Flow, Rank

MOST = 4_096
"""A flow takes about a kilobyte."""


class Table:
    """Flows, each under both its ways."""

    def __init__(self, most: int = MOST) -> None:
        self.forgotten = 0
        """Those that made room though they were not over: what comes of them is not told any more."""
        self._most = most
        self._ways: dict[bytes, Flow] = {}
        self.find: Final = self._ways.get
        """The flow a way belongs to, as the client's or as the server's, or None; asked for every frame."""
        self._ranks: dict[Rank, OrderedDict[bytes, Flow]] = {rank: OrderedDict() for rank in Rank}

    def known(self, ways: Set[bytes]) -> Set[bytes]:
        """Those of these ways that belong to a flow."""
        return ways & self._ways.keys()

    def keep(self, flow: Flow) -> None:
        """A new flow, or one whose rank may have changed."""
        rank = flow.rank
        if flow.filed is rank:
            self._ranks[rank].move_to_end(flow.way)
            return
        if flow.filed is not None:
            del self._ranks[flow.filed][flow.way]
        elif self._has_room(rank):
            self._ways[flow.way] = self._ways[flow.back] = flow
        else:
            return
        self._ranks[rank][flow.way] = flow
        flow.filed = rank

    def drop(self, flow: Flow) -> None:
        """It is forgotten."""
        if flow.filed is None:
            return
        del self._ranks[flow.filed][flow.way]
        self._ways.pop(flow.way)
        self._ways.pop(flow.back, None)
        flow.filed = None

    def _has_room(self, rank: Rank) -> bool:
        """For a newcomer of this rank: none where all others are worth more."""
        if len(self) < self._most:
            return True
        least = next(each for each in Rank if self._ranks[each])
        if least > rank:
            self.forgotten += 1
            return False
        oldest = next(iter(self._ranks[least].values()))
        self.forgotten += least is not Rank.OVER or oldest.is_doubted
        self.drop(oldest)
        return True

    def __iter__(self) -> Iterator[Flow]:
        return iter([flow for rank in self._ranks.values() for flow in rank.values()])

    def __len__(self) -> int:
        return sum(map(len, self._ranks.values()))
