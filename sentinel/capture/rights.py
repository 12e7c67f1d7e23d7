"""Giving rights away: once the ring is open, `listen` needs none."""

import ctypes
import signal
import socket
from contextlib import suppress

from sentinel.capture.libc import LIBC, call

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
M_MMAP_THRESHOLD, LARGE = -3, 1 << 16  # malloc.h; bytes
VERSION_3 = 0x20080522  # _LINUX_CAPABILITY_VERSION_3


def drop() -> None:
    """Give up every capability, effective, permitted and inheritable, for good.

    A root process keeps its user id, since its sockets lie in root's folders, but no right beyond it.

    Raises:
        OSError: the kernel refused, which it does not for fewer rights.
    """
    call("prctl", PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    call("prctl", PR_CAP_AMBIENT, *map(ctypes.c_ulong, (PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)))
    header = (ctypes.c_uint32 * 2)(VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    call("capset", header, nothing)


def end_with_parent() -> None:
    """Be told to end when the parent dies, however it dies: a program nobody tends watches nothing."""
    call("prctl", PR_SET_PDEATHSIG, *map(ctypes.c_ulong, (signal.SIGTERM, 0, 0, 0)))


def leave_no_image() -> None:
    """Whatever happens to this process, its memory is written nowhere: a core limit of 0 still feeds a helper."""
    call("prctl", PR_SET_DUMPABLE, *map(ctypes.c_ulong, (0, 0, 0, 0)))


def give_back() -> None:
    """Return to the kernel at once what a table has outgrown: as it grows its old places would else stay ours.

    mallopt(3), M_MMAP_THRESHOLD; a C library that does not know it does as it likes.
    """
    with suppress(AttributeError):
        LIBC.mallopt(M_MMAP_THRESHOLD, LARGE)


def can_capture() -> bool:
    """Whether this process may open a raw socket."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        return False
    return True
