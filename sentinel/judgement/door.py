"""One public port that was found open: where it led, and for how long every check has found it shut since."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from sentinel.judgement.knocks import Heard
from sentinel.model.connection import ConnectionState
from sentinel.model.exposure import Nature
from sentinel.model.finding import Code, Finding, Story
from sentinel.model.moment import Address, Moment

DAY, WEEK = timedelta(days=1), timedelta(days=7)
OPENING_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A public port once found open, and where it led."""

    story: Story
    machine: Address | None
    mac: str | None
    port: int | None
    nature: Nature | None = None
    """What was recognised behind it, once: nobody is asked twice who he is."""
    is_box: bool = False
    """The box itself answered: it is alive whenever a check passes through it."""
    refused: tuple[Moment, Moment] | None = None
    """From when to when every check, at least one a day, found it not open."""
    days: frozenset[date] = frozenset()
    """Of these days those with a check while the practice was open."""

    def as_heard(self) -> Heard | None:
        """Where it led when its knock was last seen; nothing when it never was."""
        if self.machine is None:
            return None
        port = self.port or self.story.port
        return Heard(machine=self.machine, mac=self.mac, port=port, state=ConnectionState.ANSWERED)

    def is_at(self, heard: Heard) -> bool:
        """Whether a knock that was seen inside went where this door led before."""
        if self.machine is None:  # it was never named: this may be its name
            return True
        return (heard.mac or str(heard.machine), heard.port) == (self.mac or str(self.machine), self.port)

    def refused_at(self, at: Moment, *, is_open: bool) -> "Door":
        """The same, not open once more, while somebody was at the practice or not; a day without any check begins
        the count anew."""
        today = frozenset({at.wall.date()} if is_open else ())
        if self.refused is None or at.since(self.refused[1]) > DAY:
            return replace(self, refused=(at, at), days=today)
        return replace(self, refused=(self.refused[0], at), days=self.days | today)

    def is_given_up(self) -> bool:
        """Not open in any check of a week, nor of seven days on which the machine should have been on.

        While the practice is closed its machines are off: three weeks of holidays prove nothing of their doors.
        """
        if self.refused is None or self.refused[1].since(self.refused[0]) < WEEK:
            return False
        return len(self.days) >= OPENING_DAYS


def led_to(finding: Finding) -> Door:
    """The door a finding tells of."""
    return Door(
        story=finding.story,
        machine=finding.machine,
        mac=finding.mac,
        port=finding.port,
        nature=finding.nature,
        is_box=finding.code is Code.BOX_ANSWERS,
    )
