"""What came of the last update of a card's system, from its first byte to its last word."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Came(StrEnum):
    """How far an update has come."""

    WRITING = "writing"
    WRITTEN = "written"
    """It is tried at the next start."""
    TRYING = "trying"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    """It was not what it should be, or the card could not take it: nothing has changed."""
    INTERRUPTED = "interrupted"
    """The power went while it was written, or the line while it came: nothing has changed."""
    GIVEN_UP = "given_up"
    """It did not prove itself; the next start takes the old version back."""
    RETURNED = "returned"
    """The old version runs again."""


class Lack(StrEnum):
    """What a new version did not prove in its time."""

    PAGE = "page"
    CAPTURE = "capture"
    STORE = "store"
    COPY = "copy"
    """The store could not be copied before: without a way back it is not tried."""
    START = "start"
    """It never came so far as to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What the new version had stored when the old store was put back; it is kept aside, and out of sight."""

    connections: int | None
    """None: it could not be counted, which is not none."""
    incidents: int | None
    aside: str
    """Name of the folder that holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """The last update."""

    version: str
    """The new one; empty where it was refused before it said."""
    before: str
    """The one that was running."""
    came: Came
    at: datetime
    """When it came so far; aware UTC, by the sentinel's own clock."""
    lack: Lack | None = None
    why: str = ""
    """The console's reason, in English."""
    lost: Lost | None = None
