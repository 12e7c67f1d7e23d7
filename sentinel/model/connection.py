"""What the wire says of one TCP connection, and of the attempts too many to keep one by one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sentinel.model.moment import Address, Moment


class ConnectionState(StrEnum):
    """How far a connection came; it only ever moves down this list."""

    ATTEMPTED = "attempted"
    """A SYN, and nothing came back that we saw."""
    REFUSED = "refused"
    """The target said no (RST)."""
    ANSWERED = "answered"
    """SYN-ACK from the target: the door is open. A scanner stops here."""
    CONNECTED = "connected"
    """The client then sent data, FIN or RST+ACK: a real client, not a half-open scan."""
    CLOSED = "closed"
    """It was connected, and has ended."""


class Direction(StrEnum):
    """Between which sides of the practice's boundary a connection runs."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    FOREIGN = "foreign"
    """Neither end belongs to the practice."""


class DicomService(StrEnum):
    """What an association proposes to do, read from its presentation contexts (PS3.4 annexes B, C)."""

    VERIFICATION = "verification"
    STORE = "store"
    FIND = "find"
    GET = "get"
    MOVE = "move"
    OTHER = "other"


class Association(StrEnum):
    """How an association request was answered (PS3.8 section 9.3)."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ABORTED = "aborted"


class Label(StrEnum):
    """What is spoken on a connection, by its first bytes; it changes how a visit is told, never how grave it is.

    In the order of the kernel's numbers for them (`model.beginnings`): a new one comes last, and there is room for
    no more than seven. DICOM has none: it is told whole, by `Dicom`.
    """

    TLS = "tls"
    HTTP = "http"
    SSH = "ssh"
    RDP = "rdp"
    SMB = "smb"
    VNC = "vnc"
    MLLP = "mllp"
    """HL7 version 2: messages about patients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dicom:
    """What was read of a DICOM association: never anything after it (PS3.8 section 9.3.2)."""

    called: str
    """Called AE title, 16 characters at most, unpadded; empty when only an answer without it was seen."""
    calling: str
    """Calling AE title, 16 characters at most, unpadded; as `called`."""
    result: Association
    services: tuple[DicomService, ...] = ()
    """Proposed services, sorted, each once, as far as the first segment of the request shows them."""
    services_whole: bool = False
    """Nothing else was proposed: the list was seen to its end. Otherwise what was not seen may be a query."""
    rejection: tuple[int, int, int] | None = None
    """Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 table 9-21)."""
    request_size: int = 0
    """Bytes of the association request: what the client sent beyond them was a command. 0: it was not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One TCP connection or attempt; told again under the same serial each time it changes.

    Made by `tracking`, and by nothing else.
    """

    serial: int
    """Counts up within one run of the tracker; with the run it names the row."""
    source: Address
    source_port: int
    target: Address
    target_port: int
    source_mac: str | None
    """As seen on the mirror: for a stranger it is the box's."""
    target_mac: str | None
    vlan: int | None
    direction: Direction
    state: ConnectionState
    opened: Moment
    changed: Moment
    bytes_in: int = 0
    """TCP payload from source to target, from sequence numbers."""
    bytes_out: int = 0
    """TCP payload from target to source, from sequence numbers."""
    dicom: Dicom | None = None
    label: Label | None = None
    """What is spoken on it, where its first bytes were seen and tell."""
    hairpin: Address | None = None
    """The public address an inside machine called, when the box turned that very call back to the inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Connections summed because they came to nothing, or because they were too many for rows of their own.

    One fact for each (source network, target, port, hour); told again with higher counts.
    """

    source_network: str
    """The sources' /24 or /64, as text; 0.0.0.0/0 or ::/0 where a door had too many of them."""
    target: Address
    target_port: int
    target_mac: str | None
    hour: datetime
    """Start of the hour, aware UTC."""
    silent: int = 0
    """SYNs that nothing answered."""
    refused: int = 0
    answered: int = 0
    """Answered connections beyond the rows kept for this door in this hour."""
    connected: int = 0
    """Of the answered ones: those whose client then really spoke or closed."""
    bytes_in: int = 0
    bytes_out: int = 0
    first: Moment
    last: Moment
