"""The board's own activity LED, as a lamp that needs no wiring: one colour, told apart by rhythm alone."""

from contextlib import suppress
from pathlib import Path

from sentinel.errors import MissingDevice

FOLDER = Path("/sys/class/leds")
NAMES = ("ACT", "led0")
"""What kernels call it: those from 6 on, and those before."""


class BoardLed:
    """It stops showing what the memory card does, and shows what it is told.

    Raises:
        MissingDevice: the board has no such LED, or this user may not write it.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._led = _found(folder)
        try:
            self._full = (self._led / "max_brightness").read_text(encoding="ascii").strip()
            (self._led / "trigger").write_text("none", encoding="ascii")
            self.value = 0
        except OSError as error:
            raise MissingDevice(
                f"the board's LED {self._led.name} cannot be driven: {error.strerror} ({error.filename})"
            ) from None

    @property
    def value(self) -> int:
        """Lit or not: 1 or 0.

        Raises:
            OSError: the LED has gone, or may not be written.
        """
        return self._value

    @value.setter
    def value(self, value: int) -> None:
        (self._led / "brightness").write_text(self._full if value else "0", encoding="ascii")
        self._value = value

    def off(self) -> None:
        """Dark."""
        self.value = 0

    def close(self) -> None:
        """Dark from here on: the trigger stays off, for a LED that flickers with the card would look alive."""
        with suppress(OSError):
            self.off()


def _found(folder: Path) -> Path:
    for name in NAMES:
        if (folder / name).is_dir():
            return folder / name
    there = ", ".join(sorted(each.name for each in folder.glob("*"))) or "none"
    raise MissingDevice(f"the board has no LED called {' or '.join(NAMES)} (in {folder}: {there})")
