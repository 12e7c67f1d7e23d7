"""One writer: `watch`, or whoever puts a store back or takes it away."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sentinel.errors import MissingDevice
from sentinel.places import Places
from sentinel.secret import give


@contextmanager
def alone(places: Places) -> Iterator[None]:
    """Two writers would judge the same visitor twice.

    Raises:
        MissingDevice: another one is at work in this folder.
    """
    lock = places.lasting / "watch.lock"
    way = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW  # root comes here too, and the folder is another's
    with os.fdopen(os.open(lock, way, 0o644), "w") as file:
        give(lock)  # `sudo sentinel restore` must not leave one that `watch` could not open
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MissingDevice(f"another sentinel is running in {places.lasting}") from None
        yield
