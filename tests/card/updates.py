"""A card in a folder, an update for it, and what a Raspberry Pi's firmware and our initramfs make of the card."""

import json
import os
import shutil
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from sentinel.card import bundle
from sentinel.card.installing import install
from sentinel.card.slots import Card, Slot

MADE = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
MIB = 1 << 20
CURRENT, NEXT, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))
KEYS = (CURRENT.public_key(), NEXT.public_key())
WORDS = "console=tty1 root=PARTUUID=5e471ae1-02 ro rootwait panic=10 sentinel.slot=a\n"
BOOT = {
    "bcm2711-rpi-4-b.dtb": b"tree " * 100,
    "cmdline.txt": WORDS.encode(),
    "initrd.img": b"initrd 0.2.0 " * 999,
    "vmlinuz": b"kernel 0.2.0 " * 999,
}
SWITCHED = BOOT | {"cmdline.txt": b"console=tty1 root=PARTUUID=5e471ae1-03 ro rootwait panic=10 sentinel.slot=b\n"}
"""The same, once they lie in b."""
CONFIG = "os_prefix=a/\n# the firmware's words\narm_64bit=1\nenable_uart=1\n"


def need_zstd() -> None:
    """Skip, with the reason, where no update can be packed; a test that may not be skipped is marked `zstd`."""
    if not shutil.which("zstd"):
        pytest.skip("updates are packed by the program zstd, which is missing: apt install zstd")


def make_card(folder: Path, *, room: int = 4 * MIB, **more: object) -> Card:
    """Version 0.1.0 runs from a; b holds what an update before it left there, older and whole."""
    firmware = folder / "firmware"
    for slot in Slot:
        (firmware / slot).mkdir(parents=True)
        (folder / f"root-{slot}").write_bytes(f"root of {slot} ".encode() + bytes(room - 10))
        for name in BOOT:
            (firmware / slot / name).write_text(f"{name} of {slot}")
    (firmware / "config.txt").write_text(CONFIG)
    (firmware / "trial.txt").write_text("-0\n")
    (folder / "cmdline").write_text(WORDS)
    roots = {slot: folder / f"root-{slot}" for slot in Slot}
    return Card(**{"firmware": firmware, "roots": roots, "cmdline": folder / "cmdline", **more})


def start(card: Card, slot: Slot) -> None:
    """The kernel's command line after a start of `slot`."""
    card.cmdline.write_text(WORDS.replace("slot=a", f"slot={slot}"))


def pem(key: Ed25519PrivateKey) -> bytes:
    """A private key, as its owner keeps it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def lay_keys(folder: Path) -> Path:
    """The two public keys, as a root carries them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, key in (("current", CURRENT), ("next", NEXT)):
        (folder / f"{name}.pub").write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
    return folder


def tar(members: Mapping[str, bytes], change: Callable[[tarfile.TarInfo], object] = lambda _: None) -> bytes:
    """An archive of these files; `change` may make of each header what it likes."""
    file = BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            change(info)
            archive.addfile(info, BytesIO(content))
    return file.getvalue()


@dataclass
class Making:
    """What an update is made of; a test changes what it is about."""

    folder: Path
    root: bytes = b"root of 0.2.0 " * 100_000
    boot: Mapping[str, bytes] | bytes = None  # type: ignore[assignment]
    version: str = "0.2.0"
    key: Ed25519PrivateKey = CURRENT

    def update(self) -> Path:
        """The file, made by the makers' own function."""
        need_zstd()
        folder = self.folder
        folder.mkdir(exist_ok=True)
        boot = BOOT if self.boot is None else self.boot
        (folder / "boot.tar").write_bytes(boot if isinstance(boot, bytes) else tar(boot))
        (folder / "root.img").write_bytes(self.root)
        (folder / "key.pem").write_bytes(pem(self.key))
        update = folder / f"sentinel-{self.version}.update"
        bundle.write(
            update,
            version=self.version,
            root=folder / "root.img",
            boot=folder / "boot.tar",
            key=folder / "key.pem",
            made=MADE,
        )
        return update

    def members(self) -> dict[str, bytes]:
        """Its files, to be spoiled."""
        with tarfile.open(self.update()) as archive:
            return {info.name: archive.extractfile(info).read() for info in archive}  # type: ignore[union-attr]


def signed(told: Mapping[str, object] | bytes, key: Ed25519PrivateKey = CURRENT) -> dict[str, bytes]:
    """A manifest that says this, and its signature."""
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()
    return {bundle.MANIFEST: raw, bundle.SIGNED: key.sign(raw)}


@dataclass
class Started:
    """What came up."""

    slot: Slot
    left: int | None
    """Starts the trial has left; none where it is not on trial."""
    files: dict[str, bytes]
    root: str
    """SHA-256 of its root partition."""


def started(firmware: Mapping[str, bytes], roots: Mapping[Slot, bytes]) -> Started:
    """Firmware, then initramfs: the letter of config.txt, and the count of trial.txt if it is of this slot."""
    slot = Slot(firmware["config.txt"].decode().split("os_prefix=")[1][0])
    trial = firmware["trial.txt"].decode()
    on_trial = trial[:1] == slot
    if on_trial and trial[1] == "0":
        return started({**firmware, "config.txt": _chosen(firmware["config.txt"], slot.other)}, roots)
    files = {name.removeprefix(f"{slot}/"): held for name, held in firmware.items() if name.startswith(f"{slot}/")}
    left = int(trial[1]) - 1 if on_trial else None
    return Started(slot=slot, left=left, files=files, root=sha256(roots[slot]).hexdigest())


def _chosen(config: bytes, slot: Slot) -> bytes:
    return config.replace(f"os_prefix={slot.other}/".encode(), f"os_prefix={slot}/".encode())


def contents(card: Card) -> tuple[dict[str, bytes], dict[Slot, bytes]]:
    """Everything on the card: files of the firmware partition, and the two roots."""
    files = {
        str(path.relative_to(card.firmware)): path.read_bytes()
        for path in card.firmware.rglob("*")
        if path.is_file()
    }
    return files, {slot: path.read_bytes() for slot, path in card.roots.items()}


def put(update: Path | bytes, card: Card) -> list[str]:
    """Install it; what was told."""
    told: list[str] = []
    raw = update if isinstance(update, bytes) else update.read_bytes()
    install(bundle.Bundle(BytesIO(raw).read, KEYS), card, told.append)
    return told


def random_root(size: int) -> bytes:
    """One that cannot be packed."""
    return os.urandom(size)
