"""Whether others stand at our public IPv4 address, at whom nobody may knock for us.

An address that is not ours alone is never asked about, for behind it are neighbours. The design took a private
address on the box's internet side for that case; it is not. Mostly it is a second router of our own, which
forwards as it likes, so that is told as a doubt until somebody says whose it is (`address` in `sentinel.toml`).
"""

from datetime import timedelta

from sentinel.clock import Clock
from sentinel.config import ALL_PORTS, Whose
from sentinel.config import Echo as EchoSection
from sentinel.model.box import BoxReading, WanAddress, wan_address
from sentinel.model.exposure import Outcome
from sentinel.model.moment import Address

TOLD_LASTS = timedelta(hours=1)
"""The box is looked at every minute; what it said longer ago of its address may be another box's."""
WHY = {WanAddress.SHARED: Outcome.NOT_OURS, WanAddress.BEHIND_ROUTER: Outcome.ADDRESS_DOUBTFUL}


class Neighbours:
    """Whose the address is, by what was declared, by the box and by the echo; the last two come as they come.

    Args:
        box_within: how long to wait for the first look at the box, before which nobody knows.
    """

    def __init__(self, section: EchoSection, clock: Clock, box_within: timedelta) -> None:
        self._section = section
        self._clock = clock
        self._box: BoxReading | None = None
        self._box_by = clock().boot + box_within
        self.observed: Address | None = None
        """Our address, as an echo met it last."""

    def learn(self, reading: BoxReading) -> bool:
        """What the box says of its internet side; a look that failed takes back nothing for an hour.

        Returns:
            Whether it now is another's, or ours.
        """
        before = self.why_not(4)
        if reading.wan is not None or reading.addressless or self._box is None:
            self._box = reading
        return self.why_not(4) is not before

    def is_open(self, family: int) -> bool:
        """The box has not been looked at, and may soon have been."""
        return family == 4 and self._box is None and self._clock().boot < self._box_by

    def why_not(self, family: int) -> Outcome | None:
        """Why nobody may knock at our address; None: it is ours, or nothing speaks against it."""
        section = self._section
        if family == 6 or section.address is Whose.OWN or section.port_share != ALL_PORTS:
            return None
        if section.address is Whose.SHARED:
            return Outcome.NOT_OURS
        if self._box is None or self._clock().since(self._box.at) >= TOLD_LASTS:
            return None
        return WHY.get(wan_address(self._box, self.observed))
