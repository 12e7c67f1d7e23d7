"""`sentinel dark`: the lamp out, whatever lit it: early at boot, when `watch` has ended in any way, at the stop.

A pin keeps its level when the program that drove it dies, and the board's LED flickers with the memory card: both
would look like a verdict that nobody gives. What was lit is what `watch` noted before it lit anything: since then
the file may have been edited, or broken. It never fails, for it runs where half of the machine is not there.
"""

from collections.abc import Callable
from pathlib import Path

from sentinel import toml
from sentinel.config import Lamp, LampKind
from sentinel.errors import SentinelError
from sentinel.signals.driven import noted
from sentinel.signals.lamp import TROUBLE
from sentinel.signals.lights import Light, switched_on

BOARD = Lamp(kind=LampKind.BOARD)


def dark(
    file: Path, record: Path, tell: Callable[[str], object], light: Callable[[Lamp], Light] = switched_on
) -> int:
    """Put out what `watch` drove, what the configuration means, and the board's own LED beside them.

    A laptop's simulated lamp is no LED: there nothing is touched. Where neither record nor configuration can be
    read, the board alone is known.

    Args:
        file: the configuration.
        record: what `watch` noted of the lamp it drives.
        tell: where sentences go.
        light: switches a lamp on; handed in by tests.

    Returns:
        0: what is not there is dark.
    """
    for section in _meant(_driven(record, tell), _configured(file)):
        try:
            found = light(section)  # dark from the moment it is held
            found.off()
            found.close()
        except TROUBLE as error:
            tell(f"{section.kind.value}: {error}")
    return 0


def _meant(*lamps: Lamp | None) -> list[Lamp]:
    """Each once, and the board's LED where any of them is one that shines."""
    real = [each for each in lamps if each is not None and each.kind is not LampKind.SIMULATED]
    wired = [each for each in real if each.kind is not LampKind.BOARD]
    return [*dict.fromkeys(wired), BOARD] if real else []


def _driven(record: Path, tell: Callable[[str], object]) -> Lamp | None:
    try:
        return noted(record)
    except (OSError, ValueError) as error:
        tell(f"{record}: {error}")
        return BOARD


def _configured(file: Path) -> Lamp:
    try:
        return toml.load(file).lamp if file.exists() else BOARD
    except (SentinelError, OSError):
        return BOARD
