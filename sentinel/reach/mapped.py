"""Which public ports the box maps, as far as they are asked about because of it.

An echo takes 16 different ports in 24 hours beyond its lists, and a program that asks for another mapping every
hour must use up neither them nor the checks. So there are a few places, and whatever takes one keeps it for a day
after it was last listed: the check that comes after that also proves it closed. In no 24 hours are more than two
ports for each place asked about, the one that leaves it and the one that comes.
"""

from dataclasses import dataclass
from datetime import timedelta

from sentinel.model.box import BoxReading, Mapping, Transport
from sentinel.model.moment import Moment
from sentinel.services import Alarm, alarm

MOST = 8
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    inside: int
    last: Moment


class Mapped:
    """The ports mapped lately.

    Args:
        most: places for ports beyond the echo's lists, half as many as may be asked about in a day.
        listed: ports that are asked about anyway, of which 8 more are kept.
    """

    def __init__(self, most: int = MOST, listed: frozenset[int] = frozenset()) -> None:
        self._places = {True: MOST, False: min(most, MOST)}
        self._listed = listed
        self._ports: dict[int, _Listed] = {}

    def take(self, reading: BoxReading) -> dict[int, int]:
        """The ports to ask about after one more look at the box, each with the port inside; red doors first."""
        self._ports = {port: kept for port, kept in self._ports.items() if reading.at.since(kept.last) < KEPT}
        for each in _ranked(reading):
            if each.outside_port in self._ports or self._has_place(each.outside_port):
                self._ports[each.outside_port] = _Listed(inside=each.inside_port, last=reading.at)
        inside = {port: kept.inside for port, kept in sorted(self._ports.items())}
        return dict(sorted(inside.items(), key=lambda door: alarm(door[1]) is not Alarm.OPEN))

    def _has_place(self, port: int) -> bool:
        is_listed = port in self._listed
        taken = sum((other in self._listed) is is_listed for other in self._ports)
        return taken < self._places[is_listed]


def _ranked(reading: BoxReading) -> list[Mapping]:
    """The mappings of TCP ports, those that lead to a red door first."""
    enabled = [each for each in reading.mappings if each.enabled and each.transport is Transport.TCP]
    return sorted(enabled, key=lambda each: (alarm(each.inside_port) is not Alarm.OPEN, each.outside_port))
