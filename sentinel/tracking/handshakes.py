"""Whether both halves of a handshake pass: what is missing was lost before our card.

A SYN-ACK that comes to a machine of ours answers a SYN of that machine, which must have passed the same port just
before. Where it has not, the mirror has lost it: a switch that copies two directions of a busy line to one port
has no room for all of it, and no counter of ours reaches there. Only handshakes that begin inside are looked at,
since a stranger can send what he likes; a SYN-ACK that its receiver resets was one of his (RFC 9293 section
3.10.7.3).
"""

from collections import OrderedDict
from datetime import timedelta

from sentinel.model.moment import Moment
from sentinel.model.networks import Networks, Place
from sentinel.model.packet import Flags, Segment, raw_mac, source_of, target_of

REMEMBERED = timedelta(minutes=2)
"""A SYN may be answered, and its answer be sent again, for so long: Linux tries five times, doubling a second."""
LATE = timedelta(seconds=2)
"""What is read later may have passed earlier: for so long a missing SYN may still come, or its reset."""
MOST = 8_192

SYN, RST, ACK = int(Flags.SYN), int(Flags.RST), int(Flags.ACK)
"""As plain numbers: an enumeration takes ten times as long."""
HALVES = SYN | RST
"""What a handshake is made of, or undone by: no other segment needs to be fed."""

Half = tuple[int, int]
"""The sequence number that a SYN-ACK acknowledges, and the port of whom it comes to."""


class Handshakes:
    """The SYNs of our machines in the last minutes, and the SYN-ACKs that answer none of them.

    Args:
        networks: what is ours.
        own_mac: of the card that captures: what it sends need not come to the capture, and proves no mirror.
    """

    def __init__(self, networks: Networks, own_mac: str = "") -> None:
        self.networks = networks
        self.opened = 0
        """Handshakes of which both halves passed."""
        self.unopened = 0
        """SYN-ACKs without their SYN."""
        self._own = raw_mac(own_mac)
        self._begun: Moment | None = None
        self._syns: OrderedDict[Half, Moment] = OrderedDict()
        self._answers: OrderedDict[Half, Moment] = OrderedDict()

    def feed(self, segment: Segment) -> None:
        """Note a half of a handshake, if it is one of ours."""
        if segment.flags & RST:
            self._answers.pop((segment.seq, segment.source_port), None)
        elif not segment.flags & SYN:
            return
        elif not segment.flags & ACK:
            self._open(segment)
        elif segment.macs[:6] != self._own and self._is_inside(target_of(segment.way)):
            self._answer(segment)

    def doubt(self, at: Moment) -> None:
        """SYNs were not looked at singly, or had to make room at once: ours may have been among them."""
        self._begun = at

    def tick(self, at: Moment) -> None:
        """Once a second: SYN-ACKs that have waited long enough are counted, and what is old is forgotten."""
        self._begun = self._begun or at
        while self._answers and at.since(next(iter(self._answers.values()))) > LATE:
            self._answers.popitem(last=False)
            self.unopened += at.since(self._begun) > REMEMBERED  # sooner, its SYN may have passed before we came
        while self._syns and at.since(next(iter(self._syns.values()))) > REMEMBERED:
            self._syns.popitem(last=False)

    def _open(self, syn: Segment) -> None:
        if not self._is_inside(source_of(syn.way)):
            return
        half = ((syn.seq + 1) % (1 << 32), syn.source_port)
        self.opened += self._answers.pop(half, None) is not None
        oldest = _remember(self._syns, half, syn.at)
        if oldest is not None and syn.at.since(oldest) <= LATE:
            self.doubt(syn.at)  # its answer may be on its way; what is older was answered, or never is

    def _is_inside(self, address: bytes) -> bool:
        return self.networks.end(address).place is Place.INSIDE

    def _answer(self, answer: Segment) -> None:
        half = (answer.ack, answer.target_port)
        if half in self._syns:
            self.opened += 1
        else:
            _remember(self._answers, half, answer.at)


def _remember(table: OrderedDict[Half, Moment], half: Half, at: Moment) -> Moment | None:
    """From when the oldest was, where it had to make room.

    What is forgotten here is counted nowhere: a half is a hint at the mirror, and no connection hides in it.
    """
    table[half] = at
    table.move_to_end(half)
    return table.popitem(last=False)[1] if len(table) > MOST else None
