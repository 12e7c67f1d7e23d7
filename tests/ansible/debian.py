"""A Debian of the newest release, as somebody may already have it: made once, kept, unpacked in seconds."""

import hashlib
import os
import subprocess
import tempfile
import time
from pathlib import Path

RELEASE = "trixie"
PACKAGES = [
    "ca-certificates",
    "dbus",
    "iproute2",
    "openssh-server",
    "python3",
    "python3-apt",
    "systemd-sysv",
    "udev",
]
"""What it has before a playbook comes."""
AT_HAND = ["avahi-daemon", "nftables", "python3-venv", "systemd-timesyncd", "tzdata", "unattended-upgrades"]
"""What the playbooks install: downloaded beforehand, since the guest has no internet."""
CACHE = Path(os.environ.get("SENTINEL_CACHE", "/var/cache/cabinet-sentinel"))
LEFT_OUT = ("man", "doc", "locale")
MAKES_WITHIN = 600.0
UNUSED = 21 * 86_400.0
"""Seconds after which one of other packages goes; image-build/build.sh says the same of its own."""


def root(folder: Path) -> Path:
    """Unpack it into a new folder."""
    folder.mkdir(parents=True)
    subprocess.run(["tar", "-C", folder, "--numeric-owner", "-xf", tarball()], check=True, timeout=120)
    return folder


def place(cache: Path) -> Path:
    """Where it is kept, under the hash of what it is made of."""
    recipe = " ".join([RELEASE, *PACKAGES, *AT_HAND, *LEFT_OUT])
    return cache / f"debian-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.tar"


def tarball(cache: Path = CACHE) -> Path:
    """It, made where none of these packages is kept."""
    kept = place(cache)
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            made = Path(folder) / kept.name
            _make(made)
            made.replace(kept)
    _used(kept)
    return kept


def _used(kept: Path) -> None:
    """Now; the others of its kind go once nobody has used them for long."""
    now = time.time()
    os.utime(kept, (now, kept.stat().st_mtime))
    for other in kept.parent.glob("debian-*"):
        if now - other.stat().st_atime >= UNUSED:
            other.unlink(missing_ok=True)


def _make(out: Path) -> None:
    """The package lists stay, and what is at hand: so apt works without a network."""
    download = f'chroot "$1" apt-get install -y -qq --no-install-recommends --download-only {" ".join(AT_HAND)}'
    command = ["nice", "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command += [f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in LEFT_OUT]
    command += ["--skip=cleanup/apt/lists", "--skip=cleanup/apt/cache", f"--customize-hook={download}"]
    done = subprocess.run(
        [*command, RELEASE, out, "-"],
        input="\n".join(_sources()),
        capture_output=True,
        text=True,
        timeout=MAKES_WITHIN,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def _sources() -> list[str]:
    """Wherever this machine takes Debian itself from, of that release."""
    signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    debian, security = _archive("Debian"), _archive("Debian-Security")
    return [
        f"deb {signed} {debian} {RELEASE} main",
        f"deb {signed} {debian} {RELEASE}-updates main",
        f"deb {signed} {security} {RELEASE}-security main",
    ]


def _archive(label: str) -> str:
    known = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = sorted(line.partition("|")[2] for line in known.stdout.splitlines() if line.startswith(f"{label}|"))
    assert found, f"apt on this machine knows no archive labelled {label}"
    return found[0]
