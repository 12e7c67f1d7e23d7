"""A message about what stands: to whom, about which stories, and how its delivery goes."""

from dataclasses import dataclass
from enum import StrEnum

from sentinel.model.finding import Code
from sentinel.model.incident import Incident
from sentinel.model.moment import Moment
from sentinel.model.verdict import Verdict


class Recipient(StrEnum):
    """Who is told; the addresses behind each are settings, and stand in no row."""

    PRACTICE = "practice"
    """The practitioner: short, and no address of anybody."""
    TECHNICIAN = "technician"
    """Whoever looks after the network: everything that is known."""


class NoticeKind(StrEnum):
    """What a message is for."""

    ALARM = "alarm"
    AGAIN = "again"
    """The same alarm once more: nobody has read it."""
    ATTENTION = "attention"
    UNSURE = "unsure"
    CLOSED = "closed"
    """An alarm that was told is over."""
    SEES = "sees"
    """Not knowing, which was told, is over."""
    DRILL = "drill"
    TEST = "test"


UNSURE = "unsure"
"""What a message about not knowing is about, whatever the reasons are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One story inside a message, as far as it had come by then."""

    about: str
    """An incident's number, the code of a reason that has none, or UNSURE."""
    step: int = 0
    """0 when it was new, then one more with each repeat."""
    grade: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to one recipient, and what became of it."""

    number: int
    kind: NoticeKind
    recipient: Recipient
    told: tuple[Told, ...]
    due: Moment
    tries: int = 0
    tried: Moment | None = None
    arrived: Moment | None = None
    over: bool = False
    """It is tried no more; without `arrived` it was never delivered."""
    detail: str = ""
    """Why the last try failed, in plain English for the console; no address, no password, no patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the notices' thread needs to put a notice into words, when everything else is forgotten."""

    notice: int
    kind: NoticeKind
    recipient: Recipient
    about: tuple[str, ...] = ()
    """As in `Told`, in the order in which it is told."""
    stories: tuple[Incident, ...] = ()
    """The incidents among them, as they stood."""
    ended: tuple[tuple[int, Code], ...] = ()
    """How those that are over ended, where that is known."""
    verdict: Verdict | None = None
    """What was shown then; None in a test message sent before the first verdict."""
    at: Moment
    last: bool = False
    """No more is sent for a while, whatever happens: the rest is on the page."""
