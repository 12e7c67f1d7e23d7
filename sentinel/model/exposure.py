"""What a stranger outside can open at the practice, as told by the echo, and when it could not be asked."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sentinel.model.moment import Address, Moment


class Reach(StrEnum):
    """What one knock met. Only OPEN accuses; nothing but a fresh proof acquits."""

    OPEN = "open"
    CLOSED = "closed"
    FILTERED = "filtered"
    UNREACHABLE = "unreachable"
    UNTESTED = "untested"
    UNKNOWN = "unknown"


class Why(StrEnum):
    """The reason behind a `Reach`, as the echo gives it."""

    SYNACK = "synack"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    ICMP_HOST = "icmp_host"
    ICMP_NET = "icmp_net"
    ICMP_ADMIN = "icmp_admin"
    OUT_OF_RANGE = "out_of_range"
    SHARED_ADDRESS = "shared_address"
    VANTAGE_BLOCKED = "vantage_blocked"
    VANTAGE_NO_ROUTE = "vantage_no_route"
    LIMIT = "limit"
    TIME = "time"
    POLICY = "policy"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What speaks at an open door, by the first words of its own protocol; never what it says."""

    DICOM = "dicom"
    HTTP = "http"
    TLS = "tls"
    SSH = "ssh"
    FTP = "ftp"
    RDP = "rdp"
    VNC = "vnc"
    SMB = "smb"
    TELNET = "telnet"
    SILENT = "silent"
    """It waits for the caller to speak."""
    CLOSES = "closes"
    RESETS = "resets"
    UNKNOWN = "unknown"
    """It speaks, in no words we know; or there was no time to listen."""


class Answer(StrEnum):
    """How a DICOM server answered a request for an association."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ABORTED = "aborted"


class Auth(StrEnum):
    """What a web page asks a visitor for, by its `WWW-Authenticate` header."""

    NONE = "none"
    BASIC = "basic"
    DIGEST = "digest"
    BEARER = "bearer"
    OTHER = "other"


class AfterProbe(StrEnum):
    """Whether the door still answered three seconds after it was asked who it is."""

    OPEN = "open"
    GONE = "gone"
    """The service stopped after our question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What answered at one open door, in fixed words only.

    No text of the other side is ever in here: not a banner, not a header, not a name in a certificate, not an
    implementation's own version. Whatever a server says of itself may be a patient's name.
    """

    kind: Kind
    tls: bool = False
    """It was spoken inside TLS."""
    answer: Answer | None = None
    """DICOM: the answer to our request for an association."""
    rejection: tuple[int, int, int] | None = None
    """DICOM: result, source and reason of an A-ASSOCIATE-RJ (PS3.8 section 9.3.4)."""
    status: int | None = None
    """Web: the HTTP status, 100-599."""
    auth: Auth | None = None
    product: str | None = None
    """A name from `services.PRODUCTS`, when the answer is that product's."""
    after_probe: AfterProbe | None = None
    """None: it was not asked who it is at this check, or nobody looked again."""


class Nature(StrEnum):
    """What a door leads to once it is known: each of these is red when strangers can open it."""

    IMAGING = "imaging"
    STORAGE = "storage"
    REMOTE = "remote"
    """Somebody's screen and keyboard."""


class CellVerdict(StrEnum):
    """What both witnesses together make of one cell; set by the sentinel, worst first."""

    EXPOSED = "exposed"
    OPEN_ALL = "open_all"
    """Open, but so are ports that nobody would open: something answers for everything."""
    CONTRADICTED = "contradicted"
    BOX_ANSWERS = "box_answers"
    """Open outside, and never seen inside on a proved mirror: the box itself answers."""
    DORMANT = "dormant"
    UNKNOWN = "unknown"
    NOT_OURS = "not_ours"
    """A door of a shared address that cannot lead to us: counts as closed, and is shown as what it is."""
    NOT_SEEN = "not_seen"
    EXPECTED = "expected"
    """A declared open door."""


class PortList(StrEnum):
    """Which ports a check asks about (`imaging_ports.csv`, column `check`)."""

    HOURLY = "hourly-v1"
    FULL = "imaging-v1"
    RETEST = "retest-v1"
    """No list at all: only doors the echo has reported open before, to prove that they were closed."""


class Outcome(StrEnum):
    """How one attempt to ask the echo ended. Everything but CHECKED means: unknown."""

    CHECKED = "checked"
    NO_ROUTE = "no_route"
    UNREACHABLE = "unreachable"
    """The echo could not be connected to, or went away."""
    LATE = "late"
    NOT_AN_ECHO = "not_an_echo"
    """Something answered, but not in the echo's words: a portal page, a proxy."""
    BAD_SIGNATURE = "bad_signature"
    NOT_OUR_QUESTION = "not_our_question"
    """Signed, but for another nonce, another key, another address: an old or foreign report."""
    NOT_PROVED = "not_proved"
    """The echo's own self-check was stale, a control failed, or part of the list went undialled."""
    TLS_INTERCEPTED = "tls_intercepted"
    QUOTA = "quota"
    REFUSED = "refused"
    """The echo declined: key unknown, address refused, opted out."""
    BUSY = "busy"
    NOT_OURS = "not_ours"
    """The address is shared with neighbours and no part of it is ours: nothing was asked."""
    ADDRESS_DOUBTFUL = "address_doubtful"
    """Another router stands before the box, and nobody has said whose the public address is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One announced knock: from where it will come and at which public door."""

    source: Address
    source_port: int
    target: Address
    target_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """The knocks an echo is about to make; posted before the echo may start, ahead of what they excuse."""

    check: str
    """The echo's name for this check."""
    echo: str
    """Key id of the echo."""
    probes: tuple[Probe, ...]
    opens: Moment
    """From here a SYN that matches a probe is our own."""
    lasts: timedelta
    """Until then; boot clock."""
    asks: tuple[Probe, ...] = ()
    """Connections that may also ask who answers: the only ones of ours that send anything."""
    mark: str = ""
    """The calling AE title of every DICOM question among them."""
    decoys: frozenset[int] = frozenset()
    """Those of its public ports that nobody would open: whoever hears them inside is sent everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One port of the practice, as seen from outside at one moment.

    Made by `reach` from the echo's signed report, and by nothing else.

    Raises:
        ValueError: the port is outside 1-65535.
    """

    check: str
    echo: str
    """Key id of the echo that knocked."""
    address: Address
    """Our public address, as the echo dialled it."""
    port: int
    """The public port, before the box renumbers it."""
    reach: Reach
    why: Why
    took: timedelta
    """From SYN to answer, by the echo's clock."""
    source: Address
    source_port: int
    at: Moment
    app: Application | None = None
    """What answered, when the echo asked; None: it did not."""
    open_all: bool = False
    """In the same check ports that nobody would open were open too, so that open alone accuses nobody."""

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise ValueError(f"port {self.port} is outside 1-65535")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachOutcome:
    """One attempt to ask an echo about one family, with its reason when nothing was learnt."""

    echo: str
    """Key id of the echo, or its host name while the key is unknown."""
    family: int
    """4 or 6."""
    ports: PortList
    outcome: Outcome
    asked: Moment
    """When the question left us: the age of what was proved counts from here."""
    at: Moment
    check: str | None = None
    address: Address | None = None
    """Our public address, when it was learnt."""
    tested: int = 0
    """Cells with a definite state."""
    decoys_open: bool = False
    """Ports that nobody would open answered: something answers for everything."""
    decoys_refused: bool = False
    """Every port that nobody would open was refused: somebody is awake there, and says no."""
    opened: frozenset[int] = frozenset()
    """Public ports found open."""
    control: bool = False
    """A door declared open was asked last and found open: whoever asked was not banned midway."""
    whole: bool = True
    """The address is ours alone; with False part of its ports are a neighbour's, and were not asked."""
    ahead: timedelta | None = None
    """Our wall clock minus the echo's, when it was learnt: the echo's signed time judges our clock."""
    retry: timedelta | None = None
    """How long the echo asks us to wait."""
    host: str = ""
    """The echo's name for people; empty in a recorded day."""
