"""What of the flasher's two files could not be used, as a value that becomes a sentence in both languages.

No value of the files is in it: they hold passwords, and these sentences go to the card, the page and the journal.
"""

from dataclasses import dataclass
from enum import StrEnum

from sentinel.text import say


class Why(StrEnum):
    """The reasons; each has its words in the catalogues as `card.refused.…`."""

    NAMED = "named"
    """Windows hides the end of a name: the detail is the whole one."""
    LARGE = "large"
    UNREADABLE = "unreadable"
    BINARY = "binary"
    SYNTAX = "syntax"
    KEY = "key"
    """One key of `sentinel.toml`; the detail is `sentinel.toml`'s own sentence."""
    FIXED = "fixed"
    """A key that the card sets itself."""
    VERSION = "version"
    HOSTNAME = "hostname"
    SSH_KEY = "ssh_key"
    SSH_PASSWORD = "ssh_password"  # noqa: S105 - a reason, not a password
    SSID = "ssid"
    WIFI_PASSWORD = "wifi_password"  # noqa: S105 - likewise
    WIFI_KIND = "wifi_kind"
    COUNTRY = "country"
    TIME_ZONE = "time_zone"
    ASIDE = "aside"
    """It was refused, and taken off a claimed card; the detail is where it is kept."""
    STEP = "step"
    """A step of the boot that failed; the detail names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One thing that was not used."""

    file: str
    why: Why
    detail: str = ""
    """A place in the file, or a key: never what stood there."""

    def told(self, language: str) -> str:
        """One sentence."""
        return say(language, f"card.refused.{self.why}", file=self.file, detail=self.detail)


class NotTaken(Exception):
    """A whole file that cannot be used."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.told("en"))
        self.refused = refused
