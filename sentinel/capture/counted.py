"""What the kernel counts of a card before any socket of ours: asked once a second, without a right or a cost.

The card's counters come over netlink, in one question, by a few lines of our own: `struct rtnl_link_stats64`
(linux/if_link.h) holds what `/sys/class/net/*/statistics` shows, and one word that it does not show,
`rx_otherhost_dropped`: unicast of IP for somebody else, by which a mirror is known (Linux 5.19 and later).
"""

import socket
import struct
from dataclasses import dataclass
from pathlib import Path

ROUTE = 0  # NETLINK_ROUTE
GET, NEW, REQUEST = 18, 16, 1  # RTM_GETLINK, RTM_NEWLINK, NLM_F_REQUEST: linux/rtnetlink.h
MASTER, STATS64 = 10, 23  # IFLA_MASTER, IFLA_STATS64: linux/if_link.h
OVER, FIFO, MISSED, DROPPED, OTHERHOST = 11, 14, 15, 6, 24  # words of struct rtnl_link_stats64
LENGTH, CRC, FRAME = 10, 12, 13
SOFTNET = Path("/proc/self/net/softnet_stat")

_header = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_link = struct.Struct("=BxHiII")  # struct ifinfomsg: family, type, index, flags, change
_attribute = struct.Struct("=HH")  # struct rtattr: length, type


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The counters of one card since it is there; a driver may begin anew when the card goes down."""

    missed: int
    """Frames for which the card's own memory had no room."""
    fifo: int
    over: int
    """Frames longer than it has buffers for, or than it takes (rx_over_errors, rx_length_errors): somebody sends
    jumbo frames. A card may count one by both, or as dropped as well: rather too many than too few."""
    damaged: int
    """Frames with a wrong checksum, or not of whole bytes (rx_crc_errors, rx_frame_errors)."""
    dropped: int
    """Frames that the driver or the kernel threw away; also those that nobody on this machine wanted."""
    foreign: int | None
    """Unicast of IP for somebody else; None where this kernel does not count it, or cannot: what comes to a
    bridge's member is taken from it before it is IP."""


class Card:
    """The kernel's counters of one card, asked over a socket that needs no right.

    Raises:
        OSError: there is no such card, or no netlink.
    """

    def __init__(self, interface: str) -> None:
        self._index = socket.if_nametoindex(interface)
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, ROUTE)
        self._socket.bind((0, 0))
        self._socket.settimeout(1)
        self._asked = 0

    def read(self) -> Counted | None:
        """The counters as they stand; None when the card is gone, or the kernel told nothing."""
        self._asked += 1
        size = _header.size + _link.size
        question = _header.pack(size, GET, REQUEST, self._asked, 0) + _link.pack(0, 0, self._index, 0, 0)
        try:
            self._socket.send(question)
            said = self._socket.recv(1 << 16)
        except OSError:
            return None
        _, kind, _, asked, _ = _header.unpack_from(said)
        return _counted(said) if (kind, asked) == (NEW, self._asked) else None

    def close(self) -> None:
        """Ask no more."""
        self._socket.close()


def _counted(said: bytes) -> Counted | None:
    """The counters of one RTM_NEWLINK message."""
    attributes, at = {}, _header.size + _link.size
    while at + _attribute.size <= len(said):
        size, kind = _attribute.unpack_from(said, at)
        if size < _attribute.size:
            return None
        attributes[kind] = said[at + _attribute.size : at + size]
        at += (size + 3) & ~3  # RTA_ALIGN
    words = [word for (word,) in struct.iter_unpack("=Q", attributes.get(STATS64, b""))]
    if len(words) <= MISSED:
        return None
    counts = len(words) > OTHERHOST and MASTER not in attributes
    return Counted(
        missed=words[MISSED],
        fifo=words[FIFO],
        over=words[OVER] + words[LENGTH],
        damaged=words[CRC] + words[FRAME],
        dropped=words[DROPPED],
        foreign=words[OTHERHOST] if counts else None,
    )


def softnet(file: Path = SOFTNET) -> tuple[int, int]:
    """Frames of any card that a processor's queue had no room for, and how often a processor put frames off.

    The first are counted by their own card as dropped, too. The second is no loss: what was put off waits in the
    card, which counts it if it must go. Columns two and three of net/core/net-procfs.c `softnet_seq_show`, a line
    for each processor; nothing where the file cannot be read.
    """
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0, 0
    rows = [[int(word, 16) for word in line.split()[:3]] for line in lines]
    return sum(row[1] for row in rows), sum(row[2] for row in rows)
