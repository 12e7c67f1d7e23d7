"""The card as its running system sees it: the FAT partition, the data partition, and the root that RAM covers."""

from dataclasses import dataclass
from pathlib import Path

from sentinel.card import preseed
from sentinel.card.handed import Handed
from sentinel.errors import MissingDevice

SECRETS = ("page.code", "echo.invitation", "echo.invitations", "notices.practice", "notices.technician")
"""Of `sentinel.toml`: who has them may open the page, pass for this practice at its echo, or write in its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partitions:
    """Where they are mounted."""

    fat: Path = Path("/boot/firmware")
    data: Path = Path("/data")
    root: Path = Path("/")

    def check(self) -> None:
        """That this is a card at all: on another machine its start would be somebody's name, keys and network.

        Raises:
            MissingDevice: it is not.
        """
        try:
            words = (self.root / "proc/cmdline").read_text(encoding="ascii", errors="replace").split()
        except OSError:
            words = []
        if not any(word.startswith("sentinel.slot=") for word in words):
            raise MissingDevice("this machine does not run from a sentinel's memory card")

    @property
    def config(self) -> Path:
        """What the board's firmware reads first; without it there is no card."""
        return self.fat / "config.txt"

    @property
    def settings(self) -> Handed:
        """`sentinel.toml`."""
        return self._handed("sentinel.toml", SECRETS)

    @property
    def preseed(self) -> Handed:
        """`rpi-preseed.toml`."""
        return self._handed(preseed.FILE, preseed.SECRETS, preseed.UNUSED)

    @property
    def code(self) -> Path:
        """The claim code, for whoever holds the card."""
        return self.fat / "CODE-SENTINELLE.txt"

    @property
    def mistakes(self) -> Path:
        """What of the flasher's files could not be used."""
        return self.fat / "ERREUR-SENTINELLE.txt"

    def _handed(self, name: str, secrets: tuple[str, ...], unused: tuple[str, ...] = ()) -> Handed:
        return Handed(file=self.fat / name, kept=self.data / name, secrets=secrets, unused=unused)
