"""The FAT partition lies mounted read-only, so that a power cut finds nothing half written; here it is opened."""

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

MOUNT = "/bin/mount"
OPTIONS = ("--options-source", "mtab", "-o")
"""What the kernel has mounted is asked, never fstab: where its device cannot be seen (`PrivateDevices`), `mount`
would take fstab's `nofail` for leave to do nothing, and call that well (util-linux 2.41)."""


@contextlib.contextmanager
def writable(partition: Path) -> Iterator[None]:
    """Mounted for writing as long as it takes, by one program at a time.

    Raises:
        OSError: it cannot be, as on a card whose lock is on.
    """
    with _alone(partition):
        if not is_read_only(partition):
            yield
            return
        _remount(partition, "rw")
        try:
            yield
        finally:
            os.sync()
            _remount(partition, "ro")


def is_read_only(folder: Path) -> bool:
    """Whether what lies there cannot be changed at the moment."""
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


@contextlib.contextmanager
def _alone(partition: Path) -> Iterator[None]:
    """Whoever mounts it read-only again must not take it from under another's pen."""
    held = os.open(partition, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _remount(partition: Path, way: str) -> None:
    command = [MOUNT, *OPTIONS, f"remount,{way}", str(partition)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode or is_read_only(partition) is not (way == "ro"):
        raise OSError(f"{partition} cannot be remounted {way}: {done.stderr.strip()}")
