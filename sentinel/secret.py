"""Small files that nobody else may read: keys, enrolments, the claim code."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp

LARGEST = 1 << 20
"""Bytes; what is kept in one small file is a hundredth of it."""


def read_plain(path: Path) -> bytes | None:
    """What root may read in a folder that is somebody else's: a small file that lies there itself.

    Its owner could have put a link in its place, to what he may not read himself, or a pipe that never ends.

    Returns:
        None where there is no file, or something else.

    Raises:
        OSError: it cannot be read.
    """
    try:
        held = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError:
        if path.is_symlink():
            return None
        raise
    try:
        about = os.fstat(held)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1 or about.st_size > LARGEST:
            return None
        with os.fdopen(held, "rb", closefd=False) as file:
            return file.read(LARGEST)
    finally:
        os.close(held)


def give(path: Path) -> None:
    """What root makes belongs to its folder's owner: `watch` has a user of its own, and must read it.

    Raises:
        OSError: there is no such file.
    """
    if os.geteuid() != 0:
        return
    owner, made = path.parent.stat(), path.lstat()
    if (owner.st_uid, owner.st_gid) != (made.st_uid, made.st_gid):  # a root without CAP_CHOWN is asked for nothing
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


@contextmanager
def as_owner(folder: Path) -> Iterator[None]:
    """Root does as the folder's owner would, so that all it makes there, SQLite's files too, is the owner's.

    No link its owner may have laid there opens more than he could open himself: root's other groups are left, too.

    Raises:
        OSError: there is no such folder.
    """
    if os.geteuid() != 0:
        yield
        return
    owner, groups = folder.stat(), os.getgroups()
    if (owner.st_uid, owner.st_gid) == (0, 0):
        yield
        return
    os.setgroups([])
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def write_secret(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Whole or not at all, also through a power cut, and never readable by others than `mode` lets.

    Several threads may write at once: each has a draft of its own, and the last one stands.

    A FAT keeps neither owner nor mode, and takes `mode` without a word. There the mount keeps others out (root's,
    `umask=0077` in the card's fstab), and only while the card is in its machine: whoever holds the card reads it.
    So no secret stays on it once the sentinel is claimed (`card.cleaning`).

    Raises:
        OSError: the folder cannot be written; what stood there before still does.
    """
    held, draft = mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(held, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(held, mode)  # by its name it could be a link by then
            os.fsync(held)
        give(Path(draft))
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
