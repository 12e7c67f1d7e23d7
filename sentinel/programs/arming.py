"""What `listen` does first: it opens its rings, and gives its rights back.

Few modules are needed for it. The others are imported afterwards, without a right, while frames already wait in
the rings.
"""

from typing import NamedTuple

from sentinel.capture import link, rights
from sentinel.capture.gauge import Gauge
from sentinel.capture.glance import glance
from sentinel.capture.rings import Rings
from sentinel.capture.surroundings import Surroundings
from sentinel.config import Capture
from sentinel.errors import MissingDevice


class Armed(NamedTuple):
    """A capture that has begun."""

    interface: str
    around: Surroundings
    rings: Rings
    gauge: Gauge


def arm(capture: Capture) -> Armed:
    """Begin to capture; from here on this process has no right at all.

    Raises:
        MissingRight: CAP_NET_RAW is needed.
        MissingDevice: the interface is not there.
    """
    rights.give_back()
    around = glance()
    interface = link.named(capture.interface) or around.interface or ""
    if not interface:
        raise MissingDevice("no default route: name the mirror port's card under [capture] interface")
    networks = around.networks(capture.prefixes, capture.box)
    armed = Armed(interface, around, Rings(interface, networks.own), Gauge(interface))
    rights.drop()
    return armed
