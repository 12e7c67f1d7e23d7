"""What a card shows beside the ring, once a second: foreign unicast, losses before our sockets, what is wrapped.

    kernel's counters ── netlink ─────────────▶ foreign, and what the card lost       no cost a frame
    /proc/net/softnet_stat ───────────────────▶ backlog, squeezed                     none
    counter sockets   ── PPPoE, by ethertype ─▶ wrapped                               nearly none: shown no other
                      ── GRE, IP in IP ───────▶ wrapped                               one second in sixty
                      ── unwanted ────────────▶ taken off `dropped`                   while there are any
                      ── foreign ─────────────▶ where the kernel does not count them  always

One program with a verdict for each kind would be one socket, and it would have to be read; branches in the ring's
own filter would cost other frames nothing as well, and bring frames of strangers' choosing to our memory. So each
kind has a socket, and each socket sleeps when it can.
"""

from dataclasses import fields
from datetime import timedelta

from sentinel.capture import tally
from sentinel.capture.counted import Card, Counted, softnet
from sentinel.capture.tally import Tally
from sentinel.errors import MissingDevice, MissingRight
from sentinel.model.coverage import Losses, Wrapping
from sentinel.model.moment import Moment

ROUND = 60
"""Seconds; in the first of them what is wrapped in IP is looked for. A mirror that wraps wraps everything."""
WAKE = 120
"""Seconds the counter of unwanted frames stays awake after the last: a switch speaks of itself each minute."""
TOLD = timedelta(hours=1)
"""How long a wrapping is told after it was last seen."""
NOTHING = Counted(missed=0, fifo=0, over=0, damaged=0, dropped=0, foreign=None)
"""Where the kernel says nothing."""


class Gauge:
    """Opens what counts, and reads it once a second; needs the ring's right and promiscuity.

    Raises:
        MissingRight: CAP_NET_RAW is needed.
        MissingDevice: there is no such interface.
    """

    def __init__(self, interface: str) -> None:
        try:
            self._card = Card(interface)
            self._last = self._card.read() or NOTHING
            self._foreign = Tally(interface, tally.foreign()) if self._last.foreign is None else None
            self._unwanted = Unwanted(interface)
            self._wrapped = Wrapped(interface)
        except PermissionError:
            raise MissingRight("counting what passes needs the right CAP_NET_RAW") from None
        except OSError as error:
            raise MissingDevice(f"cannot count what passes {interface!r}: {error.strerror or error}") from None
        self._softnet = softnet()
        self.losses = Losses()
        self.foreign = 0
        """Unicast frames for somebody else, since we count."""
        self.passed: Moment | None = None
        """When there was last one."""

    def read(self, at: Moment) -> None:
        """Bring the totals up to date; where the kernel says nothing they stay."""
        now = self._card.read() or self._last
        rises = _rises(self._last, now)
        self._last = now
        self._lose(rises)
        passed = self._foreign.count() if self._foreign else rises["foreign"]
        if passed:
            self.foreign, self.passed = self.foreign + passed, at
        self._wrapped.read(at)

    def wrapped(self, at: Moment) -> tuple[Wrapping, ...]:
        """What came wrapped of late."""
        return tuple(kind for kind, seen in self._wrapped.seen.items() if at.since(seen) <= TOLD)

    def _lose(self, rises: dict[str, int]) -> None:
        queues, self._softnet = self._softnet, softnet()
        known = self.losses
        self.losses = Losses(
            missed=known.missed + rises["missed"],
            fifo=known.fifo + rises["fifo"],
            over=known.over + rises["over"],
            damaged=known.damaged + rises["damaged"],
            refused=known.refused + self._unwanted.lost(rises["dropped"]),
            backlog=known.backlog + max(0, self._softnet[0] - queues[0]),
            squeezed=known.squeezed + max(0, self._softnet[1] - queues[1]),
        )

    def close(self) -> None:
        """Count no more."""
        for each in (self._card, self._foreign, self._unwanted, self._wrapped):
            if each is not None:
                each.close()


def _rises(before: Counted, now: Counted) -> dict[str, int]:
    """How much each counter has grown; a driver that was started anew counts from nothing."""
    pairs = {each.name: (getattr(before, each.name) or 0, getattr(now, each.name) or 0) for each in fields(now)}
    return {name: new - old if new >= old else new for name, (old, new) in pairs.items()}


class Unwanted:
    """Frames that the kernel counts as dropped though every socket was shown them: tagged ones of no protocol.

    A QinQ line, or a trunk of some switches, brings them all day, and nothing is lost with them. The counter is
    awake at first and while anything is dropped; at rest else, for it is shown every frame.
    """

    def __init__(self, interface: str) -> None:
        self._tally = Tally(interface, tally.unwanted())
        self._rests = False
        self._quiet = 0
        self._ahead = 0
        """Shown to us by now, and counted by the card after it was asked."""

    def lost(self, dropped: int) -> int:
        """How many of those the card has just told as dropped we were not shown."""
        fresh = self._tally.count()
        known = fresh + self._ahead
        self._ahead = min(fresh, max(0, known - dropped))
        self._sleep_or_wake(quiet=not (fresh or dropped))
        return max(0, dropped - known)

    def _sleep_or_wake(self, *, quiet: bool) -> None:
        self._quiet = self._quiet + 1 if quiet else 0
        rests = self._quiet > WAKE
        if rests is not self._rests:
            self._rests = rests
            (self._tally.rest if rests else self._tally.wake)()

    def close(self) -> None:
        """Count no more."""
        self._tally.close()


class Wrapped:
    """In what frames came wrapped, and when last."""

    def __init__(self, interface: str) -> None:
        self.seen: dict[Wrapping, Moment] = {}
        self._second = 0
        program = tally.wrapped(Wrapping.PPPOE)
        self._pppoe = [Tally(interface, program, each) for each in (tally.PPPOE, tally.PPPOE_DISCOVERY)]
        self._inside = {
            kind: Tally(interface, tally.wrapped(kind), rests=True) for kind in (Wrapping.COPY, Wrapping.TUNNEL)
        }

    def read(self, at: Moment) -> None:
        """Once a second."""
        found = {kind for kind, each in self._inside.items() if each.count()}
        if sum(each.count() for each in self._pppoe):
            found.add(Wrapping.PPPOE)
        self.seen |= dict.fromkeys(found, at)
        if self._second % ROUND in (0, 1):
            for each in self._inside.values():
                (each.rest if self._second % ROUND else each.wake)()
        self._second += 1

    def close(self) -> None:
        """Count no more."""
        for each in (*self._pppoe, *self._inside.values()):
            each.close()
