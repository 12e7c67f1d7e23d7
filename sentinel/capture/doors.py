"""The part of the kernel's filter that tells by the ends of a segment whether it is between a stranger and a door.

A port that clients pick for themselves is none; and what a door says to one of us tells nothing of a stranger.
"""

from sentinel.capture.assembler import Line, Step
from sentinel.capture.walk import IP_HEADER

EPHEMERAL = 32768
"""The lowest port that clients pick on the systems of a practice."""
HIGH_DOORS = (33389, 34567, 37777)
"""Doors of imaging_ports.csv above it."""


def pushed(start: int, port: int, only: list[Line]) -> list[Line]:
    """A client that pushes its first request to a door must be known at once, not when it leaves.

    Args:
        start: of the IP header.
        port: of the door, by its offset in the TCP header: the source's or the target's.
        only: further conditions, which leave for « drop » where they are not met.
    """
    return [
        "pushed",
        Step("ldx_memory", IP_HEADER),
        Step("ld_byte_x", start + 13),
        Step("if_any_bit", 0x08, None, "drop"),
        *door(start, port, "door", "drop"),
        "door",
        *only,
    ]


def door(start: int, port: int, yes: str, no: str) -> list[Line]:
    """Whether that port is one that strangers may be served at. X holds the length of the IP header(s)."""
    return [
        Step("ld_half_x", start + port),
        Step("if_at_least", EPHEMERAL, None, yes),
        *(Step("if_equal", number, yes, None) for number in HIGH_DOORS),
        Step("jump", no),
    ]


def to_outside(start: int) -> list[Line]:
    """Not to a private address (RFC 1918, 3927, 4193, 4291), nor within one /64: file shares push all day."""
    return [
        Step("ld_byte", start),
        Step("and", 0xF0),
        Step("if_equal", 0x40, "to IPv4", "to IPv6"),
        "to IPv4",
        Step("ld_half", start + 16),
        Step("if_equal", 0xC0A8, "drop", None),
        Step("if_equal", 0xA9FE, "drop", None),
        Step("and", 0xFFF0),
        Step("if_equal", 0xAC10, "drop", None),
        Step("and", 0xFF00),
        Step("if_equal", 0x0A00, "drop", "outside"),
        "to IPv6",
        Step("ld_half", start + 24),
        Step("and", 0xFFC0),
        Step("if_equal", 0xFE80, "drop", None),
        Step("and", 0xFE00),
        Step("if_equal", 0xFC00, "drop", None),
        Step("ld_word", start + 8),
        Step("a_to_x"),
        Step("ld_word", start + 24),
        Step("if_equal_x", 0, None, "outside"),
        Step("ld_word", start + 12),
        Step("a_to_x"),
        Step("ld_word", start + 28),
        Step("if_equal_x", 0, "drop", "outside"),
        "drop",
        Step("keep", 0),
        "outside",
    ]
