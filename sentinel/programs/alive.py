"""What tells systemd that `watch` lives: the lamp's own thread, while the street walks.

A stopped process cannot put out its lamp: the pins keep their level. So systemd's patience with `watch` is short
(seconds, in its unit), and the lamp's thread speaks for the process. A card that stalls a commit for a while is no
death: the lamp goes dark after its ten seconds, and only a street that stands for much longer is ended.
"""

from datetime import timedelta

from sentinel import systemd
from sentinel.model.moment import Moment

PACE = timedelta(seconds=1)
"""How often it is said where nobody has told how long he waits."""
STANDS = 8
"""So many times systemd's patience the street may stand."""


class Alive:
    """The street's thread notes each beat it has walked, the lamp's thread speaks."""

    def __init__(self) -> None:
        patience = timedelta(seconds=systemd.patience())
        self._pace = patience / 4 or PACE
        self._stands = patience * STANDS
        self._walked: Moment | None = None
        self._said: Moment | None = None

    def walked(self, at: Moment) -> None:
        """The street begins, or has walked a beat to its end."""
        self._walked = at

    def tick(self, at: Moment) -> None:
        """The lamp's thread is here."""
        walked, said = self._walked, self._said
        if walked is None or (said is not None and at.since(said) < self._pace):
            return
        if not self._stands or at.since(walked) <= self._stands:
            self._said = at
            systemd.tell(systemd.ALIVE)
