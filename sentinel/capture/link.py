"""The cable and the cards of this machine, as the kernel lists them under /sys."""

from pathlib import Path

SYS = Path("/sys/class/net")


def has_carrier(interface: str) -> bool:
    """Whether the cable is in and the other end is up; False when there is no such interface."""
    try:
        return (SYS / interface / "carrier").read_text(encoding="ascii").strip() == "1"
    except OSError:  # reading the carrier of an interface that is down is an error to the kernel
        return False


def own_macs() -> frozenset[str]:
    """The hardware addresses of this machine, lower case."""
    found = set()
    for folder in SYS.iterdir():
        try:
            found.add((folder / "address").read_text(encoding="ascii").strip().lower())
        except OSError:  # not an interface, or one that left while we read
            continue
    return frozenset(found)
