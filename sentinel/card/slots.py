"""The two systems of a card: which one runs, which one the firmware will start, and how the choice is changed.

One byte decides: the letter in `os_prefix=a/` of config.txt. It is overwritten in place, as are the three bytes of
trial.txt, and a sector of a card is written whole or not at all: whenever the power goes, one of them is chosen,
and it lies there complete. trial.txt is written first, so a new system is never chosen without its count.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from sentinel.card.pen import Pen
from sentinel.errors import MissingDevice, NotReadable

TRIES: Final = 3
"""Starts a new system has, before its initramfs takes the old one back."""
SETTLED: Final = b"-0\n"
"""trial.txt while nothing is tried."""

_CHOICE = re.compile(rb"os_prefix=([ab])/\n")
"""The first line, for there the initramfs looks when it takes the old system back; it takes no other line end."""
_TRIAL = re.compile(rb"([ab])(\d)\n")


class Slot(StrEnum):
    """One of the two systems; the name of its folder on the firmware partition."""

    A = "a"
    B = "b"

    @property
    def other(self) -> "Slot":
        """The one that is not this."""
        return Slot.B if self is Slot.A else Slot.A

    @property
    def partuuid(self) -> str:
        """Its root partition, as the kernel and udev name it; 5e471ae1 is the disk's own number."""
        return "5e471ae1-02" if self is Slot.A else "5e471ae1-03"


ROOTS: Final = {slot: Path("/dev/disk/by-partuuid") / slot.partuuid for slot in Slot}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A system that has yet to prove itself."""

    slot: Slot
    left: int
    """Starts it still has; at none the other one is taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The card this system runs from."""

    firmware: Path = Path("/boot/firmware")
    roots: Mapping[Slot, Path] = field(default_factory=lambda: ROOTS)
    cmdline: Path = Path("/proc/cmdline")
    devices: Path = Path("/sys/dev/block")
    pen: Pen = field(default_factory=Pen)

    @property
    def config(self) -> Path:
        """What the firmware reads first."""
        return self.firmware / "config.txt"

    @property
    def tries(self) -> Path:
        """Three bytes: the slot on trial and the starts it has left, or `-0`."""
        return self.firmware / "trial.txt"

    def running(self) -> Slot:
        """The system that was started.

        Raises:
            MissingDevice: this machine was not started from a card of ours.
        """
        words = self.cmdline.read_text(encoding="ascii", errors="replace").split()
        found = [word for word in words if word in ("sentinel.slot=a", "sentinel.slot=b")]
        if len(found) != 1:
            raise MissingDevice("this machine does not run from a sentinel's memory card")
        return Slot(found[0][-1])

    def is_beside(self, slot: Slot) -> bool:
        """The root of `slot` lies on the disk that holds the choice: a second card of ours has the same numbers.

        Raises:
            MissingDevice: there is no such root.
        """
        try:
            return self._disk(self.firmware) == self._disk(self.roots[slot])
        except OSError as error:
            raise MissingDevice(f"the card's other system cannot be reached: {error}") from None

    def _disk(self, path: Path) -> Path:
        """Of a partition, or of the one that a folder lies on."""
        about = path.stat()
        number = about.st_rdev or about.st_dev
        return (self.devices / f"{os.major(number)}:{os.minor(number)}").resolve().parent

    def chosen(self) -> Slot:
        """The system the firmware starts next.

        Raises:
            NotReadable: config.txt cannot be read, or does not choose.
        """
        return self._choice()[0]

    def trial(self) -> Trial | None:
        """The system on trial; none, too, where the file holds what nobody wrote."""
        try:
            found = _TRIAL.fullmatch(self.tries.read_bytes())
        except OSError:
            return None
        return Trial(slot=Slot(found[1].decode()), left=int(found[2])) if found else None

    def is_settled(self) -> bool:
        """Nothing is tried, and nothing left of a trial."""
        try:
            return self.tries.read_bytes() == SETTLED
        except OSError:
            return False

    def begin_trial(self, slot: Slot) -> None:
        """The firmware starts `slot` from now on, and counts.

        Raises:
            NotReadable: config.txt cannot be read or does not choose, or the card does not keep the count.
            OSError: the card cannot be written.
        """
        _, place = self._choice()
        self._mark(f"{slot}{TRIES}\n".encode())
        if self.trial() != Trial(slot=slot, left=TRIES):
            raise NotReadable(f"the card does not keep what is written on it ({self.tries.name}): replace it")
        self.pen.put(self.config, slot.encode(), place)
        self.pen.settle(self.config)

    def end_trial(self) -> None:
        """What is chosen stays chosen.

        Raises:
            OSError: the card cannot be written.
        """
        self._mark(SETTLED)

    def give_up(self, slot: Slot) -> None:
        """`slot` has no start left: at its next one the other system is taken back.

        Raises:
            OSError: the card cannot be written.
        """
        self._mark(f"{slot}0\n".encode())

    def _mark(self, three: bytes) -> None:
        if self.tries.exists() and self.tries.stat().st_size != len(three):
            self.pen.remove(self.tries)  # nobody of ours left it so; in place, its rest would stay
        self.pen.put(self.tries, three, 0)
        self.pen.settle(self.tries)

    def _choice(self) -> tuple[Slot, int]:
        """And where in config.txt its letter stands."""
        try:
            held = self.config.read_bytes()
        except OSError as error:
            raise NotReadable(f"{self.config} cannot be read: {error.strerror}") from None
        found = _CHOICE.match(held)
        if not found:
            raise NotReadable(
                f"the first line of {self.config} must be os_prefix=a/ or os_prefix=b/ and end as Unix ends lines "
                f"(LF): it is {_first(held)}"
            )
        return Slot(found[1].decode()), found.start(1)


def _first(held: bytes) -> str:
    """The first line with its end, so that it is seen which one it is."""
    line = held.split(b"\n", 1)[0][:40]
    return ascii((line + b"\n" * (len(held) > len(line))).decode("utf-8", errors="replace"))
