"""What tshark says of the TCP connections in a file: counted from its fields, without a line of ours."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

FIELDS = (
    *("tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport"),
    *("tcp.seq_raw", "tcp.flags", "tcp.len"),
)
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
End = tuple[str, int]


@dataclass(frozen=True)
class Row:
    """One TCP segment."""

    stream: int
    source: End
    target: End
    seq: int
    flags: int
    length: int


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
    found = [_stream(list(each)) for _, each in groupby(rows, key=lambda row: row.stream)]
    return [_ended(each, found[place + 1 :]) for place, each in enumerate(found)]


def _ended(stream: Stream, later: list[Stream]) -> Stream:
    """Whose ports are used again has ended, though nobody saw it."""
    used_again = any({stream.client, stream.server} == {each.client, each.server} for each in later)
    return replace(stream, state="closed") if used_again and stream.state == "connected" else stream


def _rows(path: Path) -> Iterable[Row]:
    fields = [word for field in FIELDS for word in ("-e", field)]
    options = ["-o", "tcp.relative_sequence_numbers:FALSE", "-E", "separator=;", "-E", "occurrence=f"]
    command = ["tshark", "-n", "-r", str(path), "-Y", "tcp.flags", "-T", "fields", *fields, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    for line in done.stdout.splitlines():
        stream, s4, s6, source, t4, t6, target, seq, flags, length = line.split(";")
        yield Row(
            int(stream),
            (s4 or s6, int(source)),
            (t4 or t6, int(target)),
            int(seq),
            int(flags, 16),
            int(length or 0),
        )


def _stream(rows: list[Row]) -> Stream:
    client, server = _ends(rows)
    sent = {end: [row for row in rows if row.source == end] for end in (client, server)}
    return Stream(client, server, _unique(sent[client]), _unique(sent[server]), _state(sent[client], sent[server]))


def _ends(rows: list[Row]) -> tuple[End, End]:
    """Whoever sent the SYN; else whoever got the SYN-ACK; else whoever has the higher port."""
    for wanted in (SYN, SYN | ACK):
        for row in rows:
            if row.flags & (SYN | ACK) == wanted:
                return (row.source, row.target) if wanted == SYN else (row.target, row.source)
    ends = sorted((rows[0].source, rows[0].target), key=lambda end: -end[1])
    return ends[0], ends[1]


def _unique(rows: list[Row]) -> int:
    """Payload bytes, each sequence number once; what a SYN or RST carries is none."""
    rows = [row for row in rows if row.length and not row.flags & (SYN | RST)]
    if not rows:
        return 0
    base = rows[0].seq - (1 << 31)
    spans = sorted(((row.seq - base) % (1 << 32), row.length) for row in rows)
    total = reached = 0
    for start, length in spans:
        total += max(0, start + length - max(start, reached))
        reached = max(reached, start + length)
    return total


def _state(client: list[Row], server: list[Row]) -> str:
    answered = any(row.flags & SYN or row.length or row.flags & FIN for row in server)
    if not answered:
        return "refused" if any(row.flags & RST for row in server) else "attempted"
    spoke = any(row.length or row.flags & FIN or row.flags & (RST | ACK) == RST | ACK for row in client)
    if not spoke:
        return "answered"
    reset = any(row.flags & RST for row in (*client, *server))
    finished = all(any(row.flags & FIN for row in rows) for rows in (client, server))
    return "closed" if reset or finished else "connected"
