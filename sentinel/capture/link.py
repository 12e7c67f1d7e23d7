"""The cable and the cards of this machine, as the kernel lists them under /sys."""

from pathlib import Path

SYS = Path("/sys/class/net")


def named(card: str, cards: Path = SYS) -> str:
    """What the kernel calls a card that was named by its address, which no start exchanges with another's.

    Of several that have it the one that is a device: a bridge or a VLAN has its card's address. A name stays as
    it is; so does an address that no card has, and whoever uses it finds that there is no such card.
    """
    if ":" not in card:  # which stands in no name
        return card
    found = [each for each in cards.glob("*") if _address(each) == card.lower()]
    found.sort(key=lambda each: (not (each / "device").exists(), each.name))
    return found[0].name if found else card


def has_carrier(interface: str) -> bool:
    """Whether the cable is in and the other end is up; False when there is no such interface."""
    try:
        return (SYS / interface / "carrier").read_text(encoding="ascii").strip() == "1"
    except OSError:  # reading the carrier of an interface that is down is an error to the kernel
        return False


def mac(interface: str) -> str:
    """The hardware address of a card, lower case; empty when there is no such card."""
    return _address(SYS / interface)


def _address(card: Path) -> str:
    try:
        return (card / "address").read_text(encoding="ascii").strip().lower()
    except OSError:
        return ""
