"""Where a sentinel keeps its things: one folder that lasts, one that does not outlive the boot."""

from dataclasses import dataclass
from pathlib import Path

from sentinel.errors import MissingDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders of one sentinel; every program of it is given the same two."""

    lasting: Path
    """Store, keys, the claim code: `var/` on a laptop."""
    passing: Path
    """Pulse and sockets: tmpfs on a Pi, `var/run/` on a laptop."""

    @property
    def store(self) -> Path:
        """The SQLite file."""
        return self.lasting / "sentinel.db"

    @property
    def code(self) -> Path:
        """The claim code, while it was made by ourselves."""
        return self.lasting / "CODE-SENTINELLE.txt"

    @property
    def claimed(self) -> Path:
        """Is there since a password was first set: the card's FAT partition is cleaned by it."""
        return self.lasting / "claimed"

    @property
    def papers(self) -> Path:
        """Dossiers, monthly pages and certificates."""
        return self.lasting / "papers"

    @property
    def anchors(self) -> Path:
        """Countersigned heads of the ledger, beside the store they bear witness of."""
        return self.lasting / "anchors.jsonl"

    @property
    def renewal(self) -> Path:
        """What came of the last update; of a card only."""
        return self.lasting / "update.json"

    @property
    def certificate(self) -> Path:
        """The page's own certificate (PEM), made on this device."""
        return self.lasting / "page.crt"

    @property
    def key(self) -> Path:
        """Its private key (PEM, 0600 or the page's group)."""
        return self.lasting / "page.key"

    @property
    def pulse(self) -> Path:
        """The street's last beat."""
        return self.passing / "pulse.json"

    @property
    def mistakes(self) -> Path:
        """What of the flasher's files this boot could not use, in both languages; on a card only."""
        return self.passing / "card.json"

    @property
    def lamp(self) -> Path:
        """What the simulated lamp shows at this instant."""
        return self.passing / "lamp.json"

    @property
    def driven(self) -> Path:
        """Which lamp `watch` drives, for whoever puts it out."""
        return self.passing / "driven.json"

    @property
    def facts(self) -> Path:
        """The socket on which `watch` takes facts."""
        return self.passing / "facts.sock"

    @property
    def requests(self) -> Path:
        """The socket on which `watch` takes requests."""
        return self.passing / "requests.sock"

    def make(self) -> None:
        """Create both folders, closed to other users; those that are there stay whose and what they are.

        Raises:
            MissingDevice: one of them cannot be made.
        """
        for folder in (self.lasting, self.passing):
            try:
                folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            except OSError as error:
                raise MissingDevice(f"the folder {folder} cannot be made: {error.strerror}") from None
