"""Connections that an inside machine makes to our own public address, and the box turns back to the inside.

The box shows them under its own address, as it would a stranger whose source it hides. The mirror shows both legs,
and the box keeps the initial sequence number: 32 bits that a stranger would have to guess within a second. Which
public address was called goes along with the fact, for `watch` alone knows whether it is ours: somebody whose own
server a machine of ours is just calling knows such a number, but not at our address.
"""

from collections import OrderedDict
from datetime import timedelta

from sentinel.model.moment import Address, Moment
from sentinel.model.packet import Segment

TURN = timedelta(seconds=1)
"""The box needs no longer to turn a packet back."""
MOST = 4096


class Hairpins:
    """The last calls from inside to outside, for a second each; nothing else is remembered of them."""

    def __init__(self) -> None:
        self._calls: OrderedDict[int, tuple[Address, Moment]] = OrderedDict()

    def leaves(self, syn: Segment) -> None:
        """A machine of ours calls somebody outside."""
        self._calls.pop(syn.seq, None)
        self._calls[syn.seq] = (syn.target, syn.at)
        while len(self._calls) > MOST or syn.at.since(next(iter(self._calls.values()))[1]) > TURN:
            self._calls.popitem(last=False)

    def returns(self, syn: Segment) -> Address | None:
        """The public address that was called by what the box now brings inside; None: nobody here called."""
        called, at = self._calls.get(syn.seq, (None, syn.at))
        return called if syn.at.since(at) <= TURN else None
