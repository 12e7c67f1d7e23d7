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
    "miniupnpd": "miniupnpd",
    "nftables": "nft",
    "orthanc": "Orthanc",
    "socat": "socat",
}
"""One program of each package, to see whether it is there."""


def why_not() -> str | None:
    """Why no cabinet can be raised here, or None if one can."""
    if os.geteuid() != 0:
        return "the laboratory needs root: it makes network namespaces"
    if "/usr/sbin" not in os.environ["PATH"].split(":"):
        return "the laboratory needs /usr/sbin in PATH: become root by `su -` or `sudo`, not by `su`"
    if missing := missing_packages():
        return f"the laboratory needs these Debian packages: {' '.join(missing)}"
    if refusal := _refused_namespace():
        return f"this computer refuses a network namespace to root: {refusal}"
    return None


def missing_packages() -> list[str]:
    """The packages of `packages.txt` that are not installed."""
    lines = (line.partition("#")[0].strip() for line in PACKAGES.read_text().splitlines())
    # A package no test of the laboratory itself needs is the business of the test that does.
    programs = {package: PROGRAMS.get(package) for package in lines if package}
    return [package for package, program in programs.items() if program and not shutil.which(program)]


def _refused_namespace() -> str:
    # Root inside a container is often root of nothing. Not named as ours: another run may be sweeping.
    trial = f"trial-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", trial], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        subprocess.run(["ip", "netns", "delete", trial], check=True)
    return made.stderr.strip()
