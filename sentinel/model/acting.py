"""What somebody decided, said or did, as facts: they come from the page or the command line, through `watch`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sentinel.model.moment import Moment

LONGEST_WORDS = 400
"""Characters of a reason or a remark; a name has 80 at most."""


class MeasureKind(StrEnum):
    """What was done at once, before anybody could close the door."""

    MACHINE_UNPLUGGED = "machine_unplugged"
    """The machine's network cable was pulled; the machine itself is still on."""
    LINE_UNPLUGGED = "line_unplugged"
    """The cable between box and switch was pulled."""
    RULE_REMOVED = "rule_removed"
    """The box's forward, DMZ or mapping was taken away."""
    SERVICE_STOPPED = "service_stopped"
    OTHER = "other"


class PaperKind(StrEnum):
    """A document the sentinel makes, for the practice's file."""

    DOSSIER = "dossier"
    """The evidence pack of one incident: a ZIP."""
    MONTH = "month"
    """One A4: what was proved in one month."""
    CERTIFICATE = "certificate"
    """What was found and proved at installation, dated and signed by hand."""
    CLOSING = "closing"
    """What this sentinel recorded, when it is taken out of service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An interim measure on one incident: it closes nothing by itself, and keeps the lamp honest."""

    incident: int
    kind: MeasureKind
    done: datetime
    """When it was done, as the person says; aware."""
    said: str = ""
    who: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarm:
    """Somebody says that an alarm was none, and why; the reason goes to the register."""

    incident: int
    why: str
    who: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A door somebody accepts, for whom and until when.

    Raises:
        ValueError: `until` carries no time zone.
    """

    number: int
    """Counts up for the life of the store."""
    machine: str
    """MAC, lower case, or IP address where the MAC is not known."""
    port: int
    """Inside port."""
    source: str | None = None
    """A network as text; None: anybody."""
    until: datetime
    window: bool = False
    """A maintenance window: it closes itself, and a door still open a minute later is an alarm."""
    who: str
    why: str
    at: Moment
    from_file: bool = False
    """It stands in `sentinel.toml`; `at` is when this store first read it there."""

    def __post_init__(self) -> None:
        if self.until.tzinfo is None:
            raise ValueError("an acceptance ends in some time zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """An acceptance that does not hold any more."""

    number: int
    who: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One section of the settings, as somebody changed it on the page; it covers the file's."""

    section: str
    """A name from `settings.SECTIONS`."""
    value: str
    """JSON of the section's dataclass."""
    who: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """The monthly exercise: an alarm that says of itself that it is none."""

    who: str
    """Who asked for it; empty: the calendar."""
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOutcome:
    """How one attempt to tell one recipient ended."""

    notice: int
    """The number of the notice in the store."""
    arrived: bool
    """The recipient's server took it; whether somebody reads it nobody knows."""
    detail: str = ""
    """A short plain-English reason for the console; no address, no password, no patient."""
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document was made and lies in the papers' folder."""

    kind: PaperKind
    name: str
    """File name, without a folder."""
    sha256: str
    """Of the file, in hex."""
    incident: int = 0
    who: str
    at: Moment
