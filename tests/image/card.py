"""A card for a guest: the image that was built, with what a flasher would have put onto its FAT partition."""

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from tests.image.disk import put

ROOT = Path(__file__).resolve().parent.parent.parent
BUILT = ROOT / "var/image"
IMAGE = BUILT / "sentinel.img"
PROGRAMS = (
    ("mcopy", "mtools"),
    ("mke2fs", "e2fsprogs"),
    ("mmdebstrap", "mmdebstrap"),
    ("genimage", "genimage"),
    ("qemu-img", "qemu-utils"),
    ("qemu-system-aarch64", "qemu-system-arm"),
)
"""One program of each package of tests/image/packages.txt that a bare machine has not."""
SIZE = "8G"
"""As the smallest card one can buy; the image is half of it."""


def why_not() -> str | None:
    """Why no image can be built and booted here, or None."""
    if os.geteuid() != 0:
        return "the image needs root: its arm64 root is entered by chroot"
    if missing := [package for program, package in PROGRAMS if not shutil.which(program)]:
        return f"the image needs these Debian packages (tests/image/packages.txt): {' '.join(missing)}"
    return None


def base_is_kept() -> bool:
    """Whether the slow stage was made before, here."""
    kept = Path(os.environ.get("SENTINEL_CACHE", "/var/cache/cabinet-sentinel"))
    shaped = b"".join(
        (ROOT / "image-build" / name).read_bytes() for name in ("packages.txt", "base.sh", "initramfs/drivers")
    )
    return (kept / f"base-{sha256(shaped).hexdigest()[:16]}.tar").exists()


def flashed(room: Path, files: dict[str, bytes], image: Path = IMAGE, size: str = SIZE) -> Path:
    """A card larger than the image, as cards are, with these files on its FAT partition."""
    room.mkdir(parents=True, exist_ok=True)
    written = room / "written.img"
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(image), str(written)], check=True)
    for name, content in files.items():
        put(written, name, content)
    card = room / "card.qcow2"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(written), str(card), size], check=True
    )
    return card
