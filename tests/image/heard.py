"""What a machine says, kept; and waiting for what it is about, until a deadline."""

import contextlib
import re
import threading
import time
from collections.abc import Callable
from typing import Any


def until(happened: Callable[[], bool], within: float) -> None:
    """Ask again and again until it is so; an answer that does not come is a no.

    Raises:
        TimeoutError: it never was.
    """
    end = time.monotonic() + within
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if happened():
                return
        time.sleep(0.25)
    raise TimeoutError(f"it was not so within {within:.0f} s")


class Heard:
    """What comes out of a pipe or socket; several may wait for words in it."""

    def __init__(self, read: Callable[[int], Any], before: str = "") -> None:
        self.text = before
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._collect, args=[read], daemon=True)
        self._reader.start()

    def end(self) -> None:
        """Wait for the last word of whoever was switched off."""
        self._reader.join(30)

    def _collect(self, read: Callable[[int], Any]) -> None:
        with contextlib.suppress(OSError, ValueError):
            while chunk := read(65536):
                with self._changed:
                    self.text += chunk.decode(errors="replace")
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait(self, pattern: str, within: float, since: int = 0) -> re.Match[str]:
        """The first match after character `since`.

        Raises:
            TimeoutError: with the last words, when time is up or nothing more can come.
        """
        with self._changed:
            self._changed.wait_for(lambda: re.search(pattern, self.text[since:]) or self._ended, within)
            if found := re.search(pattern, self.text[since:]):
                return found
        raise TimeoutError(f"{pattern!r} was not heard within {within:.0f} s, but:\n{self.text[-4000:]}")
