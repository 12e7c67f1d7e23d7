"""What Python does not call by itself, or calls while every other thread waits."""

import ctypes
import os
from typing import Final

LIBC: Final = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> None:
    """A function that says 0 when it has done it; other threads go on meanwhile.

    Raises:
        OSError: it was refused.
    """
    if getattr(LIBC, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
