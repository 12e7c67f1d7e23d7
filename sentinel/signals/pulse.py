"""The pulse: one small file on tmpfs that says the street is alive, and what it concludes.

Whether the sentinel is running is decided by this file's age and never by the store, which outlives a crash.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sentinel import codec
from sentinel.model.coverage import Coverage
from sentinel.model.moment import Moment
from sentinel.model.passing import Progress
from sentinel.model.verdict import Verdict
from sentinel.secret import read_plain

log = logging.getLogger(__name__)

LIVES = timedelta(seconds=10)
"""Older than this, nothing is being watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What the street knew at its last beat."""

    at: Moment
    boot: str
    """The kernel's name for the boot that wrote it: an older boot's pulse is dead."""
    started: Moment
    verdict: Verdict
    coverage: Coverage | None = None
    demo: bool = False
    """A recorded demonstration is being played, and every page says so."""
    parts: dict[str, str] = field(default_factory=dict)
    """Parts that are unwell, each with the console's reason."""
    asking: tuple[Progress, ...] = ()
    """Checks under way."""
    paper: str = ""
    """`making` while a document is being made, `failed` when the last one could not be."""


def write(pulse: Pulse, path: Path) -> None:
    """Replace the pulse file in one step: a reader sees the old one or the new one."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(codec.encode(pulse))
    fresh.replace(path)


class Beats:
    """The street's pen: where the pulse cannot be written the page says, as it must, that nothing is watched."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mute = False

    def write(self, pulse: Pulse) -> None:
        """Write one beat; the log tells when that fails, and when it works again."""
        try:
            write(pulse, self._path)
        except OSError as error:
            if not self._mute:
                log.warning("the pulse cannot be written: %s", error)
            self._mute = True
        else:
            if self._mute:
                log.info("the pulse is written again")
            self._mute = False


def read(path: Path) -> Pulse | None:
    """The last pulse, or nothing when there is none that can be read."""
    try:
        return codec.decode(read_plain(path) or b"", Pulse)
    except (OSError, ValueError):
        return None


def is_alive(pulse: Pulse | None, now: Moment, boot: str) -> bool:
    """Whether the street has beaten within the last ten seconds of this boot."""
    return pulse is not None and pulse.boot == boot and timedelta(0) <= now.since(pulse.at) <= LIVES
