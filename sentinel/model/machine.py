"""The machines of the LAN, what they tell of themselves, and what the mirror port lets us see of them."""

import re
from dataclasses import dataclass
from enum import StrEnum

from sentinel.model.moment import Address, Moment


class SeenBy(StrEnum):
    """How a machine showed that it is alive."""

    ARP = "arp"
    NDP = "ndp"
    TCP = "tcp"
    ASKING = "asking"
    """It asked everybody where the box is: it has something to send out."""
    PASSING = "passing"
    """It was seen on its way to the box or beyond, at the watched port: whoever comes to it passes there too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSighting:
    """A machine of the LAN was alive at this moment; never what it talked to."""

    mac: str
    address: Address
    seen_by: SeenBy
    at: Moment


def is_made_up(mac: str) -> bool:
    """Whether a device gave itself this hardware address (IEEE 802 section 8.4, second bit of the first byte): a
    telephone that invents one, or a virtual machine. No maker stands behind it."""
    return bool(int(mac[:2], 16) & 2)


class Kind(StrEnum):
    """What a machine says it is, in words of ours: a table chooses them, never the machine."""

    ROUTER = "router"
    GIVES_ADDRESSES = "gives_addresses"
    """It answers DHCP: the box, and in a practice nobody else."""
    STORAGE = "storage"
    PRINTER = "printer"
    MEDIA = "media"
    """It serves or shows films and music."""
    CAMERA = "camera"
    TELEPHONE = "telephone"
    WINDOWS = "windows"
    APPLE = "apple"
    LINUX = "linux"
    ANDROID = "android"


class Service(StrEnum):
    """What a machine offers to everybody near it, of all there is only what holds images or their files."""

    DICOM = "dicom"
    SMB = "smb"
    AFP = "afp"
    HTTP = "http"


OFFERS, KINDS, VENDOR = 8, 8, 60
"""Of one machine in one fact, at most: services, kinds, letters of its maker's name."""
_MAC = re.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_HOST = re.compile("[A-Za-z0-9-]{0,63}")  # RFC 1035 section 2.3.1
_PORT = re.compile("[A-Za-z0-9 /.:-]{0,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One service that a machine announces.

    Raises:
        ValueError: the port is outside 1-65535, or the host is no label of a name.
    """

    service: Service
    port: int
    host: str = ""
    """The name of the machine it is announced under, without its domain; empty where it was not to be kept."""

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65_535:
            raise ValueError(f"{self.port} is no port")
        if not _HOST.fullmatch(self.host):
            raise ValueError("no host is named like this")


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """What one frame told of the machine that sent it; another frame may tell more.

    Raises:
        ValueError: it is longer than any frame's could be, or the address is none.
    """

    mac: str
    vendor: str = ""
    """Who made it, by a table of hardware addresses; empty where nobody knows, or the address is made up."""
    kinds: tuple[Kind, ...] = ()
    offers: tuple[Offer, ...] = ()
    at: Moment

    def __post_init__(self) -> None:
        if len(self.vendor) > VENDOR or len(self.kinds) > KINDS or len(self.offers) > OFFERS:
            raise ValueError("no frame tells so much")
        if not _MAC.fullmatch(self.mac):
            raise ValueError("no machine is addressed like this")


class SaidBy(StrEnum):
    """The protocol by which a switch told of itself."""

    LLDP = "lldp"
    CDP = "cdp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """The switch we hang on, and which port of it, as the switch itself says.

    Raises:
        ValueError: no switch names itself or its ports like this.
    """

    switch: str
    """Its hardware address."""
    port: str
    """Its own name for the port, of words that switches use and numbers; empty where it was something else."""
    vlan: int | None
    """The network of untagged frames on that port, where it said so."""
    vendor: str = ""
    said_by: SaidBy
    at: Moment

    def __post_init__(self) -> None:
        if not _MAC.fullmatch(self.switch) or not _PORT.fullmatch(self.port) or len(self.vendor) > VENDOR:
            raise ValueError("no switch tells this")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """The box asked everybody where a machine is: it has something for it, and does not know where to put it."""

    address: Address
    at: Moment
