"""Whom the box looks for: heard at any port of the switch, since it asks everybody (RFC 826).

Only over IPv4, where a box forwards and hides who is behind it. Told anew when it begins again; a box that looks
for its whole network, as some do to list their machines, is told as far as the budget goes.
"""

from datetime import timedelta

from sentinel.model.machine import Sought
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import Networks, Place
from sentinel.model.packet import Announcement

AGAIN = timedelta(seconds=5)
"""A box that gets no answer asks again each second; these are one search."""
MOST = 256
"""Machines remembered, and told within one period of silence. Others are counted nowhere: a search names a machine
as probable and nothing more, and of so many at once none would be."""


class Searches:
    """The box's searches of the last seconds.

    Args:
        networks: what is ours, and who the box is.
    """

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self._asked: dict[Address, Moment] = {}

    def feed(self, heard: Announcement) -> Sought | None:
        """A search that has just begun, if that is one."""
        sought = heard.peer
        if sought is None or sought.version != 4 or not heard.to_all or heard.address not in self.networks.box:
            return None
        if self.networks.place(sought) is not Place.INSIDE:
            return None
        before = self._asked.pop(sought, None)
        self._forget(heard.at)
        if before is None and len(self._asked) >= MOST:
            return None
        self._asked[sought] = heard.at
        return None if before and heard.at.since(before) <= AGAIN else Sought(address=sought, at=heard.at)

    def _forget(self, at: Moment) -> None:
        """The oldest stand first, since each is put last when it is asked for again."""
        while self._asked and at.since(next(iter(self._asked.values()))) > AGAIN:
            del self._asked[next(iter(self._asked))]
