"""How an update stands, in one small file: whoever writes, tries or takes back leaves word for the next start."""

import logging
from pathlib import Path

from sentinel import codec
from sentinel.clock import Clock
from sentinel.errors import NotReadable
from sentinel.model.renewal import Came, Lack, Lost, Renewal
from sentinel.places import Places
from sentinel.secret import as_owner, read_plain, write_secret

RUNNING = Path("/usr/lib/sentinel/version")
"""Of the root this system was started from."""

log = logging.getLogger(__name__)


def running_version(file: Path = RUNNING) -> str:
    """The version of this system.

    Raises:
        NotReadable: the file is not there.
    """
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotReadable(f"{file} does not say which version is running: {error}") from None


def read(places: Places) -> Renewal | None:
    """The last update; none where there was none, or a later release has said it in its own words."""
    try:
        return codec.decode(read_plain(places.renewal) or b"", Renewal)
    except (OSError, ValueError):
        return None


class Word:
    """Leaves word of one update."""

    def __init__(self, places: Places, clock: Clock, version: str, before: str) -> None:
        self._places = places
        self._clock = clock
        self._version = version
        self._before = before

    def leave(self, came: Came, *, lack: Lack | None = None, why: str = "", lost: Lost | None = None) -> None:
        """It has come so far; the log says so too.

        Raises:
            OSError: the folder cannot be written.
        """
        renewal = Renewal(
            version=self._version,
            before=self._before,
            came=came,
            at=self._clock().wall,
            lack=lack,
            why=why,
            lost=lost,
        )
        with as_owner(self._places.lasting):
            write_secret(self._places.renewal, codec.encode(renewal), 0o640)  # the page tells it
        log.info("update from %s to %s: %s %s", self._before, self._version or "?", came, why)
