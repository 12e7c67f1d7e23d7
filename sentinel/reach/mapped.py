"""Which public ports the box maps, as far as they are asked about because of it.

An echo takes 16 ports a day beyond its lists, and a program that asks for another mapping every hour must use up
neither them nor the checks: so eight at most, each kept for a day after it was last listed. The check that comes
after that also proves it closed.
"""

from datetime import timedelta

from sentinel.model.box import BoxReading, Transport
from sentinel.model.moment import Moment
from sentinel.services import Alarm, alarm

MOST = 8
KEPT = timedelta(days=1)


class Mapped:
    """The ports mapped lately."""

    def __init__(self) -> None:
        self._ports: dict[int, Moment] = {}
        """When each was last listed."""

    def take(self, reading: BoxReading) -> tuple[int, ...]:
        """The ports to ask about after one more look at the box."""
        at = reading.at
        self._ports = {port: last for port, last in self._ports.items() if at.since(last) < KEPT}
        for port in _ports(reading):
            if port in self._ports or len(self._ports) < MOST:
                self._ports[port] = at
        return tuple(sorted(self._ports))


def _ports(reading: BoxReading) -> list[int]:
    """The mapped TCP ports, those that lead to a red door first."""
    enabled = [each for each in reading.mappings if each.enabled and each.transport is Transport.TCP]
    ranked = sorted(enabled, key=lambda each: (alarm(each.inside_port) is not Alarm.OPEN, each.outside_port))
    return [each.outside_port for each in ranked]
