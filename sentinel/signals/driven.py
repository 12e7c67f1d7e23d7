"""Which lamp `watch` drives: kept beside its pulse before anything is lit.

The file may name another one by the time somebody has to put it out.
"""

from pathlib import Path

from sentinel import codec
from sentinel.config import Lamp


def note(path: Path, section: Lamp) -> None:
    """Keep it, whole or not at all; any user may read it, for root without a capability puts the lamp out.

    Raises:
        OSError: it cannot be written.
    """
    fresh = path.with_suffix(".new")
    fresh.write_bytes(codec.encode(section))
    fresh.chmod(0o644)
    fresh.replace(path)


def noted(path: Path) -> Lamp | None:
    """What was kept; nothing where no `watch` has run since the boot.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no lamp.
    """
    try:
        return codec.decode(path.read_bytes(), Lamp)
    except FileNotFoundError:
        return None
