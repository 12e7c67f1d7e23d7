"""The card on the mirror port: it hears what the box announces to everybody, and mostly may not speak."""

import re

from sentinel.mistakes import MAC

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
"""What the kernel takes for an interface, and systemd for no pattern."""

_NETWORK = """[Match]
{match}

[Network]
DHCP=yes
MulticastDNS=no
LLMNR=no

# Last of all: the copy of a router advertisement would draw our own talk to a port that cannot talk.
[DHCPv4]
ClientIdentifier=mac
RouteMetric=4096

[DHCPv6]
DUIDType=link-layer

[IPv6AcceptRA]
RouteMetric=4096
"""


def network(card: str) -> str:
    """systemd.network(5) of that card, by its name or its address: whatever else is there goes first, and alone it
    does as well.

    An address is left to networkd, which knows a card that is plugged in later, too. Empty where it is neither.
    """
    if MAC.fullmatch(card.lower()):
        return _NETWORK.format(match=f"MACAddress={card.lower()}")
    return _NETWORK.format(match=f"Name={card}") if NAME.fullmatch(card) else ""
