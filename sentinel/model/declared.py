"""What a practice declares or wishes, in the words of `sentinel.toml`: whoever reads it needs nothing else."""

from enum import StrEnum


class View(StrEnum):
    """What the sentinel is declared to see."""

    MIRROR = "mirror"
    LIMITED = "limited"


class Identify(StrEnum):
    """Which open doors the echo asks who they are."""

    NONE = "none"
    NEW_NO_TLS = "new_no_tls"
    """Those not in the request's `known`, and never by a TLS handshake: some servers die of one."""
    NEW = "new"
    ALL = "all"
    """Somebody pressed the button."""
