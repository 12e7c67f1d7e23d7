"""Values for tests: each takes what the test is about and supplies the rest."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from sentinel.decode.frame import read_frame
from sentinel.model.box import BoxReading, Mapping, Reading, Transport
from sentinel.model.connection import (
    Association,
    Attempts,
    Connection,
    ConnectionState,
    Dicom,
    DicomService,
    Direction,
)
from sentinel.model.exposure import (
    Application,
    Exposure,
    Knock,
    Outcome,
    PortList,
    Probe,
    Reach,
    ReachOutcome,
    Why,
)
from sentinel.model.finding import Code, Finding, Grade, Level, Story, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.machine import Coverage, HostSighting, SeenBy
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import Network, Networks
from sentinel.model.packet import Flags, Segment

BOX_MAC, IMAGING_MAC, WORKSTATION_MAC = (f"02:00:00:00:00:{number:02x}" for number in (1, 66, 67))
STRANGER, STRANGER6 = ip_address("203.0.113.7"), ip_address("2001:db8:bad::7")
IMAGING, IMAGING6 = ip_address("192.168.1.66"), ip_address("2001:db8:1::66")
WORKSTATION = ip_address("192.168.1.67")
INSIDE = (ip_network("192.168.1.0/24"), ip_network("2001:db8:1::/64"))
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PATIENT = b"ZZTEST^UNMISTAKABLE^NEVERSTORE"
"""The one name of our images: nobody's, and easily searched for."""


def moment(seconds: float = 0) -> Moment:
    """So many seconds after the tests' Monday morning, on both clocks."""
    wall = START + timedelta(seconds=seconds)
    return Moment(wall=wall, boot=wall - datetime(1970, 1, 1, tzinfo=UTC))


def networks(*own: Network, box: tuple[Address, ...] = ()) -> Networks:
    """The practice's networks."""
    return Networks(own=own or INSIDE, box=box)


# -- DICOM -------------------------------------------------------------------------------------------------------

VERIFICATION, CT_IMAGE = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
STUDY_FIND, STUDY_MOVE, STUDY_GET = (f"1.2.840.10008.5.1.4.1.2.2.{number}" for number in (1, 2, 3))


def item(kind: int, body: bytes) -> bytes:
    """One item of an association PDU (PS3.8 section 9.3.2)."""
    return struct.pack("!BBH", kind, 0, len(body)) + body


def user_information(secret: bytes = b"") -> bytes:
    """Maximum length, implementation and, if given, a user identity with its password."""
    identity = item(0x58, b"\x02\x00" + struct.pack("!H", 4) + b"user" + struct.pack("!H", len(secret)) + secret)
    return item(0x50, item(0x51, b"\x00\x00\x40\x00") + item(0x52, b"1.2.3") + (identity if secret else b""))


def associate_rq(
    called: str | bytes = "ORTHANC",
    calling: str | bytes = "ZZSTRANGER",
    syntaxes: Iterable[str] = (VERIFICATION,),
    secret: bytes = b"",
    kind: int = 1,
) -> bytes:
    """An A-ASSOCIATE-RQ; with kind 2, the -AC that accepts all of it."""
    titles = b"".join(
        (title.encode() if isinstance(title, str) else title).ljust(16)[:16] for title in (called, calling)
    )
    transfer = item(0x40, b"1.2.840.10008.1.2")
    contexts = b"".join(
        item(0x20, bytes((2 * number + 1, 0, 0, 0)) + item(0x30, syntax.encode()) + transfer)
        if kind == 1
        else item(0x21, bytes((2 * number + 1, 0, 0, 0)) + transfer)
        for number, syntax in enumerate(syntaxes)
    )
    application = item(0x10, b"1.2.840.10008.3.1.1.1")
    body = b"\x00\x01\x00\x00" + titles + bytes(32) + application + contexts + user_information(secret)
    return struct.pack("!BBI", kind, 0, len(body)) + body


def associate_ac() -> bytes:
    """An A-ASSOCIATE-AC."""
    return associate_rq(kind=2)


def associate_rj(result: int = 1, source: int = 1, reason: int = 7) -> bytes:
    """An A-ASSOCIATE-RJ; by default: called AE title not recognised."""
    return bytes((3, 0, 0, 0, 0, 4, 0, result, source, reason))


ABORT = bytes((7, 0, 0, 0, 0, 4, 0, 0, 0, 0))
RELEASE_RQ, RELEASE_RP = bytes((5, 0, 0, 0, 0, 4, 0, 0, 0, 0)), bytes((6, 0, 0, 0, 0, 4, 0, 0, 0, 0))


def p_data(content: bytes = PATIENT) -> bytes:
    """A P-DATA-TF with one fragment of a data set."""
    return struct.pack("!BBIIBB", 4, 0, len(content) + 6, len(content) + 2, 1, 2) + content


# -- TCP ---------------------------------------------------------------------------------------------------------


class Word(NamedTuple):
    """One TCP segment of a talk."""

    from_client: bool
    flags: Flags
    seq: int
    ack: int
    payload: bytes | int
    """Its bytes, or only how many they are."""

    @property
    def length(self) -> int:
        return self.payload if isinstance(self.payload, int) else len(self.payload)


@dataclass(kw_only=True)
class Talk:
    """Two ends of one TCP connection, that count their sequence numbers as real ones do."""

    client: Address = STRANGER
    client_port: int = 40_000
    server: Address = IMAGING
    server_port: int = 4242
    client_isn: int = 1_000
    server_isn: int = 500_000

    def __post_init__(self) -> None:
        self._next = {True: self.client_isn, False: self.server_isn}

    def say(self, from_client: bool, flags: Flags, payload: bytes | int = b"", **other: int) -> Word:
        """One segment with the next sequence number; `seq` and `ack` may be given."""
        seq = other.get("seq", self._next[from_client]) % (1 << 32)
        ack = other.get("ack", self._next[not from_client] if Flags.ACK in flags else 0) % (1 << 32)
        word = Word(from_client, flags, seq, ack, payload)
        if "seq" not in other and Flags.RST not in flags:
            self._next[from_client] += word.length + bool(flags & (Flags.SYN | Flags.FIN))
        return word

    def syn(self) -> Word:
        return self.say(True, Flags.SYN)

    def syn_ack(self) -> Word:
        return self.say(False, Flags.SYN | Flags.ACK)

    def ack(self, from_client: bool = True) -> Word:
        return self.say(from_client, Flags.ACK)

    def handshake(self) -> list[Word]:
        return [self.syn(), self.syn_ack(), self.ack()]

    def asks(self, payload: bytes | int = 1) -> Word:
        """The client sends."""
        return self.say(True, Flags.PSH | Flags.ACK, payload)

    def answers(self, payload: bytes | int = 1) -> Word:
        """The server sends."""
        return self.say(False, Flags.PSH | Flags.ACK, payload)

    def fin(self, from_client: bool = True) -> Word:
        return self.say(from_client, Flags.FIN | Flags.ACK)

    def rst(self, from_client: bool = False, *, ack: bool = True) -> Word:
        return self.say(from_client, Flags.RST | Flags.ACK if ack else Flags.RST)

    def goodbye(self) -> list[Word]:
        """The client closes first."""
        return [self.fin(), self.fin(False), self.ack()]

    def segment(self, word: Word, seconds: float = 0) -> Segment:
        """As `decode` reads it: the payload is gone, an association's head is kept."""
        payload = word.payload if isinstance(word.payload, bytes) else b""
        read = read_frame(self.frame(word._replace(payload=payload)), moment(seconds))
        assert isinstance(read, Segment)
        return read._replace(length=word.length)

    def frame(self, word: Word, **shape: object) -> bytes:
        """As the wire carries it."""
        ends = ((self.client, self.client_port), (self.server, self.server_port))
        (source, source_port), (target, target_port) = ends if word.from_client else ends[::-1]
        assert isinstance(word.payload, bytes)
        shape = {"from_box": word.from_client, **shape}
        return tcp_frame(
            source, source_port, target, target_port, word.flags, word.payload, seq=word.seq, ack=word.ack, **shape
        )


def tcp_frame(
    source: Address,
    source_port: int,
    target: Address,
    target_port: int,
    flags: int,
    payload: bytes = b"",
    *,
    seq: int = 0,
    ack: int = 0,
    options: bytes = b"",
    **shape: object,
) -> bytes:
    """One TCP segment in one Ethernet frame; `shape` is what `ip_frame` takes."""
    offset = (20 + len(options)) // 4 << 4
    header = struct.pack("!HHIIBBHHH", source_port, target_port, seq, ack, offset, flags, 65_535, 0, 0)
    return ip_frame(source, target, header + options + payload, **shape)  # type: ignore[arg-type]


def ip_frame(
    source: Address,
    target: Address,
    payload: bytes,
    *,
    protocol: int = 6,
    tags: tuple[tuple[int, int], ...] = (),
    ip_options: bytes = b"",
    extensions: tuple[tuple[int, bytes], ...] = (),
    fragment: int = 0,
    from_box: bool = True,
    hops: int = 64,
) -> bytes:
    """An IP packet in one Ethernet frame.

    Args:
        tags: (protocol, VLAN), the outermost first.
        extensions: of IPv6: (number, content beyond the two first bytes, 6 modulo 8 long).
        fragment: of IPv4: the flags and offset field.
    """
    if source.version == 4:
        length = 20 + len(ip_options) + len(payload)
        first = 0x45 + len(ip_options) // 4
        packet = struct.pack("!BBHHHBBH", first, 0, length, 1, fragment, 64, protocol, 0)
        packet += source.packed + target.packed + ip_options + payload
    else:
        chain = b""
        for number, content in reversed(extensions):
            chain = bytes((protocol, len(content) // 8)) + content + chain
            protocol = number
        packet = struct.pack("!IHBB", 6 << 28, len(chain) + len(payload), protocol, hops)
        packet += source.packed + target.packed + chain + payload
    return ethernet(0x0800 if source.version == 4 else 0x86DD, packet, tags, from_box=from_box)


def ethernet(
    protocol: int, packet: bytes, tags: tuple[tuple[int, int], ...] = (), *, from_box: bool = True
) -> bytes:
    """From the box to the imaging server, or back."""
    macs = (IMAGING_MAC, BOX_MAC) if from_box else (BOX_MAC, IMAGING_MAC)
    tagging = b"".join(struct.pack("!HH", *tag) for tag in tags)
    return b"".join(map(mac_bytes, macs)) + tagging + struct.pack("!H", protocol) + packet


def mac_bytes(mac: str) -> bytes:
    """A hardware address as it stands in a frame."""
    return bytes.fromhex(mac.replace(":", ""))


# -- facts -------------------------------------------------------------------------------------------------------


def connection(
    *,
    serial: int = 1,
    source: Address = STRANGER,
    source_port: int = 40_000,
    target: Address = IMAGING,
    target_port: int = 4242,
    direction: Direction = Direction.INBOUND,
    state: ConnectionState = ConnectionState.CONNECTED,
    at: Moment | None = None,
    changed: Moment | None = None,
    bytes_in: int = 0,
    bytes_out: int = 0,
    dicom: Dicom | None = None,
) -> Connection:
    """A stranger at the imaging server."""
    opened = at or moment()
    return Connection(
        serial=serial,
        source=source,
        source_port=source_port,
        target=target,
        target_port=target_port,
        source_mac=BOX_MAC,
        target_mac=IMAGING_MAC,
        vlan=None,
        direction=direction,
        state=state,
        opened=opened,
        changed=changed or opened,
        bytes_in=bytes_in,
        bytes_out=bytes_out,
        dicom=dicom,
    )


def dicom(
    result: Association = Association.ACCEPTED, services: tuple[DicomService, ...] = (DicomService.VERIFICATION,)
) -> Dicom:
    """An association asked for by a stranger."""
    return Dicom(called="ORTHANC", calling="ZZSTRANGER", result=result, services=services)


def attempts(*, at: Moment | None = None, source_network: str = "203.0.113.0/24", **counts: object) -> Attempts:
    """A sum of strangers at the imaging server."""
    facts: dict[str, object] = {
        "source_network": source_network,
        "target": IMAGING,
        "target_port": 4242,
        "target_mac": IMAGING_MAC,
        "hour": START,
        "first": at or moment(),
        "last": at or moment(),
    }
    return Attempts(**{**facts, **counts})  # type: ignore[arg-type]


# -- seen from outside -------------------------------------------------------------------------------------------

ECHO, ECHO6 = ip_address("198.51.100.10"), ip_address("2001:db8:ec::10")
PUBLIC, PUBLIC6 = ip_address("25.0.0.2"), ip_address("2001:db8:1::2")
ECHO_PORT = 50_001
"""From where the echo of the tests knocks first; its next knocks come from the ports above."""


def _ends(family: int) -> tuple[Address, Address]:
    return (ECHO, PUBLIC) if family == 4 else (ECHO6, PUBLIC6)


def knock(
    *ports: int,
    check: str = "check-1",
    at: Moment | None = None,
    family: int = 4,
    echo: str = "echo-key",
    decoys: Iterable[int] = (),
) -> Knock:
    """The echo announces its knocks, for half a minute; each from a source port of its own."""
    source, target = _ends(family)
    return Knock(
        check=check,
        echo=echo,
        decoys=frozenset(decoys),
        probes=tuple(
            Probe(source=source, source_port=ECHO_PORT + n, target=target, target_port=port)
            for n, port in enumerate(ports or (4242,))
        ),
        opens=at or moment(),
        lasts=timedelta(seconds=30),
    )


def knock_heard(
    *,
    serial: int = 900,
    at: Moment | None = None,
    state: ConnectionState = ConnectionState.CLOSED,
    port: int = 4242,
    family: int = 4,
    source_port: int = ECHO_PORT,
    seen_from: Address | None = None,
) -> Connection:
    """An announced knock as the mirror saw it, at the imaging server."""
    source, _ = _ends(family)
    return connection(
        serial=serial,
        source=seen_from or source,
        source_port=source_port,
        target=IMAGING if family == 4 else IMAGING6,
        target_port=port,
        state=state,
        at=at or moment(1),
    )


def exposure(
    *,
    port: int = 4242,
    reach: Reach = Reach.OPEN,
    why: Why | None = None,
    took: float = 0.05,
    check: str = "check-1",
    at: Moment | None = None,
    family: int = 4,
    echo: str = "echo-key",
    app: Application | None = None,
    open_all: bool = False,
) -> Exposure:
    """One cell of the echo's report."""
    source, address = _ends(family)
    usual = {Reach.OPEN: Why.SYNACK, Reach.CLOSED: Why.REFUSED, Reach.FILTERED: Why.TIMEOUT}
    return Exposure(
        check=check,
        echo=echo,
        address=address,
        port=port,
        app=app,
        open_all=open_all,
        reach=reach,
        why=why or usual.get(reach, Why.UNKNOWN),
        took=timedelta(seconds=took),
        source=source,
        source_port=ECHO_PORT,
        at=at or moment(5),
    )


def outcome(
    result: Outcome = Outcome.CHECKED,
    *,
    ports: PortList = PortList.FULL,
    family: int = 4,
    asked: Moment | None = None,
    at: Moment | None = None,
    **more: object,
) -> ReachOutcome:
    """One attempt to ask the echo."""
    began = asked or at or moment()
    facts: dict[str, object] = {
        "echo": "echo-key",
        "family": family,
        "ports": ports,
        "outcome": result,
        "asked": began,
        "at": at or began,
        "check": "check-1",
        "address": _ends(family)[1],
        "tested": 48 if ports is PortList.FULL else 14,
        "ahead": timedelta(0),
    }
    return ReachOutcome(**{**facts, **more})  # type: ignore[arg-type]


# -- the box from inside -----------------------------------------------------------------------------------------


def mapping(outside_port: int = 11112, inside_port: int = 4242, **more: object) -> Mapping:
    """The box forwards a public port to the imaging server."""
    facts: dict[str, object] = {"transport": Transport.TCP, "machine": IMAGING, "text": "Viewer"}
    return Mapping(outside_port=outside_port, inside_port=inside_port, **{**facts, **more})  # type: ignore[arg-type]


def reading(*mappings: Mapping, at: Moment | None = None, **more: object) -> BoxReading:
    """The box told everything it has."""
    facts: dict[str, object] = {
        "reading": Reading.READ,
        "gateway": ip_address("192.168.1.1"),
        "igd": 1,
        "wan": PUBLIC,
        "mappings": mappings,
    }
    return BoxReading(at=at or moment(), **{**facts, **more})  # type: ignore[arg-type]


# -- the sentinel itself -----------------------------------------------------------------------------------------


def coverage(at: Moment | None = None, *, proof: Moment | None = None, **more: object) -> Coverage:
    """A capture with a card of its own; with `proof`, foreign frames were last seen then, both ways."""
    facts: dict[str, object] = {
        "interface": "mirror0",
        "carrier": True,
        "apart": True,
        "inward": proof,
        "outward": proof,
        "heard": at or moment(),
        "frames": 1_000,
        "dropped": 0,
        "undecodable": 0,
        "forgotten": 0,
        "unsent": 0,
        "at": at or moment(),
    }
    return Coverage(**{**facts, **more})  # type: ignore[arg-type]


def sighting(at: Moment | None = None, *, mac: str = IMAGING_MAC, address: Address = IMAGING) -> HostSighting:
    """The imaging server is alive."""
    return HostSighting(mac=mac, address=address, seen_by=SeenBy.ARP, at=at or moment())


DOOR = Story(kind=StoryKind.DOOR, about=IMAGING_MAC, port=4242, family=4)


def finding(code: Code = Code.STRANGER_CONNECTED, *, at: Moment | None = None, **more: object) -> Finding:
    """A stranger connected to the imaging server."""
    facts: dict[str, object] = {
        "code": code,
        "story": DOOR,
        "level": Level.ALARM,
        "at": at or moment(),
        "grade": Grade.CONNECTED,
        "source": STRANGER,
        "machine": IMAGING,
        "mac": IMAGING_MAC,
        "port": 4242,
    }
    return Finding(**{**facts, **more})  # type: ignore[arg-type]


def incident(number: int = 1, *, at: Moment | None = None, **more: object) -> Incident:
    """The story of that stranger."""
    facts: dict[str, object] = {
        "number": number,
        "story": DOOR,
        "code": Code.STRANGER_CONNECTED,
        "level": Level.ALARM,
        "grade": Grade.CONNECTED,
        "state": IncidentState.OPEN,
        "first": at or moment(),
        "last": at or moment(),
        "last_visit": at or moment(),
        "machine": IMAGING,
        "mac": IMAGING_MAC,
        "port": 4242,
        "count": 1,
        "sources": ((str(STRANGER), 1),),
    }
    return Incident(**{**facts, **more})  # type: ignore[arg-type]
