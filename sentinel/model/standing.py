"""How judgement sees one connection, written beside its row."""

from enum import StrEnum


class Standing(StrEnum):
    """Who came, as far as it can be known."""

    STRANGER = "stranger"
    BOX = "box"
    """Through the box, which hides the real source: counted as a stranger."""
    PRIVATE = "private"
    """From a private network nobody has recognised yet."""
    KNOWN_NETWORK = "known_network"
    EXPECTED = "expected"
    OWN_CHECK = "own_check"
    """The echo's announced knock."""
    INSIDE = "inside"
