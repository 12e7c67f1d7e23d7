"""One question to put to one echo, and what whoever pressed a button is promised."""

from dataclasses import dataclass
from datetime import timedelta

from sentinel.model.exposure import Outcome, PortList, ReachOutcome
from sentinel.model.moment import Moment
from sentinel.reach import keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """What comes of a button."""

    checks: int = 0
    """Outcomes to wait for: one for each echo and family."""
    wait: timedelta | None = None
    """Nothing is asked before this has passed: the echoes said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One question to put, to one echo over one family."""

    echo: keys.Echo
    family: int
    ports: PortList
    pressed: bool = False
    """Somebody pressed the button."""
    doors: tuple[int, ...] = ()
    """Of a re-test: public ports found open before."""
    until: timedelta | None = None
    """Of a re-test: given up after this, by the boot clock."""

    @property
    def budget(self) -> tuple[str, int, bool]:
        """What an echo counts together: re-tests apart."""
        return self.echo.key_id, self.family, self.ports is PortList.RETEST

    def unasked(self, outcome: Outcome, begun: Moment, at: Moment) -> ReachOutcome:
        """How it ended where nobody was asked."""
        return ReachOutcome(
            echo=self.echo.key_id,
            family=self.family,
            ports=self.ports,
            outcome=outcome,
            asked=begun,
            at=at,
            host=self.echo.host,
        )
