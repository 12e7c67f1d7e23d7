"""The one value shown everywhere: lamp, page, pulse."""

from dataclasses import dataclass, field
from enum import StrEnum

from sentinel.model.finding import Code, Level
from sentinel.model.moment import Address, Moment


class View(StrEnum):
    """What the sentinel is declared to see."""

    MIRROR = "mirror"
    LIMITED = "limited"


class Assurance(StrEnum):
    """How much stands behind « nothing open »."""

    A = "A"
    B = "B"
    C = "C"
    NONE = "none"


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
    fresh: dict[str, bool] = field(default_factory=dict)
    """For /healthz: each part, and whether it is well."""
