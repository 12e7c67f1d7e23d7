"""What is spoken on a connection: by the first bytes of a payload, or by how much the kernel kept of a header."""

from typing import Final

from sentinel.model.beginnings import BEGINNINGS, BEGUN, FULL, LABELS, LONG, PUSHED, SHORTEST, Look
from sentinel.model.connection import Label

_FIRSTS = {label: {value[:1] for value in looks[0].values} for label, looks in BEGINNINGS.items()}
INITIALS: Final = {
    first: tuple(label for label in BEGINNINGS if first in _FIRSTS[label])
    for first in set().union(*_FIRSTS.values())
}
"""What the first byte of a payload with a label is, and which labels begin so: mostly one."""


def label_of(payload: bytes, flags: int) -> Label | None:
    """Of a recorded segment, whose payload is there: as the kernel's filter would have said."""
    if flags == PUSHED and len(payload) >= SHORTEST:
        labels = INITIALS.get(payload[:1], ())
    elif flags == BEGUN and len(payload) >= FULL:
        labels = tuple(each for each in INITIALS.get(payload[:1], ()) if each in LONG)
    else:
        return None
    return next((each for each in labels if all(_fits(payload, look) for look in BEGINNINGS[each])), None)


def _fits(payload: bytes, look: Look) -> bool:
    return payload[look.at : look.at + look.size] in look.values


def told(kept: int, flags: int) -> Label | None:
    """Of a segment that came through our own filter.

    Args:
        kept: bytes of it, from its TCP header on; a header that was merely cut short has other flags.
        flags: its control bits.
    """
    label = LABELS.get(kept)
    return label if flags == PUSHED or (flags == BEGUN and label in LONG) else None
