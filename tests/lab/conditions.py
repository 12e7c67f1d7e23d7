"""Says whether a cabinet can be raised on this computer, and if not, why, in one sentence."""

import os
import shutil
import subprocess
from pathlib import Path

PACKAGES = Path(__file__).with_name("packages.txt")
PROGRAMS = {
    "dcmtk": "storescu",
    "ethtool": "ethtool",
    "iproute2": "tc",
    "nftables": "nft",
    "orthanc": "Orthanc",
    "socat": "socat",
}
"""One program of each package, to see whether it is there."""


def why_not() -> str | None:
    """Why no cabinet can be raised here, or None if one can."""
    if os.geteuid() != 0:
        return "the laboratory needs root: it makes network namespaces"
    if missing := missing_packages():
        return f"the laboratory needs these Debian packages: {' '.join(missing)}"
    if refusal := _refused_namespace():
        return f"this computer refuses a network namespace to root: {refusal}"
    return None


def missing_packages() -> list[str]:
    """The packages of `packages.txt` that are not installed."""
    return [package for package in PACKAGES.read_text().split() if not shutil.which(PROGRAMS[package])]


def _refused_namespace() -> str:
    # Root inside a container is often root of nothing. This one ends with `true` and leaves no trace.
    trial = ["unshare", "--net", "--mount", "true"]
    return subprocess.run(trial, capture_output=True, text=True, check=False).stderr.strip()
