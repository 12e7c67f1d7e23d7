"""`sentinel boot`: at each start of a card, before ssh, the network and the sentinel, what its flasher asked for.

The root lies in RAM, so everything is laid anew each time. Every step is for itself: one that fails is written to
the journal and to the card, and the others go on; nothing here can keep a card from starting.
"""

import logging
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sentinel import codec, written
from sentinel.card import leaving, mirror, notes, preseed, wifi
from sentinel.card.partitions import Partitions
from sentinel.card.preseed import Preseed
from sentinel.card.refusal import NotTaken, Refused, Why
from sentinel.card.settings import in_force
from sentinel.card.writable import writable
from sentinel.errors import MissingDevice
from sentinel.places import Places
from sentinel.programs import claimed
from sentinel.secret import write_secret
from sentinel.text import LANGUAGES
from sentinel.toml import load

log = logging.getLogger(__name__)

WLAN = "wlan0"
ZONE = "Europe/Paris"


@dataclass(slots=True, kw_only=True)
class Boot:
    """One start of a card."""

    card: Partitions
    places: Places
    file: Path
    """`sentinel.toml` of the running system."""
    group: str = "sentinel"
    """Who may read it beside root."""
    rename: Callable[[str], None] = socket.sethostname
    refused: list[Refused] = field(default_factory=list)
    wanted: Preseed = field(default_factory=Preseed)

    def run(self) -> None:
        """Every step, in order; this never fails."""
        for name, work in (
            ("boot/firmware", self.find_firmware),
            ("machine-id", self.keep_machine_id),
            ("preseed", self.read_preseed),
            ("hostname", self.name_machine),
            ("host key", self.make_host_key),
            ("ssh keys", self.let_in),
            ("wifi", self.join),
            ("settings", self.configure),
            ("mirror", self.set_mirror_aside),
            ("time zone", self.set_zone),
            ("code", self.settle_claim),
            ("mistakes", self.tell_mistakes),
        ):
            self._attempt(name, work)

    def _attempt(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # whatever it is: a card that does not start watches nothing
            log.exception("boot: %s failed", name)
            self.refused.append(Refused(file="boot", why=Why.STEP, detail=name))

    # -- the machine ---------------------------------------------------------------------------------------

    def find_firmware(self) -> None:
        """Where it could not be mounted, the copies of an earlier start are in force, and that is said.

        Raises:
            MissingDevice: it is not there.
        """
        if not self.card.config.exists():
            raise MissingDevice(f"nothing of the card lies under {self.card.fat}")

    def keep_machine_id(self) -> None:
        """The id of the first start stays; the journal of this one is found under it too."""
        here, kept = self.card.root / "etc/machine-id", self.card.data / "machine-id"
        of_boot = here.read_text(encoding="ascii").strip() if here.exists() else ""
        stays = kept.read_text(encoding="ascii").strip() if kept.exists() else ""
        if not _is_id(stays):
            if _is_id(of_boot):
                _lay(kept, f"{of_boot}\n")
            return
        if stays != of_boot:
            here.write_text(f"{stays}\n", encoding="ascii")
            journals = self.card.root / "run/log/journal"
            if (journals / of_boot).is_dir() and not (journals / stays).exists():
                (journals / stays).symlink_to(of_boot)

    def read_preseed(self) -> None:
        """Imager's file, or its copy."""
        handed = self.card.preseed
        try:
            given = handed.given()
        except NotTaken as error:
            self.refused.append(error.refused)
            given = None
        self.wanted = preseed.read(handed.stored() if given is None else given)
        self.refused += self.wanted.refused
        if given is not None:
            handed.keep(given)
            leaving.forget(handed)

    def name_machine(self) -> None:
        """`/etc/hostname`, `/etc/hosts`, and the kernel."""
        name, etc = self.wanted.hostname, self.card.root / "etc"
        (etc / "hostname").write_text(f"{name}\n", encoding="ascii")
        hosts = f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost ip6-localhost ip6-loopback\n"
        (etc / "hosts").write_text(hosts, encoding="ascii")
        self.rename(name)

    def set_zone(self) -> None:
        """Imager's, else the practice's."""
        zone = self.wanted.time_zone or load(self.file).practice.time_zone or ZONE
        here = self.card.root / "etc/localtime"
        here.unlink(missing_ok=True)
        here.symlink_to(f"/usr/share/zoneinfo/{zone}")
        (self.card.root / "etc/timezone").write_text(f"{zone}\n", encoding="ascii")

    # -- who comes in, and how it goes out -----------------------------------------------------------------

    def make_host_key(self) -> None:
        """One for the life of this card; none is in the image."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
            PublicFormat,
        )

        path = self._ssh() / "ssh_host_ed25519_key"
        if path.exists() and path.stat().st_size:
            return
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        _lay(path.with_suffix(".pub"), f"{public.decode()}\n")
        write_secret(path, key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))

    def let_in(self) -> None:
        """Whoever has one of these keys, as root; nobody by a password, and without a key there is no ssh."""
        path, lines = self._ssh() / "authorized_keys", "".join(f"{key}\n" for key in self.wanted.keys)
        if not lines:
            path.unlink(missing_ok=True)
        elif not path.exists() or path.read_text(encoding="utf-8") != lines:
            write_secret(path, lines.encode())

    def _ssh(self) -> Path:
        folder = self.card.data / "ssh"
        folder.mkdir(mode=0o755, exist_ok=True)
        return folder

    def join(self) -> None:
        """The Wi-Fi's two files; without them nothing of it is started."""
        etc, network = self.card.root / "etc", self.wanted.wifi
        supplicant = etc / f"wpa_supplicant/wpa_supplicant-{WLAN}.conf"
        for_network = etc / "systemd/network/30-wifi.network"
        if network is None:
            supplicant.unlink(missing_ok=True)
            for_network.unlink(missing_ok=True)
            return
        for each in (supplicant, for_network):
            each.parent.mkdir(parents=True, exist_ok=True)
        write_secret(supplicant, wifi.supplicant(network).encode())
        _lay(for_network, wifi.NETWORK.format(name=WLAN))

    # -- the sentinel --------------------------------------------------------------------------------------

    def configure(self) -> None:
        """The configuration in force, where the programs read it; a good one is kept for when a bad one comes."""
        handed = self.card.settings
        chosen = in_force(handed, time_zone=self.wanted.time_zone, claimed=claimed.was_claimed(self.places))
        self.refused += chosen.refused
        self.file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        write_secret(self.file, written.document(chosen.tables).encode())
        shutil.chown(self.file, group=self.group)
        self.file.chmod(0o640)
        if chosen.given is not None:
            handed.keep(chosen.given)
            leaving.forget(handed)

    def set_mirror_aside(self) -> None:
        """A card that was named to listen is the last one to talk through."""
        for_network = self.card.root / "etc/systemd/network/15-mirror.network"
        words = mirror.network(load(self.file).capture.interface)
        if not words:
            for_network.unlink(missing_ok=True)
            return
        for_network.parent.mkdir(parents=True, exist_ok=True)
        _lay(for_network, words)

    def settle_claim(self) -> None:
        """The code on the card while nobody has claimed it; no secret on it after."""
        claimed.settle(self.card, self.places, load(self.file))

    def tell_mistakes(self) -> None:
        """On the card, on the page and in the journal; gone when there are none."""
        self.refused += [*leaving.told(self.card.settings), *leaving.told(self.card.preseed)]
        for each in self.refused:
            log.warning("not used: %s", each.told("en"))
        words = {language: [each.told(language) for each in self.refused] for language in LANGUAGES}
        self.places.passing.mkdir(mode=0o751, parents=True, exist_ok=True)
        _lay(self.places.mistakes, codec.encode(words).decode())
        path, note = self.card.mistakes, notes.mistakes_note(self.refused)
        if not self.refused and path.exists():
            with writable(self.card.fat):
                path.unlink()
        elif self.refused and notes.is_new(note, path):
            with writable(self.card.fat):
                notes.put(note, path)


def _is_id(text: str) -> bool:
    return len(text) == 32 and all(letter in "0123456789abcdef" for letter in text)


def _lay(path: Path, words: str) -> None:
    """A file that everybody may read, whole or not at all."""
    write_secret(path, words.encode(), 0o644)


def boot(card: Partitions, places: Places, file: Path) -> None:
    """Everything `sentinel-boot.service` does."""
    os.umask(0o022)
    Boot(card=card, places=places, file=file).run()
