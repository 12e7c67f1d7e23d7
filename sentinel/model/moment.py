"""When something happened, on two clocks: the wall for people, the boot clock for durations."""

from abc import ABC
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Address = IPv4Address | IPv6Address
else:

    class Address(ABC):  # noqa: B024 - its members are registered, not derived
        """One internet address of either family; a single type, since a codec knows no union of two."""

    Address.register(IPv4Address)
    Address.register(IPv6Address)


@lru_cache(maxsize=2048)
def unpacked(raw: bytes) -> Address:
    """An address from its bytes on the wire, 4 or 16 of them."""
    return IPv4Address(raw) if len(raw) == 4 else IPv6Address(raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One instant.

    Ages and windows use `boot` only, because a Pi without a clock battery often starts in the past
    and jumps when it learns the time; `wall` is what a person reads.

    Raises:
        ValueError: `wall` carries no time zone.
    """

    wall: datetime
    """Aware UTC."""
    boot: timedelta
    """Since the machine started, suspended time included (CLOCK_BOOTTIME); since 1970 in a replayed file."""

    def __post_init__(self) -> None:
        if self.wall.tzinfo is None:
            raise ValueError("a moment needs a time zone")

    def since(self, earlier: "Moment") -> timedelta:
        """How long after `earlier` this is; negative when it came first."""
        return self.boot - earlier.boot
