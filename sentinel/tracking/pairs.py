"""Who has just been talking to whom: what the next segment of a pair would tell again is not asked again.

That a machine is alive and which way its traffic passes the port is worth a question every few seconds, and not
one for each of the thousand segments of a visit outside, which are nearly all that passes.
"""

from datetime import timedelta
from typing import NamedTuple

from sentinel.model.connection import Direction
from sentinel.model.moment import Moment
from sentinel.model.networks import Networks, Place, crossing
from sentinel.model.packet import Segment, source_of, target_of
from sentinel.tracking.following import RST, SYN

LASTS = timedelta(seconds=10)
"""So long a pair is known: a sighting may be told so much later than it could be, by whatever is said next."""
MOST = 1_024
"""Lines remembered for so long. Strangers make few, for one of ours must have said more to them than yes or no."""
OURS = (Place.INSIDE, Place.BOX)


class Line(NamedTuple):
    """One direction of a pair."""

    macs: bytes
    """As in `Segment.macs`: the same addresses behind other cards are another pair."""
    inward: bool
    crosses: bool
    """It goes in or out, and not from one of ours to another."""
    with_stranger: bool
    """Between one of ours and somebody outside: most of it is a visit of ours there, of which nothing is told."""
    until: timedelta
    """By the boot clock."""


class Pairs:
    """Those of the last seconds, and no others: nobody's visits are remembered here.

    Args:
        networks: what is ours.
    """

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._lines: dict[bytes, Line] = {}

    def adopt(self, networks: Networks) -> None:
        """The practice's networks have changed."""
        self._networks = networks
        self._lines.clear()

    def line(self, segment: Segment) -> Line | None:
        """The pair it is of; None where that is not known, or was long ago."""
        line = self._lines.get(segment.way[:-4])
        if line is None or line.macs != segment.macs or segment.at.boot > line.until:
            return None
        return line

    def meet(self, segment: Segment) -> None:
        """Know a pair by what one of ours says.

        The answers of a stranger come the same way back, or are another's; one of ours is met when he answers, for
        he is to be sighted too, and the box, which is as well, is met never. What begins or refuses a connection
        may be provoked by as many as there are.
        """
        source, target = source_of(segment.way), target_of(segment.way)
        ours, other = self._networks.end(source), self._networks.end(target)
        if ours.place is not Place.INSIDE or segment.flags & (SYN | RST):
            return
        if len(self._lines) >= MOST:
            self._lines.clear()
        macs, until = segment.macs, segment.at.boot + LASTS
        crosses = other.place is not Place.INSIDE
        with_stranger = crossing(ours, other) is Direction.OUTBOUND
        self._lines[source + target] = Line(macs, False, crosses, with_stranger, until)
        if other.place not in OURS:
            self._lines[target + source] = Line(macs[6:] + macs[:6], crosses, crosses, with_stranger, until)

    def tick(self, at: Moment) -> None:
        """Once a second: whom nobody has talked to for so long is forgotten."""
        for each in [each for each, line in self._lines.items() if at.boot > line.until]:
            del self._lines[each]
