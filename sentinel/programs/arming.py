"""What `listen` does first: it opens its rings, and gives its rights back.

Few modules are needed for it, those that read the configuration among them. The others, which read frames, are
imported afterwards, without a right, while frames already wait in the rings.
"""

from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import NamedTuple

from sentinel.capture import link, rights
from sentinel.capture.gauge import Gauge
from sentinel.capture.glance import glance
from sentinel.capture.rings import Mapped, Rings
from sentinel.capture.surroundings import Surroundings
from sentinel.config import Capture
from sentinel.errors import MissingDevice, MissingRight


class Armed(NamedTuple):
    """A capture that has begun."""

    capture: Capture
    interface: str
    around: Surroundings
    rings: Rings
    gauge: Gauge


def arm(read: Callable[[], Capture]) -> Armed:
    """Begin to capture; from here on this process has no right at all.

    Args:
        read: what to capture; it is asked while the kernel makes the rings.

    Raises:
        ConfigurationError: and whatever else `read` raises.
        MissingRight: CAP_NET_RAW is needed.
        MissingDevice: the interface is not there.
    """
    rights.give_back()
    with ExitStack() as opened:
        mapped = opened.enter_context(closing(_mapped(read)))
        capture, around = read(), glance()
        interface = link.named(capture.interface) or around.interface or ""
        if not interface:
            raise MissingDevice("no default route: name the mirror port's card under [capture] interface")
        rings = Rings(interface, around.networks(capture.prefixes, capture.box).own, mapped)
        opened.callback(rings.close)
        armed = Armed(capture, interface, around, rings, Gauge(interface))
        opened.pop_all()
    rights.drop()
    return armed


def _mapped(read: Callable[[], Capture]) -> Mapped:
    """The rings on their way; where there is no right to them, the file's own mistakes are told before that."""
    try:
        return Mapped()
    except MissingRight:
        read()
        raise
