"""What is known of the practice's machines: when each was last alive, its hardware address, which hold imaging."""

from datetime import timedelta
from typing import TypeVar

from sentinel.model.exposure import Nature
from sentinel.model.finding import Finding
from sentinel.model.incident import Incident
from sentinel.model.machine import HostSighting
from sentinel.model.moment import Address, Moment

REMEMBERED = 20_000
"""Names; a flood of invented machines forgets the silent ones first."""


Name = TypeVar("Name")
Value = TypeVar("Value")


class Machines:
    """Machines by name: a MAC address, or an internet address as text."""

    def __init__(self) -> None:
        self._alive: dict[str, Moment] = {}
        self._macs: dict[str, str] = {}
        self._imaging: dict[str, None] = {}
        self._natures: dict[tuple[str, int | None], Nature] = {}

    def see(self, sighting: HostSighting) -> None:
        """A machine was alive."""
        address = str(sighting.address)
        for name in (sighting.mac, address):
            _renew(self._alive, name, sighting.at)
        _renew(self._macs, address, sighting.mac)

    def seen(self, name: str) -> Moment | None:
        """When it was last alive."""
        return self._alive.get(name)

    def awake(self, at: Moment, within: timedelta) -> frozenset[str]:
        """The names of those alive so shortly before."""
        return frozenset(name for name, seen in self._alive.items() if at.since(seen) <= within)

    def mac(self, address: Address) -> str | None:
        """The hardware address last seen with an internet address."""
        return self._macs.get(str(address))

    def learn(self, told: Finding | Incident) -> None:
        """What was recognised at a door stays known of it; imaging makes its machine an imaging machine."""
        if told.nature is not None:
            for name in (told.mac, told.machine and str(told.machine)):
                if name:
                    _renew(self._natures, (name, told.port), told.nature)
        if told.nature is Nature.IMAGING:
            for name in (told.mac, told.machine and str(told.machine)):
                if name:
                    _renew(self._imaging, name, None)

    def nature(self, name: str, port: int) -> Nature | None:
        """What was last recognised at a machine's inside port, also behind a door that was closed since."""
        return self._natures.get((name, port))

    def is_imaging(self, address: Address) -> bool:
        """Whether imaging was recognised there, under this address or under the hardware address it has now."""
        return str(address) in self._imaging or self.mac(address) in self._imaging


def _renew(known: dict[Name, Value], name: Name, value: Value) -> None:
    known.pop(name, None)
    known[name] = value
    while len(known) > REMEMBERED:
        del known[next(iter(known))]
