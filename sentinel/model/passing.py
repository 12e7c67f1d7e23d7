"""What happens inside the sentinel itself: time passes, a part falls ill, somebody acts."""

from dataclasses import dataclass
from enum import StrEnum

from sentinel.model.moment import Address, Moment


class Part(StrEnum):
    """The parts of the sentinel that can fail, as people are told of them."""

    CAPTURE = "capture"
    STORE = "store"
    CLOCK = "clock"
    DISK = "disk"
    LAMP = "lamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Time passes. Ages are counted, the lamp is re-armed, and what stayed silent is noticed."""

    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A check that is being made at this moment."""

    echo: str
    """Key id of the echo."""
    family: int
    """4 or 6."""
    done: int
    """Knocks that have their answer."""
    of: int
    """Knocks announced; 0 until the plan has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one part of the sentinel is doing."""

    part: Part
    well: bool
    detail: str = ""
    """A short plain-English reason for the console; no payload, no patient, no address."""
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Somebody pressed « J'ai vu » on an incident."""

    incident: int
    who: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceName:
    """A visitor is a known research scanner, as its name service and its own say; changes words only."""

    source: Address
    organisation: str
    """A name of `scanners.csv`."""
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAnswer:
    """Somebody said whether a private network is theirs."""

    network: str
    ours: bool
    who: str
    at: Moment
