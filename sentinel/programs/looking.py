"""When `watch` looks at the box from inside, and what follows for the questions to the echo."""

import logging
from collections.abc import Callable, Iterator, Mapping

from sentinel.clock import Clock
from sentinel.model.box import BoxReading
from sentinel.model.moment import Address
from sentinel.reach.box import read_box
from sentinel.reach.mapped import Mapped

log = logging.getLogger(__name__)


class Looking:
    """The job that reads the box.

    Args:
        box: the box's addresses on the LAN, as they are known now.
        ask_about: takes the public ports the box maps, each with the port inside.
        clock: the present.
        mapped: which of them are asked about.
    """

    def __init__(
        self,
        box: Callable[[], tuple[Address, ...]],
        ask_about: Callable[[Mapping[int, int]], None],
        clock: Clock,
        mapped: Mapped | None = None,
    ) -> None:
        self._box = box
        self._ask_about = ask_about
        self._clock = clock
        self._mapped = mapped or Mapped()
        self._said = ""

    def work(self) -> Iterator[BoxReading]:
        """One look; nothing while there is no network, or none with a box."""
        gateway = gateway_of(self._box())
        if gateway is None:
            return
        reading = read_box(gateway, self._clock)
        self._note(reading)
        self._ask_about(self._mapped.take(reading))  # before a new mapping makes a check due
        yield reading

    def _note(self, reading: BoxReading) -> None:
        """Log the change, not the state."""
        said = f"{reading.reading}, {len(reading.mappings)} mappings; {reading.detail}".rstrip("; ")
        if said != self._said:
            self._said = said
            log.info("the box %s was asked from inside: %s", reading.gateway, said)


def gateway_of(box: tuple[Address, ...]) -> Address | None:
    """The address by which the box is read: UPnP and NAT-PMP are IPv4 things."""
    return next((each for each in box if each.version == 4), None)
