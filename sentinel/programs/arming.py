"""What `listen` does first: it opens its rings, and gives its rights back.

Few modules are needed for it; the kernel makes the rings while they are imported. The others, which read frames,
are imported afterwards, without a right, while frames already wait in the rings.
"""

from contextlib import ExitStack
from typing import NamedTuple

from sentinel.capture import link, rights
from sentinel.capture.gauge import Gauge
from sentinel.capture.glance import glance
from sentinel.capture.mapped import Mapped
from sentinel.capture.rings import Rings
from sentinel.capture.surroundings import Surroundings
from sentinel.config import Capture
from sentinel.errors import MissingDevice


class Armed(NamedTuple):
    """A capture that has begun."""

    capture: Capture
    interface: str
    around: Surroundings
    rings: Rings
    gauge: Gauge


def arm(capture: Capture, mapped: Mapped) -> Armed:
    """Begin to capture; from here on this process has no right at all.

    Args:
        capture: what, as the configuration says.
        mapped: the rings, for which the kernel was asked before.

    Raises:
        MissingRight: CAP_NET_RAW is needed.
        MissingDevice: the interface is not there.
    """
    rights.give_back()
    around = glance()
    interface = link.named(capture.interface) or around.interface or ""
    if not interface:
        raise MissingDevice("no default route: name the mirror port's card under [capture] interface")
    with ExitStack() as opened:
        rings = Rings(interface, around.networks(capture.prefixes, capture.box).own, mapped)
        opened.callback(rings.close)
        gauge = Gauge(interface)
        opened.callback(gauge.close)
        rights.drop()
        opened.pop_all()
    return Armed(capture, interface, around, rings, gauge)
