"""Update files of the image that was built: newer by their number, and broken in ways that a release might be."""

import io
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from tests.image.card import BUILT, ROOT
from tests.image.machine import Machine

KEYS = ROOT / "var/update-keys"
"""The development pair the build made, where it was given none."""
OWN = Path(os.environ.get("SENTINEL_UPDATE_KEY", KEYS / "current.key"))
"""The key whose public half the image carries."""
NEWER = "9.0.2"
"""Of the one that works."""
VERSION = "./usr/lib/sentinel/version"
SITE = r"\./opt/sentinel/venv/lib/python3\.13/site-packages"
UNUSED = re.compile(
    r"\./usr/lib/(firmware|udev/hwdb\.|aarch64-linux-gnu/(gconv|perl-base)/|modules/[^/]+/kernel/(sound|drivers/"
    r"(gpu|iio|infiniband|md|media|scsi|usb|net/(?!virtio_net|net_failover))))"
    r"|\./usr/(bin/perl|share/(doc|locale|man)/)"
    rf"|{SITE}/(babel/locale-data/(?!(root|fr|en)[._])|PIL|pillow\.libs|reportlab|aiohttp|apprise|scapy/contrib)"
)
"""Of no use under QEMU, or only for papers and notices; without it an update is a third as long."""
BREAKS = {
    "no init": r"\./usr/lib/systemd/systemd$",
    "no page": rf"{SITE}/web/(__pycache__/)?app\.",
    "no capture": rf"{SITE}/sentinel/programs/(__pycache__/)?listen\.",
    "no street": rf"{SITE}/sentinel/(__pycache__/)?pipeline\.",
    "no sentinel": r"\./usr/lib/systemd/system/sentinel\.target$",
    "no Python": r"\./usr/bin/python3\.13$",
}
"""Six ways: what is missing in the root. Without its target nothing of the sentinel is even started."""
Broken = Callable[[str], "Future[Path]"]
"""The update that is broken in this way, made aside; each is made once."""


def made(room: Path, version: str, key: Path = OWN, without: str = "$^") -> Path:
    """An update to this version, signed with this key, whose root lacks what matches."""
    room.mkdir(parents=True, exist_ok=True)
    tar, root, update = room / "root.tar", room / "root.ext4", room / f"sentinel-{version}.update"
    _repacked(tar, version, re.compile(without))
    size = tar.stat().st_size * 9 // 8 // (1 << 20) + 32
    make = ["mke2fs", "-q", "-t", "ext4", "-b", "4096", "-O", "^has_journal", "-m", "0", "-i", "8192", "-d"]
    subprocess.run([*make, str(tar), str(root), f"{size}M"], check=True)
    signed(update, root, version, key)
    tar.unlink()
    root.unlink()
    return update


def signed(update: Path, root: Path, version: str, key: Path) -> None:
    """An update file of this root and of the kernel that was built."""
    maker = [sys.executable, "-m", "sentinel.card.bundle", str(update), "--version", version]
    parts = ["--root", str(root), "--boot", str(BUILT / "boot/a"), "--key", str(key), "--made", "1790000000"]
    subprocess.run([*maker, *parts], check=True, cwd=ROOT)


def _repacked(to: Path, version: str, without: re.Pattern[str]) -> None:
    """The root of the image with another number."""
    left_out = 0
    with tarfile.open(BUILT / "root.tar") as root, tarfile.open(to, "w", format=tarfile.PAX_FORMAT) as other:
        for member in root:
            left_out += bool(without.match(member.name))
            if UNUSED.match(member.name) or without.match(member.name):
                continue
            content = root.extractfile(member) if member.isfile() else None
            if member.name == VERSION:
                content = io.BytesIO(f"{version}\n".encode())
                member.size = len(content.getvalue())
            other.addfile(member, content)
    assert left_out or without.pattern == "$^", "nothing was there to be broken"


def sent(
    machine: Machine, update: Path, options: str = "", within: float = 1800
) -> subprocess.CompletedProcess[bytes]:
    """`sentinel update -` over ssh, as docs/update.md says."""
    assert machine.on
    with update.open("rb") as file:
        command = machine.on.ssh_command(machine.key, f"sentinel update - {options}")
        return subprocess.run(command, stdin=file, capture_output=True, timeout=within, check=False)


@contextmanager
def being_written(update: Path, machine: Machine) -> Iterator[None]:
    """By `sentinel update` over ssh, as docs/update.md says: its boot files are, and its root is about to be."""
    assert machine.on
    command = machine.on.ssh_command(machine.key, "sentinel update -")
    with update.open("rb") as file, subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE) as way:
        assert way.stdout
        assert any(b"10 %" in line for line in way.stdout), "it was not written"
        try:
            yield
        finally:
            way.kill()


def stranger_key(room: Path) -> Path:
    """A key nobody trusts."""
    path = room / "stranger.key"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(path)], check=True, capture_output=True
    )
    return path
