"""What the sentinel and the echo say to each other: messages, words and limits; signed they travel as `dsse`.

The only module of the echo that both sides share. Fields nobody knows are ignored; words nobody knows stay words,
and the reader turns them into "unknown".
"""

from base64 import urlsafe_b64encode
from secrets import token_bytes

from msgspec import field

from sentinel.dsse import Garbled, M, Message, decode
from sentinel.model.declared import Identify

VERSION = 1
PORT = 443
"""Where an echo listens unless its invitation says otherwise."""

ENROL = "application/vnd.sentinel-echo.enrol.v1+json"
ENROLLED = "application/vnd.sentinel-echo.enrolled.v1+json"
REQUEST = "application/vnd.sentinel-echo.request.v1+json"
PLAN = "application/vnd.sentinel-echo.plan.v1+json"
REPORT = "application/vnd.sentinel-echo.report.v1+json"
STREAM = "application/x-ndjson"

REQUEST_BYTES = 8 * 1024
REPORT_BYTES = 64 * 1024
"""Largest envelope, each way."""
CONNECT_S = 4.0
"""A shorter wait misses the answer for a machine that is off, which comes after 3.1 s."""
DICOM_S = 33.0
"""A server that looks up our reverse name in vain takes 15 s for the knock, and 15 s more before it reads what we
ask (DCMTK's storescp, measured; it serves one caller at a time). Less silence than this is not "no DICOM"."""
WEB_S = 6.0
"""For a page's headers, and for a TLS handshake."""
LISTEN_S = 2.0
"""How long to wait for a service that speaks first."""
CHECK_S = 25.0
"""After this the echo begins nothing more: no knock at the list, no question who answers."""
ANSWERS_S = 34.0
"""After this nobody's answer is waited for."""
AGAIN_S = 3.0
"""From the last question to the look whether the doors still answer."""
STOP_S = 42.0
"""After this the echo dials nothing at all: the last look and the declared doors fit between."""
WINDOW_MS = 44_000
"""How long the knocks of a plan may take, from the plan on: its caller says go at once."""
REPORT_WAIT_S = 48.0
"""How long a caller waits for the report, from go on."""
LAPSE_S = 20.0
"""A plan nobody says go to lapses."""
CHALLENGE_S = 60.0
PROGRESS_S = 2.0
FRESH_S = 7_200
"""An older self-check of the echo counts for nothing."""
EXTRA_PORTS = 16
"""Ports beyond the named list, declared doors included: in one check, and different ones in a day."""
ALL_PORTS = (0, 65535)
"""The port share of a public address that is nobody else's."""

ASK_PORTS = 3
"""Source ports announced for each door that may be asked."""
SELF = "self"
"""The only target: the address that asks."""
SELFTEST_OK = "ok"

STATUS = {
    "bad_request": 400,
    "bad_version": 400,
    "bad_signature": 401,
    "challenge_invalid": 401,
    "replay": 401,
    "key_unknown": 403,
    "target_refused": 403,
    "opted_out": 403,
    "tls_intercepted": 403,
    "address_changed": 409,
    "too_large": 413,
    "quota": 429,
    "target_busy": 429,
    "busy": 503,
    "not_ready": 503,
}
"""The words with which an echo declines, and their HTTP status."""


class OtherVersion(Garbled):
    """A message of another version of this protocol."""


class Enrol(Message, frozen=True):
    """A sentinel introduces itself, signed with the very key it brings."""

    v: int
    aud: str
    """The host of the invitation."""
    challenge: str
    code: str
    public_key: bytes


class Quota(Message, frozen=True):
    """How often one key may ask."""

    min_interval_s: int
    per_day: int
    max_extra_ports: int


class Enrolled(Message, frozen=True):
    """The echo's answer, signed with the key the invitation names."""

    v: int
    aud: str
    """Key id of the sentinel."""
    challenge: str
    keys: list[bytes]
    """The echo's public keys: the current one, then the next."""
    quota: Quota
    vantage: str


class Observed(Message, frozen=True):
    """From where the echo sees the caller come."""

    family: int
    addr: str
    port: int


class Vantage(Message, frozen=True):
    """The echo's own health, for the family of this connection."""

    id: str
    selftest: str
    """`ok`, `failed` or `stale`."""
    age_s: int
    blocked: list[int] = field(default_factory=list)
    """Ports its hoster filters: never dialled, and never proved."""


class Challenge(Message, frozen=True):
    """The first answer on a connection; unsigned, so only a hint."""

    v: int
    challenge: str
    observed: Observed
    server_time: str
    vantage: Vantage


class Target(Message, frozen=True):
    """What to knock at: `self`, and in this version nothing else."""

    addr: str


class Request(Message, frozen=True):
    """One question, for one family."""

    v: int
    aud: str
    challenge: str
    nonce: str
    family: int
    targets: list[Target]
    ports: str
    """Name of a port list."""
    tls_cert: str
    """SHA-256 of the certificate the sentinel saw, hex."""
    identify: str = Identify.NONE.value
    known: dict[str, str] = field(default_factory=dict)
    """Port, as text, to the kind that answered there before."""
    port_share: tuple[int, int] = ALL_PORTS
    extra_ports: list[int] = field(default_factory=list)
    expect_open: list[int] = field(default_factory=list)
    ledger_head: str = ""
    """SHA-256 of the last entry of the sentinel's ledger, hex: signed in the report with the echo's time."""
    version: str = ""
    """Of the sentinel's software, for the operator's list."""


class PlannedProbe(Message, frozen=True):
    """One announced knock."""

    from_: str = field(name="from")
    sport: int
    addr: str
    port: int


class PlannedAsk(Message, frozen=True):
    """One door that may be asked who it is, and the source ports from which that would come."""

    from_: str = field(name="from")
    port: int
    sports: list[int]
    """The first question, the second one where the first calls for it, and the look afterwards."""


class PlannedTarget(Message, frozen=True):
    """The address that will be dialled."""

    family: int
    addr: str


class Plan(Message, frozen=True):
    """What the echo is about to do; nothing is dialled before the caller says go."""

    v: int
    check: str
    nonce: str
    target: PlannedTarget
    probes: list[PlannedProbe]
    decoys: list[int]
    window_ms: int
    mark: str = ""
    """The calling AE title of every DICOM question of this check: `SNT` and 13 letters or digits of base32."""
    asks: list[PlannedAsk] = field(default_factory=list)
    """Connections that may send: only these, and none of a check that asked for no identification."""
    keys: list[bytes] = field(default_factory=list)
    """The echo's public keys, as in `Enrolled`: whoever trusts the signature learns the next one in time."""


class App(Message, frozen=True, omit_defaults=True):
    """What answered at an open door: `model.exposure.Application` in the protocol's words."""

    kind: str
    tls: bool = False
    assoc: str | None = None
    rejection: tuple[int, int, int] | None = None
    status: int | None = None
    auth: str | None = None
    product: str | None = None
    after_probe: str | None = None


class Cell(Message, frozen=True):
    """One knock and what it met."""

    addr: str
    port: int
    state: str
    why: str
    ms: float
    sport: int
    app: App | None = None


class Control(Message, frozen=True):
    """A knock that tests the test: a decoy, or a door declared open."""

    port: int
    state: str


class Report(Message, frozen=True):
    """What the echo saw; signed, so that it can be shown years later."""

    v: int
    check: str
    nonce: str
    aud: str
    """Key id of the sentinel that asked."""
    vantage: Vantage
    target: PlannedTarget
    began: str
    ended: str
    cells: list[Cell]
    decoys: list[Control]
    control: list[Control]
    ledger_head: str = ""
    """As it was sent."""


class Progress(Message, frozen=True):
    """One line of the stream before the report."""

    done: int
    of: int


class Refusal(Message, frozen=True):
    """Why the echo does not answer, in one word."""

    error: str
    retry_after_s: int | None = None


def token() -> str:
    """16 random bytes as text: a challenge, a nonce, the name of a check."""
    return urlsafe_b64encode(token_bytes(16)).rstrip(b"=").decode()


class _Versioned(Message, frozen=True):
    """The one field that is read before the others."""

    v: int


def read(body: bytes, wanted: type[M]) -> M:
    """A message of this version from verified bytes.

    Raises:
        OtherVersion: another version, whatever else is in it.
        Garbled: the bytes do not hold a `wanted`.
    """
    version = decode(body, _Versioned).v
    if version != VERSION:
        raise OtherVersion(f"version {version}")
    return decode(body, wanted)
