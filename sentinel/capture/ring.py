"""The ring through which the kernel hands frames over: TPACKET_V3, woken by time and not by frame.

Layout: linux/if_packet.h, `struct tpacket_block_desc` and `struct tpacket3_hdr`. One wake-up per frame costs
six times as much as blocks retired every 50 ms, and a plain receive buffer is charged for whole frames where
the ring holds only what the filter kept; both were measured before this was written.

No unfiltered frame ever gets in: the socket has no protocol until a filter that keeps nothing stands and the ring
is mapped; it is bound, shares its tap with the others, and only then is that filter replaced and locked.
"""

import ctypes
import mmap
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sentinel.capture.assembler import Step, assemble
from sentinel.capture.libc import call
from sentinel.errors import MissingRight

SOL_PACKET = 263
ADD_MEMBERSHIP, RX_RING, STATISTICS, VERSION, FANOUT, FANOUT_DATA = 1, 5, 6, 10, 18, 22
FANOUT_CBPF, FANOUT_UNIQUE = 6, 0x2000  # PACKET_FANOUT_FLAG_UNIQUEID: a number nobody has
MEMBERSHIP_PROMISCUOUS = 1
TPACKET_V3 = 2
SO_ATTACH_FILTER, SO_LOCK_FILTER = 26, 44
ETH_P_ALL = 3

SECOND = 1_000_000_000
RETIRE_MS = 50
FRAME = 2048  # means nothing to TPACKET_V3, but must divide a block
USER = 1  # TP_STATUS_USER: the block is ours
VLAN_VALID = 1 << 4  # TP_STATUS_VLAN_VALID

NOTHING = assemble([Step("keep", 0)])
"""The filter of a ring that is to be given nothing."""

_block = struct.Struct("=III")  # status, packets, offset of the first: at byte 8 of the block
_status = struct.Struct("=I")
_frame = struct.Struct("=IIIIIIH6xI")  # next, sec, nsec, snaplen, len, status, mac, vlan_tci


class Room(NamedTuple):
    """Of a ring. A block is handed over after 50 ms though it is nearly empty: their number is a time as well."""

    size: int
    """Of a block, in bytes: a multiple of a page, and longer than any frame that is kept."""
    blocks: int


class Block(NamedTuple):
    """Frames that were handed over together."""

    start: int
    """Of the first one's header, in the ring's memory."""
    packets: int


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


def raw_socket() -> socket.socket:
    """One that is given nothing yet.

    Raises:
        MissingRight: CAP_NET_RAW is needed.
    """
    try:
        return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        raise MissingRight("capturing needs the right CAP_NET_RAW: run as root, or through the unit") from None


class Ring:
    """Room that is shared with the kernel; bound, a promiscuous capture. It is given nothing until it is armed.

    Raises:
        OSError: the kernel makes no such room.
    """

    def __init__(self, room: Room, line: socket.socket) -> None:
        self.socket = line
        try:
            self._map(room)
        except OSError:
            line.close()
            raise
        self.frames = 0
        self.dropped = 0

    def _map(self, room: Room) -> None:
        attach(self.socket, NOTHING)
        self.socket.setsockopt(SOL_PACKET, VERSION, TPACKET_V3)
        size, blocks = room
        asked = struct.pack("=7I", size, blocks, FRAME, size // FRAME * blocks, RETIRE_MS, 0, 0)
        # The kernel waits for all processors (synchronize_net): other rings may be opened meanwhile.
        call("setsockopt", self.socket.fileno(), SOL_PACKET, RX_RING, asked, len(asked))
        self.memory = mmap.mmap(self.socket.fileno(), size * blocks)
        self._room = room
        self._next = 0
        self._barrier = threading.Lock()

    def bind(self, interface: str) -> None:
        """To one card, all of whose frames are meant from now on.

        Raises:
            OSError: there is no such interface.
        """
        asked = struct.pack("=iHH8s", socket.if_nametoindex(interface), MEMBERSHIP_PROMISCUOUS, 0, b"")
        self.socket.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, asked)
        self.socket.bind((interface, ETH_P_ALL))

    def share(self, program: bytes) -> int:
        """Let others share this one's tap; the program tells, by their order, whose a frame is.

        Returns:
            The number of the group, for `join`.
        """
        self.socket.setsockopt(SOL_PACKET, FANOUT, (FANOUT_CBPF | FANOUT_UNIQUE) << 16)
        with _as_filter(program) as header:
            self.socket.setsockopt(SOL_PACKET, FANOUT_DATA, header)
        return self.socket.getsockopt(SOL_PACKET, FANOUT) & 0xFFFF

    def join(self, group: int) -> None:
        """Share the tap of another: one tap is paid for with every frame on the wire, each further one again."""
        self.socket.setsockopt(SOL_PACKET, FANOUT, group | FANOUT_CBPF << 16)

    def arm(self, program: bytes) -> None:
        """From now on frames come, as this program lets them; neither it nor the group's can be changed again."""
        attach(self.socket, program)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_LOCK_FILTER, 1)

    def blocks(self, most: int) -> Iterator[Block]:
        """What the kernel has handed over, so many at most; each goes back with the next step, or stays."""
        for _ in range(most):
            start = self._start(0)
            status, packets, first = _block.unpack_from(self.memory, start + 8)
            if not status & USER:
                return
            self._fence()
            yield Block(start + first, packets)
            self._fence()
            struct.pack_into("=I", self.memory, start + 8, 0)  # TP_STATUS_KERNEL: the block goes back
            self._next = (self._next + 1) % self._room.blocks

    def waits(self, share: int) -> bool:
        """Whether at least the share-th part of its blocks was handed over and not read."""
        (status,) = _status.unpack_from(self.memory, self._start(self._room.blocks // share - 1) + 8)
        return bool(status & USER)

    def _start(self, number: int) -> int:
        """Where the block after so many others begins, from the next one on."""
        return (self._next + number) % self._room.blocks * self._room.size

    def frames_of(self, block: Block) -> list[Frame]:
        """Each of them, copied."""
        memory, read, made = self.memory, _frame.unpack_from, tuple.__new__  # a call of Frame costs as much again
        at = block.start
        frames = []
        for _ in range(block.packets):
            step, sec, nsec, kept, length, status, mac, tci = read(memory, at)
            frame = at + mac
            vlan = tci & 0xFFF if status & VLAN_VALID else None
            frames.append(made(Frame, (sec * SECOND + nsec, memory[frame : frame + kept], length, vlan)))
            at += step
        return frames

    def stamp(self, block: Block) -> int:
        """When its first frame passed: nanoseconds of the wall clock, since 1970."""
        _, sec, nsec, *_ = _frame.unpack_from(self.memory, block.start)
        return int(sec) * SECOND + int(nsec)

    def _fence(self) -> None:
        """Order our reads with the kernel's writes on weakly ordered processors: a lock does it, per block."""
        with self._barrier:
            pass

    def count(self) -> bool:
        """Add the kernel's counters to ours; reading resets them, so nobody else may.

        Returns:
            False when the interface is gone: the ring must be closed and opened again.
        """
        passed, dropped = struct.unpack("=II", self.socket.getsockopt(SOL_PACKET, STATISTICS, 12)[:8])
        self.frames += passed
        self.dropped += dropped
        return bool(self.socket.getsockname()[0])

    def close(self) -> None:
        """Give the ring back."""
        self.memory.close()
        self.socket.close()


@contextmanager
def _as_filter(program: bytes) -> Iterator[bytes]:
    """`struct sock_fprog`, as long as what it points at is there."""
    code = ctypes.create_string_buffer(program)
    yield struct.pack("@HP", len(program) // 8, ctypes.addressof(code))


def attach(line: socket.socket, program: bytes) -> None:
    """Give a socket its filter."""
    with _as_filter(program) as header:
        line.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, header)
