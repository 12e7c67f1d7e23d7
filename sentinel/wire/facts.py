"""Facts on their way from `listen` to `watch`: numbered, resent until committed, refused when they do not decode.

A message is four bytes of length, big-endian, then JSON. Towards `watch`: `{"run", "number", "kind", "fact"}`;
back: `{"run", "acknowledged"}`, everything up to it being on disk.
"""

import socket
import struct
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from sentinel import codec
from sentinel.model.connection import Attempts, Connection
from sentinel.model.coverage import Coverage
from sentinel.model.exposure import Exposure, Knock, ReachOutcome
from sentinel.model.machine import HostSighting, Portrait, Sought, Uplink
from sentinel.wire.framing import Unframed, framed

Renewed = HostSighting | Sought | Portrait | Uplink | Coverage
"""Facts that are told anew all the time: the next one makes good for one that is lost."""
Sent = Connection | Attempts | Renewed | Knock | Exposure | ReachOutcome
"""What may cross. The last three come only from the player of a recorded day."""

KINDS: Final[dict[str, type]] = {
    "connection": Connection,
    "attempts": Attempts,
    "sighting": HostSighting,
    "sought": Sought,
    "portrait": Portrait,
    "uplink": Uplink,
    "coverage": Coverage,
    "knock": Knock,
    "exposure": Exposure,
    "outcome": ReachOutcome,
}
NAMES: Final = {kind: name for name, kind in KINDS.items()}
LARGEST: Final = 1 << 20
KEPT: Final = 10_000
AHEAD: Final = 1 << 18
"""Bytes taken from the outbox before the socket has room for them."""
_length = struct.Struct("!I")


class _Envelope(msgspec.Struct):
    run: str
    number: int
    kind: str
    fact: msgspec.Raw


class _Receipt(msgspec.Struct):
    run: str
    acknowledged: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """One fact with its place in its run."""

    run: str
    number: int
    fact: Sent


WORDS: Final = (
    b'"dicom":{"called":"","calling":"","result":"accepted","services":["find","store"],"services_whole":true,'
    b'"rejection":null,"request_size":205},"fact":{"source_network":"0.0.0.0/0","hour":":00:00Z","silent":0,'
    b'"refused":0,"answered":0,"connected":0,"first":{"wall":"","boot":"P1DT"},"last":{"wall":"20","boot":"P"}}}'
    b'","kind":"attempts","number":10,"run":"","kind":"connection","fact":{"serial":1,"source":"2001:db8:",'
    b'"source_port":4,"target":"192.168.1.","target_port":104,"source_mac":"","target_mac":"","vlan":null,'
    b'"direction":"inbound","state":"answered","opened":{"wall":"2026-0","boot":"P1DT"},"changed":{"wall":"2026-'
    b'0","boot":"P1DT"},"bytes_in":0,"bytes_out":0,"dicom":null,"label":null,"hairpin":null}}'
)
"""What most messages have in common (RFC 1950's dictionary, the commonest last): a fourth of a message remains."""


class Outbox:
    """What `listen` has sent and `watch` has not yet committed.

    Bounded: beyond `kept` the oldest is dropped and counted, and `Coverage` tells of it.
    """

    def __init__(self, run: str, kept: int = KEPT) -> None:
        self.unsent = 0
        self.last = 0
        """The number of the newest fact."""
        self.run = run
        self._kept = kept
        self._next = 1
        self._words = run.encode() + WORDS
        self._packing = zlib.compressobj(1, wbits=-zlib.MAX_WBITS, memLevel=5, zdict=self._words)
        self._waiting: OrderedDict[int, bytes] = OrderedDict()
        """Packed: a flood fills it, and would else make it the largest thing there is."""
        self._sums: dict[bytes, int] = {}
        """The number of the last word on each sum that waits."""

    def put(self, fact: Sent) -> bytes:
        """Number a fact and keep it until it is acknowledged; returns its message."""
        message = _message(self.run, self._next, fact)
        if not isinstance(fact, Renewed):  # a fresher one comes soon enough
            if isinstance(fact, Attempts):
                self._supersede(fact)
            if len(self._waiting) >= self._kept:
                self._waiting.popitem(last=False)
                self.unsent += 1
            self._waiting[self._next] = self._pack(message)
        self.last = self._next
        self._next += 1
        return message

    def _supersede(self, fact: Attempts) -> None:
        """A sum is told again with higher counts: its older word must not push a connection out."""
        key = b"%b %b %d %d" % (
            fact.source_network.encode(),
            fact.target.packed,
            fact.target_port,
            int(fact.hour.timestamp()),
        )
        self._waiting.pop(self._sums.pop(key, 0), None)
        if len(self._sums) >= self._kept:
            self._sums.clear()
        self._sums[key] = self._next

    def acknowledged(self, number: int) -> None:
        """Everything up to `number` is on disk."""
        while self._waiting and next(iter(self._waiting)) <= number:
            self._waiting.popitem(last=False)

    def after(self, number: int) -> Iterator[tuple[int, bytes]]:
        """Every message beyond `number` that is not yet acknowledged, oldest first, with its number."""
        return ((each, self._unpack(packed)) for each, packed in self._waiting.items() if each > number)

    def _pack(self, message: bytes) -> bytes:
        packing = self._packing.copy()
        return packing.compress(message) + packing.flush()

    def _unpack(self, packed: bytes) -> bytes:
        return zlib.decompressobj(wbits=-zlib.MAX_WBITS, zdict=self._words).decompress(packed)

    def keeps(self, number: int) -> bool:
        """Whether a message is kept until it is acknowledged."""
        return number in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)


def _message(run: str, number: int, fact: Sent) -> bytes:
    envelope = _Envelope(run, number, NAMES[type(fact)], msgspec.Raw(codec.encode(fact)))
    return framed(_length, msgspec.json.encode(envelope))


def receipt(run: str, number: int) -> bytes:
    """The message by which `watch` acknowledges."""
    return framed(_length, msgspec.json.encode(_Receipt(run, number)))


class Inbox:
    """Bytes of a stream to whole messages; what does not decode is counted, never guessed."""

    def __init__(self) -> None:
        self.refused = 0
        self._bodies = Unframed(_length, LARGEST)

    def parcels(self, data: bytes) -> Iterator[Parcel]:
        """The facts completed by these bytes.

        Raises:
            ValueError: the stream announces a message that cannot be one; it must be closed.
        """
        for body in self._bodies.take(data):
            try:
                envelope = msgspec.json.decode(body, type=_Envelope)
                fact: Sent = codec.decode(bytes(envelope.fact), KINDS[envelope.kind])
            except (ValueError, KeyError, RecursionError):
                self.refused += 1
                continue
            yield Parcel(envelope.run, envelope.number, fact)

    def receipts(self, data: bytes) -> Iterator[tuple[str, int]]:
        """The acknowledgements completed by these bytes.

        Raises:
            ValueError: something else came; the stream must be closed.
        """
        for body in self._bodies.take(data):
            read = codec.decode(body, _Receipt)
            yield read.run, read.acknowledged


class Sender:
    """The line from `listen` to `watch`: it may break and come back, and nothing sent is lost with it.

    It never blocks the capture: what the socket does not take at once stays in the outbox and goes later. On one
    line the numbers of what is kept only rise, so a `watch` that reads slowly is told everything once.
    """

    def __init__(self, path: str, outbox: Outbox) -> None:
        self._path = path
        self.outbox = outbox
        self._line: socket.socket | None = None
        self._rest = bytearray()
        self._told = 0
        """The last kept number that was put on this line."""
        self._inbox = Inbox()

    def send(self, fact: Sent) -> None:
        """Queue one fact. A report or a sighting overtakes nothing: behind a long queue it is left out, for a
        fresher one comes."""
        message = self.outbox.put(fact)
        if self._line is None or self.outbox.keeps(self.outbox.last):
            return
        self._load()
        if self._told == self.outbox.last:
            self._rest += message

    def flush(self) -> None:
        """Move what can be moved, both ways, without waiting."""
        if self._line is None:
            self._call()
        if self._line is None:
            return
        try:
            self._push(self._line)
            self._take(self._line)
        except (OSError, ValueError):
            self._hang_up()

    def _push(self, line: socket.socket) -> None:
        """Until the socket takes no more, or nothing is left."""
        while self._load() or self._rest:
            try:
                taken = line.send(self._rest)
            except BlockingIOError:
                return
            del self._rest[:taken]

    def _load(self) -> bool:
        """Put more of the outbox on the line; whether there was any."""
        if len(self._rest) >= AHEAD or self._told >= self.outbox.last:
            return False
        before = self._told
        for number, message in self.outbox.after(before):
            self._rest += message
            self._told = number
            if len(self._rest) >= AHEAD:
                break
        else:
            self._told = self.outbox.last
        return self._told > before

    def _take(self, line: socket.socket) -> None:
        try:
            data = line.recv(65_536)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionResetError
        for run, number in self._inbox.receipts(data):
            if run == self.outbox.run:  # a receipt for whoever was here before says nothing of our own numbers
                self.outbox.acknowledged(number)

    def _call(self) -> None:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.setblocking(False)  # also for the call itself: a `watch` that is stopped takes none
        try:
            line.connect(self._path)
        except OSError:
            line.close()
            return
        self._line = line
        self._inbox = Inbox()
        self._told = 0

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None
        self._rest.clear()

    def close(self) -> None:
        """Hang up for good."""
        self._hang_up()
