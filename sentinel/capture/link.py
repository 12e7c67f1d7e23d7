"""The cable and the cards of this machine, as the kernel lists them under /sys."""

from pathlib import Path

SYS = Path("/sys/class/net")


def has_carrier(interface: str) -> bool:
    """Whether the cable is in and the other end is up; False when there is no such interface."""
    try:
        return (SYS / interface / "carrier").read_text(encoding="ascii").strip() == "1"
    except OSError:  # reading the carrier of an interface that is down is an error to the kernel
        return False


def mac(interface: str) -> str:
    """The hardware address of a card, lower case; empty when there is no such card."""
    try:
        return (SYS / interface / "address").read_text(encoding="ascii").strip().lower()
    except OSError:
        return ""
