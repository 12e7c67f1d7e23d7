"""Which of the five rings; `route` draws them."""

from enum import IntEnum


class Kind(IntEnum):
    """The sockets, by their number in the fanout group; also the order in which they are drained."""

    ANSWERS = 0
    CLIENTS = 1
    ANNOUNCEMENTS = 2
    RARE = 3
    ATTEMPTS = 4
