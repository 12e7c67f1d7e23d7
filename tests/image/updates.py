"""Update files of the image that was built: newer by their number, and broken in ways that a release might be."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.image.card import BUILT, ROOT

KEYS = ROOT / "var/update-keys"
"""The development pair the build made, where it was given none."""
OWN = Path(os.environ.get("SENTINEL_UPDATE_KEY", KEYS / "current.key"))
SITE = "/opt/sentinel/venv/lib/python3.13/site-packages"
BREAKS = {
    "no init": ("rm /usr/lib/systemd/systemd",),
    "no page": (f"rm {SITE}/web/app.py", f"rm {SITE}/web/__pycache__/app.cpython-313.pyc"),
    "no capture": (
        f"rm {SITE}/sentinel/programs/listen.py",
        f"rm {SITE}/sentinel/programs/__pycache__/listen.cpython-313.pyc",
    ),
    "no street": (f"rm {SITE}/sentinel/pipeline.py", f"rm {SITE}/sentinel/__pycache__/pipeline.cpython-313.pyc"),
    "no Python": ("rm /usr/bin/python3.13",),
}
"""Five ways, as orders to debugfs."""


def made(room: Path, version: str, key: Path = OWN, damage: Sequence[str] = ()) -> Path:
    """An update to this version, signed with this key, whose root was damaged so."""
    room.mkdir(parents=True, exist_ok=True)
    root, number = room / "root.ext4", room / "version"
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(BUILT / "root.ext4"), str(root)], check=True)
    number.write_text(f"{version}\n")
    orders = ["rm /usr/lib/sentinel/version", f"write {number} /usr/lib/sentinel/version", *damage]
    said = subprocess.run(
        ["debugfs", "-w", "-f", "-", str(root)],
        input="\n".join(orders),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "not found" not in said.stderr, said.stderr
    update = room / f"sentinel-{version}.update"
    maker = [str(ROOT / ".venv/bin/python"), "-m", "sentinel.card.bundle", str(update), "--version", version]
    parts = ["--root", str(root), "--boot", str(BUILT / "boot/a"), "--key", str(key), "--made", "1790000000"]
    subprocess.run([*maker, *parts], check=True, cwd=ROOT)
    root.unlink()
    return update


def stranger_key(room: Path) -> Path:
    """A key nobody trusts."""
    path = room / "stranger.key"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(path)], check=True, capture_output=True
    )
    return path
