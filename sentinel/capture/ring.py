"""The ring through which the kernel hands frames over: TPACKET_V3, woken by time and not by frame.

Layout: linux/if_packet.h, `struct tpacket_block_desc` and `struct tpacket3_hdr`. One wake-up per frame costs
six times as much as blocks retired every 50 ms, and a plain receive buffer is charged for whole frames where
the ring holds only what the filter kept; both were measured before this was written.
"""

import ctypes
import mmap
import select
import socket
import struct
import threading
from collections.abc import Iterator
from typing import NamedTuple

from sentinel.errors import MissingDevice, MissingRight

SOL_PACKET = 263
ADD_MEMBERSHIP, RX_RING, STATISTICS, VERSION = 1, 5, 6, 10
MEMBERSHIP_PROMISCUOUS = 1
TPACKET_V3 = 2
SO_ATTACH_FILTER, SO_LOCK_FILTER = 26, 44
ETH_P_ALL = 3

BLOCK = 1 << 18
BLOCKS = 32
RETIRE_MS = 50
USER = 1  # TP_STATUS_USER: the block is ours
VLAN_VALID = 1 << 4  # TP_STATUS_VLAN_VALID

_block = struct.Struct("=III")  # status, packets, offset of the first: at byte 8 of the block
_frame = struct.Struct("=IIIIIIHHII")  # next, sec, nsec, snaplen, len, status, mac, net, rxhash, vlan_tci


class Frame(NamedTuple):
    """One frame as the ring holds it."""

    nanoseconds: int
    """Wall clock, since 1970."""
    kept: bytes
    """From the Ethernet header on; only what the filter let through."""
    length: int
    """On the wire, bytes."""
    vlan: int | None
    """The tag the kernel took off, if there was one."""


class Ring:
    """A bound, promiscuous capture on one interface; closed by `close`.

    No unfiltered frame ever gets in: the socket has no protocol until the filter is locked and the ring
    mapped, and is bound last.

    Raises:
        MissingRight: CAP_NET_RAW is needed.
        MissingDevice: there is no such interface.
    """

    def __init__(self, interface: str, program: bytes, blocks: int = BLOCKS) -> None:
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except PermissionError:
            raise MissingRight("capturing needs the right CAP_NET_RAW: run as root, or through the unit") from None
        try:
            self._set_up(interface, program, blocks)
        except OSError as error:
            self._socket.close()
            raise MissingDevice(f"cannot capture on {interface!r}: {error.strerror or error}") from None
        self.frames = 0
        self.dropped = 0

    def _set_up(self, interface: str, program: bytes, blocks: int) -> None:
        index = socket.if_nametoindex(interface)
        attach(self._socket, program)
        self._socket.setsockopt(
            SOL_PACKET, ADD_MEMBERSHIP, struct.pack("=iHH8s", index, MEMBERSHIP_PROMISCUOUS, 0, b"")
        )
        self._socket.setsockopt(SOL_PACKET, VERSION, TPACKET_V3)
        size = struct.pack("=7I", BLOCK, blocks, 2048, BLOCK // 2048 * blocks, RETIRE_MS, 0, 0)
        self._socket.setsockopt(SOL_PACKET, RX_RING, size)
        self.memory = mmap.mmap(self._socket.fileno(), BLOCK * blocks)
        self._blocks = blocks
        self._next = 0
        self._barrier = threading.Lock()
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN | select.POLLERR)
        self._socket.bind((interface, ETH_P_ALL))

    def read(self, wait_ms: int = 200) -> Iterator[Frame]:
        """The frames the kernel has handed over, one turn of the ring at most; after `wait_ms` at most."""
        if any(event & select.POLLERR for _, event in self._poll.poll(wait_ms)):
            self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # taken, or no later wait would wait
        for _ in range(self._blocks):  # a flood that never leaves an empty block must not keep us for ever
            start = self._next * BLOCK
            status, packets, first = _block.unpack_from(self.memory, start + 8)
            if not status & USER:
                return
            self._fence()
            yield from self._frames(start + first, packets)
            self._fence()
            struct.pack_into("=I", self.memory, start + 8, 0)  # TP_STATUS_KERNEL: the block goes back
            self._next = (self._next + 1) % self._blocks

    def _frames(self, at: int, packets: int) -> Iterator[Frame]:
        for _ in range(packets):
            step, sec, nsec, kept, length, status, mac, _, _, tci = _frame.unpack_from(self.memory, at)
            frame = at + mac
            yield Frame(
                sec * 1_000_000_000 + nsec,
                self.memory[frame : frame + kept],
                length,
                tci & 0xFFF if status & VLAN_VALID else None,
            )
            at += step

    def _fence(self) -> None:
        """Order our reads with the kernel's writes on weakly ordered processors: a lock does it, per block."""
        with self._barrier:
            pass

    def count(self) -> bool:
        """Add the kernel's counters to ours; reading resets them, so nobody else may.

        Returns:
            False when the interface is gone: the ring must be closed and opened again.
        """
        passed, dropped = struct.unpack("=II", self._socket.getsockopt(SOL_PACKET, STATISTICS, 12)[:8])
        self.frames += passed
        self.dropped += dropped
        return bool(self._socket.getsockname()[0])

    def close(self) -> None:
        """Give the ring back."""
        self.memory.close()
        self._socket.close()


def attach(line: socket.socket, program: bytes) -> None:
    """Give a socket its filter, for good."""
    code = ctypes.create_string_buffer(program)
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))  # struct sock_fprog
    line.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, header)
    line.setsockopt(socket.SOL_SOCKET, SO_LOCK_FILTER, 1)
