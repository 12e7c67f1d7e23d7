"""An order for a paper, and what is said of it between `watch` and the child that draws: no drawing is in here."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sentinel.config import Config
from sentinel.errors import NotReadable
from sentinel.model.acting import PaperKind
from sentinel.places import Places

BEGUN = ".paper-"
"""How a file is called until it is whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which paper is wanted."""

    kind: PaperKind
    incident: int = 0
    month: str = ""
    """As 2026-11."""
    language: str = ""
    """Empty: the practice's."""
    who: str = ""
    """Who asked; empty: the calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An order with everything a child needs to know."""

    order: Order
    config: Config
    lasting: str
    passing: str
    now: datetime
    """What stands on the paper; aware."""

    @property
    def places(self) -> Places:
        """Where things lie."""
        return Places(lasting=Path(self.lasting), passing=Path(self.passing))


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A paper that lies in its folder."""

    name: str
    sha256: str


def month_of(text: str) -> date:
    """The first day of a month told as 2026-11.

    Raises:
        NotReadable: it is no month.
    """
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise NotReadable(f"{text!r:.20} is no month: 2026-11 would be one") from None
