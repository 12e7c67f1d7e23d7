"""Frames onto a cable as fast as the kernel takes them: bounded, between namespaces of our own.

sendmmsg(2) past the queueing discipline (PACKET_QDISC_BYPASS): a thousand frames a call, built once.
"""

import ctypes
import errno
import os
import socket
import time
from collections.abc import Sequence

SOL_PACKET, QDISC_BYPASS = 263, 20
AT_ONCE = 256
"""Frames of one call; where they are paced, not more than a thousandth of a second's."""
TRIES = 10_000
"""Of one frame; a cable that is not plugged in refuses as a full queue does."""

_libc = ctypes.CDLL(None, use_errno=True)


class Vector(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class Header(ctypes.Structure):
    """struct msghdr, which is padded at its end."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint),
        ("vectors", ctypes.POINTER(Vector)),
        ("number", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class Message(ctypes.Structure):
    """struct mmsghdr."""

    _fields_ = (("header", Header), ("sent", ctypes.c_uint))


class Generator:
    """These frames, from this interface of the namespace it is made in."""

    def __init__(self, interface: str, frames: Sequence[bytes]) -> None:
        self._line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._line.setsockopt(SOL_PACKET, QDISC_BYPASS, 1)
        self._line.bind((interface, 0))
        self._content = ctypes.create_string_buffer(b"".join(frames), sum(map(len, frames)))
        self._vectors = (Vector * len(frames))()
        self._messages = (Message * len(frames))()
        at = ctypes.addressof(self._content)
        for frame, vector, message in zip(frames, self._vectors, self._messages, strict=True):
            vector.base, vector.length = at, len(frame)
            message.header.vectors, message.header.number = ctypes.pointer(vector), 1
            at += len(frame)
        self._number = len(frames)

    def send(self, rate: float = 0, number: int = 0) -> float:
        """Put them on the cable.

        Args:
            rate: frames a second; 0 is as fast as can be.
            number: so many, from the first again behind the last; 0 is each of them once.

        Returns:
            The rate that was reached.
        """
        began = time.monotonic()
        sent, number = 0, number or self._number
        at_once = min(AT_ONCE, int(rate / 1_000) + 1) if rate else AT_ONCE
        while sent < number:
            if rate:
                time.sleep(max(0.0, began + sent / rate - time.monotonic()))
            first = sent % self._number
            sent += self._some(first, min(at_once, number - sent, self._number - first))
        return number / (time.monotonic() - began)

    def _some(self, first: int, most: int) -> int:
        """As many of them as the kernel takes; one that a queue had no room for is sent again."""
        for _ in range(TRIES):
            done = _libc.sendmmsg(self._line.fileno(), ctypes.byref(self._messages[first]), most, 0)
            if done > 0:
                return int(done)
            number = ctypes.get_errno()
            if number != errno.ENOBUFS:
                break
        raise OSError(number, os.strerror(number))

    def close(self) -> None:
        """No more of them."""
        self._line.close()
