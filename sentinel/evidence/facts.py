"""What the papers are made of: plain values, gathered by `programs.gathering`, which knows the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sentinel import __version__
from sentinel.config import Practice
from sentinel.model import ledger
from sentinel.model.declared import View
from sentinel.model.exposure import Application, CellVerdict, Reach
from sentinel.model.finding import Code
from sentinel.model.incident import Chapter, Incident
from sentinel.text.points import Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Whose paper it is, who reads it, and when it was made."""

    practice: Practice
    audience: Audience
    """Its `now` is when the paper is made; machines are named."""
    view: View
    version: str = __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What one signed check from outside said of one public port."""

    check: str
    echo: str
    """The echo's name for people."""
    family: int
    at: datetime
    address: str
    port: int
    reach: Reach
    verdict: CellVerdict
    app: Application | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One connection from outside to the door in question; addresses stay text."""

    opened: datetime
    changed: datetime
    source: str
    source_port: int
    target: str
    target_port: int
    standing: str
    state: str
    bytes_in: int
    bytes_out: int
    called: str | None
    calling: str | None
    association: str | None
    request: str | None = None
    """`whole`, or `partial`: of what its association proposes not all was seen."""
    services: tuple[str, ...] = ()
    """What its association proposes, as far as it was seen: words of `DicomService`."""
    rejection: str | None = None
    """Result, source and reason of a rejected association (PS3.8 table 9-21), as 1/1/7."""
    label: str | None = None
    """What was spoken on it, where its first bytes told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything the store holds of one incident."""

    head: Letterhead
    incident: Incident
    chapters: tuple[Chapter, ...]
    proofs: tuple[Proof, ...]
    """Of the checks that asked about its public port, oldest first."""
    visits: tuple[Visit, ...]
    """Oldest first."""
    visits_in_all: int
    """More than `visits` where there are too many for one dossier."""
    summed: int
    """Connections and attempts of the same door that were too many for rows of their own."""
    installed: datetime | None
    """First thing this sentinel ever recorded; None: nothing."""
    product: str | None = None
    """The box's name, where an echo recognised it."""
    scanners: Mapping[str, str] = field(default_factory=dict)
    """Sources that are known research robots, and whose."""
    has_reports: bool = False
    """Signed answers of these checks were kept, and go with the dossier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some time for which nothing was proved, or not for every address."""

    begins: datetime
    ends: datetime
    why: str
    """A word of `Outcome` or of `Code`, or `off`, or `unasked`: as the journal tells a day's gaps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of a month, in the practice's own zone."""

    date: date
    told: ledger.Day | None
    """As the journal tells it; None: it tells nothing of it."""
    installed: bool = True
    """The sentinel was already there."""
    over: bool = True
    """It has ended: today still may be proved."""

    @property
    def is_proved(self) -> bool:
        """Checked from outside all day, over every family that is asked about, and never in doubt of a part."""
        return self.counts and self.told is not None and self.told.is_proved

    @property
    def is_partly(self) -> bool:
        """Checked to the end at least once, and not all day."""
        complete = self.told is not None and any(self.told.complete.values())
        return self.counts and complete and not self.is_proved

    @property
    def counts(self) -> bool:
        """Whether anything could be asked of this day."""
        return self.installed and self.over


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLine:
    """One door's story on the page of a month."""

    number: int
    code: Code
    machine: str
    port: int | None
    opened: datetime
    closed: datetime | None
    proved: bool
    """It ended by a proof of closing, not by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineLine:
    """One machine of the practice, and whether its passages can be seen."""

    name: str
    address: str
    watched: bool | None
    """None: nobody knows yet whether it passes the watched port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillLine:
    """One exercise."""

    at: datetime
    read: datetime | None = None
    read_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What one month proved."""

    head: Letterhead
    first: date
    days: tuple[Day, ...]
    gaps: tuple[Stretch, ...]
    """Longest first."""
    checks: int
    """Complete ones."""
    doors: int
    """Ports asked about in a complete check; 0: there was none."""
    stories: tuple[DoorLine, ...]
    drills: tuple[DrillLine, ...]
    repelled: int
    """Knocks nothing answered, and knocks that were refused."""
    answered: int
    """Knocks beyond the rows kept, that something did answer."""
    machines: tuple[MachineLine, ...]
    updates: tuple[tuple[str, datetime], ...] = ()
    """Versions that began to run in it, and when; one that came back is told twice."""
    shared: tuple[int, ...] = ()
    """Families whose public address is a neighbour's too: nobody can be sent to us there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLeft:
    """A door that is accepted, until when, and by whom."""

    machine: str
    port: int
    source: str
    """A network; empty: anybody."""
    until: date
    window: datetime | None = None
    """The hour at which it ends, where it is a maintenance window."""
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The last complete check by one echo over one family."""

    echo: str
    family: int
    at: datetime
    tested: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What is true at the end of an installation."""

    head: Letterhead
    who: str
    """Who asked for the certificate."""
    checks: tuple[Checked, ...]
    machines: tuple[MachineLine, ...]
    left: tuple[DoorLeft, ...]
    open_stories: tuple[DoorLine, ...]
    """Doors still told as open: a certificate names them, and hides none."""
    alarms: tuple[DoorLine, ...] = ()
    """Alarms that stand and are about no door, exercises aside."""
    drills: tuple[DrillLine, ...]
    fingerprint: str
    """SHA-256 of the page's own certificate, as browsers show it; empty: there is none."""
    stored_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What this sentinel has recorded, when it goes out of service."""

    head: Letterhead
    who: str
    installed: datetime | None
    checks: int
    days: int
    """Days with at least one complete check."""
    incidents: int
    alarms: int
    still_open: int
    registered: int
    """Entries of the register of breaches, art. 33(5)."""
    papers: int
    entries: int
    """Of the ledger."""
    head_hash: str
    """Of its last entry; empty: there is none."""
    anchored: datetime | None
    """When an echo last countersigned a head; None: never."""

    @property
    def served(self) -> timedelta:
        """From the first thing recorded to this page."""
        return self.head.audience.now - self.installed if self.installed else timedelta(0)
