"""Our place in the network at one glance: what `listen` needs of it before its first frame, from /proc.

`surroundings` asks the kernel for more, by pyroute2, whose import takes longer than all of the start of `listen`.
"""

from pathlib import Path

from sentinel.capture.surroundings import Surroundings
from sentinel.model.networks import Network
from sentinel.routes import TABLES, routes


def glance(tables: Path = TABLES) -> Surroundings:
    """Interface, prefixes and gateways as `look_around` finds them; its other answers are empty here."""
    found = routes(tables)
    defaults = [route for route in found if not route.target.prefixlen]
    near = {route.target for route in found if route.hop is None and _is_of_many(route.target)}
    return Surroundings(
        interface=defaults[0].card if defaults else None,
        prefixes=tuple(sorted(str(network) for network in near)),
        gateways=tuple(sorted({str(route.hop) for route in defaults if route.hop})),
        families=(),
    )


def _is_of_many(target: Network) -> bool:
    """A network that somebody may have of his own: a tunnel's 0.0.0.0/1 is half of the internet, and nobody's."""
    widest = 8 if target.version == 4 else 20
    return widest <= target.prefixlen < target.max_prefixlen and not target.is_multicast and not target.is_loopback
