"""The card on the mirror port: it hears what the box announces to everybody, and mostly may not speak."""

import re

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
"""What the kernel takes for an interface, and systemd for no pattern."""

_NETWORK = """[Match]
Name={name}

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


def network(name: str) -> str:
    """systemd.network(5) of that interface: whatever else is there goes first, and alone it does as well.

    Empty where there is no such name.
    """
    return _NETWORK.format(name=name) if NAME.fullmatch(name) else ""
