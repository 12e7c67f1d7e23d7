"""What is spoken on a connection: by the first bytes of a payload, or by how much the kernel kept of a header."""

from sentinel.model.beginnings import BEGINNINGS, LABELS, PUSHED, SHORTEST, Look
from sentinel.model.connection import Label

INITIALS = frozenset(value[:1] for looks in BEGINNINGS.values() for value in looks[0].values)
"""What the first byte of a payload with a label is."""


def label_of(payload: bytes) -> Label | None:
    """Of a recorded segment, whose payload is there: as the kernel's filter would have said."""
    if len(payload) < SHORTEST:
        return None
    return next(
        (label for label, looks in BEGINNINGS.items() if all(_fits(payload, look) for look in looks)), None
    )


def _fits(payload: bytes, look: Look) -> bool:
    return payload[look.at : look.at + look.size] in look.values


def told(kept: int, flags: int) -> Label | None:
    """Of a segment that came through our own filter.

    Args:
        kept: bytes of it, from its TCP header on; a header that was merely cut short has other flags.
        flags: its control bits.
    """
    return LABELS.get(kept) if flags == PUSHED else None
