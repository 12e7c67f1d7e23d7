"""One TCP connection while it is being followed."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypedDict

from sentinel.model.connection import Association, Connection, ConnectionState, Dicom, Direction, Label
from sentinel.model.moment import Address, Moment, unpacked
from sentinel.model.packet import AssociationHead, Flags, Segment, source_of, target_of, written

FIN, ACK = int(Flags.FIN), int(Flags.ACK)  # as plain numbers: an enumeration takes ten times as long
HALF = 1 << 31
MODULUS = 1 << 32
FAR = 1 << 30
"""A sequence number this far from where its side stands belongs to something else."""
AHEAD = 1 << 16
"""Bytes a client may have on the way, and its FIN behind them, when its server says goodbye as well."""
UNHEARD = 1 << 16
"""Bytes of a server that its client may acknowledge before we know of them: one blind guess in 65,536 fits."""


@dataclass(slots=True, kw_only=True)
class Side:
    """One end's bytes, by sequence number (RFC 9293 section 3.4)."""

    first: int | None = None
    """Sequence number of its first payload byte, once known."""
    sent: int = 0
    """Payload bytes up to the furthest one seen or acknowledged; 4 GiB wraps are unwound."""
    fin: int | None = None
    """Where its FIN stands, counted as `sent` is."""
    is_trusted: bool = False
    """Its FIN is one. A stranger's may be forged: so far away, or so old, that the other end takes no notice."""

    @property
    def finished(self) -> bool:
        """It has sent all: a FIN was seen, and nothing behind it. A forged one is overtaken by what follows."""
        return self.fin is not None and self.sent <= self.fin

    def offset(self, seq: int) -> int:
        """How far `seq` stands behind the first payload byte, on the turn of the counter nearest to `sent`."""
        near = (seq - (self.first or 0) - self.sent + HALF) % MODULUS - HALF
        return self.sent + near

    def begins(self, seq: int) -> None:
        """Its first payload byte is number `seq`; bytes that overtook its SYN stay counted."""
        overtook = 0 if self.first is None else (self.first + self.sent - seq) % MODULUS
        self.first, self.sent, self.fin = seq, overtook if overtook < FAR else 0, None

    def reaches(self, seq: int) -> None:
        """A byte before `seq` exists."""
        self.sent = max(self.sent, self.offset(seq))

    def finish(self, seq: int) -> None:
        """Its FIN stands at `seq`, unless that is far from here.

        In the middle of what it has sent it ends nothing by itself: its peer may `settle` which was forged.
        An acknowledgement that passed first has counted that FIN as a byte.
        """
        end = self.offset(seq)
        is_unlikely = abs(end - self.sent) >= FAR or (self.finished and end < self.sent)
        if end < 0 or (is_unlikely and not self.is_trusted):
            return
        if self.is_trusted or end >= self.sent or (self.sent > 0 and end - self.sent == -1):
            self.sent = end
        self.fin = end

    def settle(self, seq: int) -> None:
        """The peer says goodbye and has had all before `seq`; what is on its way will be seen again by its FIN."""
        taken = self.offset(seq)
        if self.fin is not None and taken == self.fin + 1:
            self.sent = self.fin
        elif 0 <= taken < self.sent - (AHEAD if self.finished else 0):
            self.sent, self.fin = taken, None

    def is_acknowledged(self, seq: int) -> None:
        """All before `seq` exists, by whoever says so: the only count there is while data stays in the kernel."""
        reached = self.offset(seq)
        is_end = self.finished and (self.is_trusted or reached - 1 == self.fin)
        if 0 <= reached - self.sent < FAR and not is_end:
            self.sent = reached


class Rank(IntEnum):
    """What a flow is worth where there is no room for all."""

    TRIED = 0
    """Nothing of ours has spoken: a stranger may make as many as he likes."""
    OVER = 1
    ANSWERED = 2
    REAL = 3
    """Its client is one that the server knows."""


RANKS: Final = {
    ConnectionState.ATTEMPTED: Rank.TRIED,
    ConnectionState.REFUSED: Rank.OVER,
    ConnectionState.ANSWERED: Rank.ANSWERED,
    ConnectionState.CONNECTED: Rank.REAL,
    ConnectionState.CLOSED: Rank.OVER,
}


@dataclass(slots=True, kw_only=True, eq=False)
class Flow:
    """What is remembered of one connection; the client is whoever began it."""

    serial: int
    way: bytes
    """Of the client's packets (`Segment.way`)."""
    back: bytes
    """Of the server's."""
    macs: bytes
    """Of the server and of the client, 6 bytes each, as the client's packets carry them."""
    vlan: int | None
    direction: Direction
    opened: Moment
    changed: Moment
    state: ConnectionState = ConnectionState.ATTEMPTED
    client: Side
    server: Side
    dicom: Dicom | None = None
    label: Label | None = None
    hairpin: Address | None = None
    seen: Moment
    """When its last segment passed."""
    is_opened: bool = False
    """Its SYN was seen: who the client is, is known and not guessed."""
    is_numbered: bool = False
    """And that SYN was read, so that its first number is not guessed either."""
    is_shaken: bool = False
    """The server's SYN-ACK was seen: its first sequence number is known, not guessed."""
    heard: int | None = None
    """What the client acknowledged when it last sent data, FIN or RST; None while it has said nothing."""
    is_believed: bool = False
    """The server has acknowledged bytes of the client, as it does only for one that finished the handshake."""
    answer: AssociationHead | None = None
    """Of an association request that was not seen; it proves none by itself."""
    told: int = 0
    """Payload bytes of both sides when it was last told."""
    over: bool = False
    """Nothing more is expected; kept a while so that a late copy does not look new."""
    is_doubted: bool = False
    """It may go on though it is over: by its client's word alone, which the server need not believe (RFC 5961,
    section 3), or because nothing was heard of it since its server said goodbye."""
    is_weighed: bool = False
    """Whether its SYN was missing was told."""
    filed: Rank | None = None
    """Where the table keeps it."""

    @property
    def rank(self) -> Rank:
        """As it stands now."""
        if self.over:
            return Rank.OVER
        return RANKS[self.state]

    def count(self, segment: Segment, own: Side, peer: Side) -> None:
        """Move both sides' byte counts; a segment far outside the window says nothing."""
        if own.first is None:
            own.first = segment.seq
        end = (segment.seq + segment.length) % MODULUS
        if not segment.length:
            own.is_acknowledged(end)
        elif abs(own.offset(end) - own.sent) < FAR:
            own.reaches(end)
        if segment.flags & FIN:
            own.finish(end)
        believed = peer is self.client or self.state in (ConnectionState.CONNECTED, ConnectionState.CLOSED)
        if segment.flags & ACK and peer.first is not None and believed:
            peer.is_acknowledged(segment.ack)

    def fact(self) -> Connection:
        """The connection as it stands."""
        return Connection(
            serial=self.serial,
            **ends(self.way, self.macs),
            vlan=self.vlan,
            direction=self.direction,
            state=self.state,
            opened=self.opened,
            changed=self.changed,
            bytes_in=self.client.sent,
            bytes_out=self.server.sent,
            dicom=self.dicom,
            label=self.label,
            hairpin=self.hairpin,
        )

    def note_belief(self, ack: int) -> None:
        """The server acknowledges up to here; on a mirror of one direction, that is all there is of the client."""
        if self.client.first is not None and 0 < (ack - self.client.first) % MODULUS < FAR:
            self.is_believed = True

    @property
    def is_real(self) -> bool:
        """Both ends were heard, and the client knows what the server said.

        A stranger can send data to a closed door, or with a forged address: only one who received the
        SYN-ACK can acknowledge it, and only whom the server believed is acknowledged.
        """
        if self.is_believed or self.heard is None:
            return self.is_believed
        return not self.is_shaken or 0 <= self.server.offset(self.heard) < self.server.sent + UNHEARD

    @property
    def is_associated(self) -> bool:
        """An association was accepted on it."""
        return self.dicom is not None and self.dicom.result is Association.ACCEPTED


class Ends(TypedDict):
    """Who a connection is between, as its fact says it."""

    source: Address
    source_port: int
    target: Address
    target_port: int
    source_mac: str | None
    target_mac: str | None


def ends(way: bytes, macs: bytes) -> Ends:
    """From the client's packets."""
    return Ends(
        source=unpacked(source_of(way)),
        source_port=int.from_bytes(way[-4:-2], "big"),
        target=unpacked(target_of(way)),
        target_port=int.from_bytes(way[-2:], "big"),
        source_mac=written(macs[6:]),
        target_mac=written(macs[:6]),
    )
