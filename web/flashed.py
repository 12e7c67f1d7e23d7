"""What of the flasher's files this boot of a card could not use, for those who gave the code."""

from pathlib import Path

from sentinel import codec


def unused(told: Path, language: str) -> tuple[str, ...]:
    """One sentence each; none where there is no card, or nothing was left out."""
    try:
        words = codec.decode(told.read_bytes(), dict[str, tuple[str, ...]])
    except (OSError, ValueError):
        return ()
    return words.get(language, ())
