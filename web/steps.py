"""The steps of the first hour: which there are, how each ended, and which comes next. Kept as settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

ALL = "all"
"""The whole put off: the page offers it no more."""


class Ended(StrEnum):
    """How a step ended."""

    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One page of the first hour."""

    name: str
    minutes: int
    """About how long it takes."""
    ended: Ended | None = None
    at: datetime | None = None
    who: str = ""


HOUR = (
    Step(name="welcome", minutes=8),
    Step(name="practice", minutes=4),
    Step(name="view", minutes=9),
    Step(name="machines", minutes=6),
    Step(name="outside", minutes=3),
    Step(name="doors", minutes=12),
    Step(name="drill", minutes=7),
    Step(name="certificate", minutes=11),
)
"""In this order, an hour in all."""
NAMES = tuple(step.name for step in HOUR)


def noted(how: Ended, at: datetime, who: str) -> str:
    """How a step ended, as it is kept."""
    return f"{how} {at.astimezone(UTC):%Y-%m-%dT%H:%MZ} {who}".strip()


def hour(kept: Mapping[str, str]) -> tuple[Step, ...]:
    """Every step as it stands."""
    return tuple(_told(step, kept.get(step.name, "")) for step in HOUR)


def following(kept: Mapping[str, str]) -> str:
    """The step to do next; empty when all have ended."""
    return next((step.name for step in hour(kept) if step.ended is None), "")


def is_offered(kept: Mapping[str, str]) -> bool:
    """Whether pages still offer the first hour: somebody has neither finished it nor put it off."""
    return ALL not in kept and bool(following(kept))


def _told(step: Step, kept: str) -> Step:
    how, _, rest = kept.partition(" ")
    when, _, who = rest.partition(" ")
    try:
        at = datetime.strptime(when, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
        return Step(name=step.name, minutes=step.minutes, ended=Ended(how), at=at, who=who)
    except ValueError:
        return step
