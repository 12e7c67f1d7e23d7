"""`sentinel dark`: the lamp out, whatever lit it: early at boot, when `watch` has ended in any way, at the stop.

A pin keeps its level when the program that drove it dies, and the board's LED flickers with the memory card: both
would look like a verdict that nobody gives. It never fails, for it runs where half of the machine is not there.
"""

from collections.abc import Callable
from pathlib import Path

from sentinel import toml
from sentinel.config import Lamp, LampKind
from sentinel.errors import SentinelError
from sentinel.signals.lamp import TROUBLE
from sentinel.signals.lights import Light, switched_on

BOARD = Lamp(kind=LampKind.BOARD)


def dark(file: Path, tell: Callable[[str], object], light: Callable[[Lamp], Light] = switched_on) -> int:
    """Put out what the configuration means, and the board's own LED beside it.

    A laptop's simulated lamp is no LED: there nothing is touched. Where the configuration cannot be read, the
    board alone is known.

    Returns:
        0: what is not there is dark.
    """
    for section in _meant(file):
        try:
            found = light(section)  # dark from the moment it is held
            found.off()
            found.close()
        except TROUBLE as error:
            tell(f"{section.kind.value}: {error}")
    return 0


def _meant(file: Path) -> list[Lamp]:
    try:
        lamp = toml.load(file).lamp if file.exists() else BOARD
    except (SentinelError, OSError):
        lamp = BOARD
    if lamp.kind is LampKind.SIMULATED:
        return []
    return [lamp] if lamp.kind is LampKind.BOARD else [lamp, BOARD]
