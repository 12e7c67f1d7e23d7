"""What the echo is told of the doors it knocks at, so that no service is asked twice, and none harmed twice.

An echo asks a service who it is once a day; another echo does not know of that, and we do. A service that stopped
after the question is asked by none of them again, and a printer prints whatever it is asked.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

from sentinel.model.declared import Identify
from sentinel.model.exposure import AfterProbe, Exposure, Kind, Reach
from sentinel.model.moment import Moment

KEPT = timedelta(days=1)
"""What answered longer ago may be another service today."""
SHUT = frozenset({Reach.CLOSED, Reach.FILTERED, Reach.UNREACHABLE})

PRINTERS = range(9100, 9108)
"""Whatever is sent to such a port is printed."""

Place = tuple[int, int]
"""Family and public port."""


class Known:
    """What answered where, and what is never to be asked.

    Args:
        kinds: what answered lately and when, from the store.
        fragile: where the service stopped after our question, from the store.
    """

    def __init__(
        self, kinds: Mapping[Place, tuple[Kind, Moment]] | None = None, fragile: Collection[Place] = ()
    ) -> None:
        self._kinds = dict(kinds or {})
        self._fragile = set(fragile)
        self._printers: frozenset[Place] = frozenset()

    def lead_to(self, inside: Mapping[int, int]) -> None:
        """What the box maps, public port to inside port: an echo spares printers, and sees only the public one."""
        self._printers = frozenset((4, port) for port, leads_to in inside.items() if leads_to in PRINTERS)

    def learn(self, exposure: Exposure) -> None:
        """One more answer; a door that was shut since may open to another service."""
        place, app = (exposure.address.version, exposure.port), exposure.app
        if app is not None and app.after_probe is AfterProbe.GONE:
            self._fragile.add(place)
        if app is not None and app.kind is not Kind.UNKNOWN:
            self._kinds[place] = (app.kind, exposure.at)
        elif exposure.reach in SHUT:
            self._kinds.pop(place, None)

    def among(self, family: int, ports: Collection[int], now: Moment) -> dict[int, Kind]:
        """Of the doors of one question those that are not to be asked, as far as the question allows for it."""
        lately = {place: kind for place, (kind, at) in list(self._kinds.items()) if now.since(at) < KEPT}
        fragile = {port: Kind.SILENT for of, port in self._spared(family)}
        told = {**fragile, **{port: kind for (of, port), kind in lately.items() if of == family}}
        return {port: told[port] for port in sorted(told.keys() & set(ports))}

    def _spared(self, family: int) -> list[Place]:
        """Where no question may be put at all."""
        return [place for place in {*self._printers, *self._fragile} if place[0] == family]

    def softened(self, wish: Identify, family: int) -> Identify:
        """`Identify.ALL` has an echo ask what we know too: not where a service is known not to bear it."""
        return Identify.NEW if wish is Identify.ALL and self._spared(family) else wish
