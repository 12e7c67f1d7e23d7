"""A socket that counts frames and is not there to be read: a filter, the smallest buffer, and its statistics.

Each costs the kernel some fifty nanoseconds a frame it is shown, whatever its filter says; so what may rest does.
One bound to a rare protocol is shown only that, and asked of each frame whether it is of that: five nanoseconds. A
counter that rests is not asked either: it is bound at the loopback, to a protocol that no frame has. Binding
anew needs no right, but time: the kernel waits until no processor is looking at the socket, for 10 to 20 ms, and
for 200 on a busy machine. A thread waits in our place, so that the ring is emptied meanwhile.
"""

import socket
import struct
import threading
from contextlib import suppress

from sentinel.capture.assembler import Line, Step, assemble
from sentinel.capture.ring import ETH_P_ALL, SOL_PACKET, STATISTICS, attach
from sentinel.model.coverage import Wrapping

REST = "lo", 0xFFFF
"""An interface that does without us, and an ethertype that is reserved (RFC 1701)."""
PPPOE_DISCOVERY, PPPOE = 0x8863, 0x8864  # RFC 2516 section 4
IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
IP_IN_IP, IPV6_IN_IP, GRE = 4, 41, 47  # RFC 2003, RFC 4213, RFC 2784
COPIES = (0x88BE, 0x22EB, 0x6558)
"""What GRE carries where a switch sends its copies by it: ERSPAN of either kind, or whole Ethernet frames."""

ROOM = 8
"""More frames than the least buffer holds; a flood must not have us throw away for ever."""

ANCILLARY, NETWORK = 0xFFFFF000, 0xFFF00000  # SKF_AD_OFF, SKF_NET_OFF: linux/filter.h
PROTOCOL, PACKET_TYPE, TAGGED = ANCILLARY, ANCILLARY + 4, ANCILLARY + 48
OTHERHOST = 3  # PACKET_OTHERHOST: linux/if_packet.h

_ENDS: list[Line] = ["count", Step("keep", 1), "drop", Step("keep", 0)]


class Tally:
    """Frames of one kind, counted by the kernel; must be opened while we may.

    Raises:
        PermissionError: CAP_NET_RAW is needed.
        OSError: there is no such interface.
    """

    def __init__(self, interface: str, program: bytes, protocol: int = ETH_P_ALL, *, rests: bool = False) -> None:
        self.frames = 0
        self._awake = interface, protocol
        self._moving: threading.Thread | None = None
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setblocking(False)
        attach(self._socket, program)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)  # the kernel makes it the least it allows
        self._socket.bind(REST if rests else self._awake)

    def wake(self) -> None:
        """Be shown frames, once the kernel is ready; a card that has gone shows none."""
        self._go(self._awake)

    def rest(self) -> None:
        """Be shown none."""
        self._go(REST)

    def _go(self, place: tuple[str, int]) -> None:
        moving = threading.Thread(target=self._move, args=(place, self._moving), daemon=True)
        moving.start()
        self._moving = moving

    def _move(self, place: tuple[str, int], before: threading.Thread | None) -> None:
        if before is not None:
            before.join()
        with suppress(OSError):
            self._socket.bind(place)

    def count(self) -> int:
        """How many more since the last time. A frame in the buffer does not stay there: it is somebody's."""
        (fresh,) = struct.unpack("=I", self._socket.getsockopt(SOL_PACKET, STATISTICS, 8)[:4])
        with suppress(OSError):
            for _ in range(ROOM):
                self._socket.recv(1)
        self.frames += fresh
        return int(fresh)

    def close(self) -> None:
        """Count no more."""
        self.settle()
        self._socket.close()

    def settle(self) -> None:
        """Wait until it is shown what it was last told to be."""
        if self._moving is not None:
            self._moving.join()


def foreign() -> bytes:
    """Unicast for somebody else, where the kernel does not count it by itself."""
    return assemble([Step("ld_word", PACKET_TYPE), Step("if_equal", OTHERHOST, "count", "drop"), *_ENDS])


def unwanted() -> bytes:
    """Tagged frames of no protocol that this machine takes: the kernel shows them and counts them as dropped.

    Untagged ones it does not count so, once somebody listens (net/core/dev.c `__netif_receive_skb_core`).
    """
    taken = [Step("if_equal", each, "drop", None) for each in (IPV4, IPV6, ARP)]
    tagged = [Step("ld_word", TAGGED), Step("if_equal", 0, "drop", None)]
    return assemble([*tagged, Step("ld_half", PROTOCOL), *taken, Step("jump", "count"), *_ENDS])


def wrapped(kind: Wrapping) -> bytes:
    """Frames in which others are wrapped: nothing of what is inside is read here or elsewhere."""
    return _PROGRAMS[kind]


def _pppoe() -> list[Line]:
    """Between two others: a machine that looks for somebody to speak it with asks all; that proves nothing."""
    return [
        Step("ld_word", PACKET_TYPE),
        Step("if_equal", OTHERHOST, None, "drop"),
        Step("ld_half", PROTOCOL),
        Step("if_equal", PPPOE, "count", None),
        Step("if_equal", PPPOE_DISCOVERY, "count", "drop"),
        *_ENDS,
    ]


def _inside_ip(kind: Wrapping) -> list[Line]:
    """RFC 791 section 3.1, RFC 8200 section 3; extension headers are not walked."""
    direct = "count" if kind is Wrapping.TUNNEL else "drop"
    return [
        Step("ld_half", PROTOCOL),
        Step("if_equal", IPV4, "ip4", None),
        Step("if_equal", IPV6, "ip6", "drop"),
        "ip4",
        Step("ldx_ip_header", NETWORK),
        Step("ld_byte", NETWORK + 9),
        Step("jump", "number"),
        "ip6",
        Step("ldx_value", 40),
        Step("ld_byte", NETWORK + 6),
        "number",
        Step("if_equal", IP_IN_IP, direct, None),
        Step("if_equal", IPV6_IN_IP, direct, None),
        Step("if_equal", GRE, None, "drop"),
        *_gre(kind),
    ]


def _gre(kind: Wrapping) -> list[Line]:
    """RFC 2784 section 2.1: what it carries stands at its third byte. A switch's copies, or somebody's tunnel."""
    copy, other = ("count", "drop") if kind is Wrapping.COPY else ("drop", "count")
    return [
        Step("ld_half_x", NETWORK + 2),
        *(Step("if_equal", each, copy, None) for each in COPIES),
        Step("jump", other),
        *_ENDS,
    ]


_PROGRAMS = {
    Wrapping.PPPOE: assemble(_pppoe()),
    Wrapping.TUNNEL: assemble(_inside_ip(Wrapping.TUNNEL)),
    Wrapping.COPY: assemble(_inside_ip(Wrapping.COPY)),
}
