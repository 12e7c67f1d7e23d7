"""What tshark says of the TCP connections in a file: counted from its fields, without a line of ours."""

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

FIELDS = (
    *("tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport"),
    *("tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.len"),
)
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
AHEAD = 1 << 16
"""A SYN-ACK may acknowledge as much beyond the SYN: what the SYN carried (RFC 7413)."""
End = tuple[str, int]


@dataclass(frozen=True)
class Row:
    """One TCP segment."""

    stream: int
    source: End
    target: End
    seq: int
    ack: int
    flags: int
    length: int

    def has(self, flags: int) -> bool:
        """Every one of these."""
        return self.flags & flags == flags


@dataclass(frozen=True)
class Stream:
    """One connection."""

    client: End
    server: End
    bytes_in: int
    bytes_out: int
    state: str


def streams(path: Path) -> list[Stream]:
    """Every connection of the file, in the order of its first frame."""
    rows = sorted(_rows(path), key=lambda row: row.stream)  # a stable sort: frames stay in order
    found = [_stream(part) for _, each in groupby(rows, key=lambda row: row.stream) for part in _parts(each)]
    return [_ended(each, found[place + 1 :]) for place, each in enumerate(found)]


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """One, but where a SYN-ACK answers another SYN than the one that was seen: tshark waits for the SYN itself."""
    part: list[Row] = []
    begins: dict[End, int] = {}
    for row in rows:
        if row.has(SYN | ACK):
            if (row.ack - begins.setdefault(row.target, row.ack)) % (1 << 32) >= AHEAD:
                yield part
                part, begins = [], {row.target: row.ack}
        elif row.has(SYN):
            begins.setdefault(row.source, row.seq + 1)
        part.append(row)
    yield part


def _ended(stream: Stream, later: list[Stream]) -> Stream:
    """Whose ports are used again has ended, though nobody saw it; a SYN without answer uses nothing."""
    used_again = any(
        {stream.client, stream.server} == {each.client, each.server} and each.state != "attempted"
        for each in later
    )
    return replace(stream, state="closed") if used_again and stream.state == "connected" else stream


def _rows(path: Path) -> Iterable[Row]:
    fields = [word for field in FIELDS for word in ("-e", field)]
    options = ["-o", "tcp.relative_sequence_numbers:FALSE", "-E", "separator=;", "-E", "occurrence=f"]
    command = ["tshark", "-n", "-r", str(path), "-Y", "tcp.flags", "-T", "fields", *fields, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    for line in done.stdout.splitlines():
        stream, s4, s6, source, t4, t6, target, seq, ack, flags, length = line.split(";")
        yield Row(
            int(stream),
            (s4 or s6, int(source)),
            (t4 or t6, int(target)),
            int(seq),
            int(ack or 0),
            int(flags, 16),
            int(length or 0),
        )


def _stream(rows: list[Row]) -> Stream:
    client, server = _ends(rows)
    asked, answered = ([row for row in rows if row.source == end] for end in (client, server))
    bytes_out = _bytes(answered, asked) if answered else 0  # a client alone may acknowledge what it likes
    state = _state(asked, answered)
    return Stream(client, server, _bytes(asked, answered), bytes_out, state)


def _ends(rows: list[Row]) -> tuple[End, End]:
    """Whoever sent the SYN; else whoever got the SYN-ACK; else whoever has the higher port."""
    for wanted in (SYN, SYN | ACK):
        for row in rows:
            if row.flags & (SYN | ACK) == wanted:
                return (row.source, row.target) if wanted == SYN else (row.target, row.source)
    ends = sorted((rows[0].source, rows[0].target), key=lambda end: -end[1])
    return ends[0], ends[1]


def _bytes(own: list[Row], peer: list[Row]) -> int:
    """Payload bytes up to where its FIN stands, else to the furthest that was sent or acknowledged.

    RFC 9293 section 3.4; where a reset stands need not be true, and its text is no payload (section 3.5.3); what a
    SYN carries counts if it was taken.
    """
    own = [row for row in own if not row.has(RST)]
    taken = [row.ack for row in peer if row.has(ACK)]
    begins = _begins(own, peer)
    furthest = 0
    for row in own:
        furthest = max(furthest, _nearest(furthest, _behind(row) - begins))
        if row.has(FIN):
            return _nearest(furthest, _behind(row) - begins)
    return max([furthest, *(_nearest(furthest, number - begins) for number in taken)])


def _begins(own: list[Row], peer: list[Row]) -> int:
    """The number of its first byte: behind its SYN; as a SYN-ACK names it; else the lowest that is known."""
    for row in own:
        if row.has(SYN):
            return row.seq + 1
    for row in peer:
        if row.has(SYN | ACK):
            return row.ack
    numbers = [row.seq for row in own] or [row.ack for row in peer if row.has(ACK)] or [0]
    return numbers[0] + min(_nearest(0, number - numbers[0]) for number in numbers)


def _behind(row: Row) -> int:
    """The number of the byte after its last; a SYN's own data waits until it is acknowledged."""
    return row.seq + 1 if row.has(SYN) else row.seq + row.length


def _nearest(to: int, number: int) -> int:
    """Of all the numbers that 32 bits leave open, the one nearest to where we are."""
    return to + (number - to + (1 << 31)) % (1 << 32) - (1 << 31)


def _state(client: list[Row], server: list[Row]) -> str:
    answered = any(row.has(SYN) or row.length or row.has(FIN) for row in server)
    if not answered:
        return "refused" if any(row.has(RST) for row in server) else "attempted"
    if not _spoke(client, server):
        return "answered"
    reset = any(row.has(RST) for row in (*client, *server))
    finished = all(any(row.has(FIN) for row in rows) for rows in (client, server))
    return "closed" if reset or finished else "connected"


def _spoke(client: list[Row], server: list[Row]) -> bool:
    """Data, FIN or an acknowledging reset; or the server, heard alone, has acknowledged what the client said."""
    if client:
        return any(row.length or row.has(FIN) or row.has(RST | ACK) for row in client)
    return _bytes(client, server) > 0
