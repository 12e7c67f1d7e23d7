"""Sees to it that one `watch` alone writes a store."""

import fcntl

from sentinel.errors import MissingDevice
from sentinel.places import Places


class alone:
    """Two writers would judge the same visitor twice."""

    def __init__(self, places: Places) -> None:
        self._path = places.lasting / "watch.lock"

    def __enter__(self) -> None:
        self._file = self._path.open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise MissingDevice(f"another sentinel is running in {self._path.parent}") from None

    def __exit__(self, *_: object) -> None:
        self._file.close()
