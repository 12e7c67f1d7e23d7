"""The one value shown everywhere: lamp, page, pulse."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sentinel.model.declared import View
from sentinel.model.exposure import Nature, Outcome
from sentinel.model.finding import Code, Level
from sentinel.model.moment import Address, Moment


class Assurance(StrEnum):
    """How much stands behind « nothing open »."""

    A = "A"
    B = "B"
    C = "C"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An attempt to ask one echo over one family that taught nothing, and was the last one made."""

    echo: str
    """Key id of the echo."""
    family: int
    """4 or 6."""
    outcome: Outcome
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that applies now. The page shows them all; the first decides the colour."""

    code: Code
    level: Level
    since: Moment
    incident: int | None = None
    machine: Address | None = None
    mac: str | None = None
    port: int | None = None
    nature: Nature | None = None
    """What the door leads to, where it was recognised."""
    outcome: Outcome | None = None
    """What the last attempt to ask met, where that is why."""
    who: str | None = None
    """Who pulled the cable, or accepted the door, where the reason is about that."""
    until: datetime | None = None
    """When an acceptance ends, where the reason is about that."""
    installation: bool = False
    """It was so when the sentinel came: `since` is only when it was first seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the sentinel says at one moment.

    CALM never comes by default: `weigh` gives it only when every condition of the design is met.
    """

    level: Level
    reasons: tuple[Reason, ...]
    """Gravest first; empty only when calm."""
    at: Moment
    view: View
    assurance: Assurance
    checked: Moment | None
    """When the full list was last asked about, in the family where that is longest ago."""
    doors: int = 0
    """Ports of the full list with a definite state in the last complete check."""
    missed: tuple[Missed, ...] = ()
    """For each echo and family whose last attempt failed: how, also while an older proof still counts."""
    not_ours: tuple[int, ...] = ()
    """Families whose public address is shared with neighbours: nobody can be sent to us there."""
    fresh: dict[str, bool] = field(default_factory=dict)
    """For /healthz: each part, and whether it is well."""
