"""That `watch` lives, told to systemd twice a second, as long as its street has beaten lately.

Two things can be wrong, and they are given different times. A process that is stopped or starved says nothing at
once, and is killed within seconds, for its lamp would shine on as it was. A street that waits for a slow disk is
dark by itself after ten seconds, and is only begun anew after thirty: a restart does not make a disk any faster.
"""

from datetime import timedelta

from sentinel.clock import Clock
from sentinel.signals import pulse
from sentinel.systemd import Beating
from sentinel.timetable import Job

PATIENCE = 3 * pulse.LIVES
OFTEN = timedelta(seconds=0.5)


class Life:
    """Told by the street of each beat it has walked to its end; heard by nobody where there is no systemd."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock()
        self._beating = Beating()

    def walked(self) -> None:
        """The street has walked a beat, now."""
        self._last = self._clock()

    def jobs(self) -> list[Job]:
        """Telling it, for the timetable."""
        return [Job(name="life", every=OFTEN, work=self._tell)]

    def stop(self) -> None:
        """Tell that the street is left."""
        self._beating.stop()

    def _tell(self) -> tuple[()]:
        if self._clock().since(self._last) < PATIENCE:
            self._beating.alive()
        return ()
